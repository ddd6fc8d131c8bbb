import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DrainModel, timeoutSeconds } from './model.ts';

const pods = fc.array(
  fc.record({ bound: fc.boolean(), running: fc.boolean(), ready: fc.boolean(), busy: fc.nat(2) }),
  { maxLength: 8 },
);

type Event =
  | { readonly kind: 'begin' | 'finish' | 'flap' | 'want' | 'die'; readonly number: number }
  | { readonly kind: 'leaderless' | 'dryRun' | 'busyFor'; readonly seconds: number }
  | { readonly kind: 'pass' | 'redis' };

const events = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.constant<Event>({ kind: 'pass' }) },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constantFrom('begin', 'finish', 'flap', 'want', 'die'),
        number: fc.nat(8),
      }),
    },
    { weight: 1, arbitrary: fc.constant<Event>({ kind: 'redis' }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom('leaderless', 'dryRun', 'busyFor'),
        seconds: fc.constantFrom(1, 10, 30, 59, 80, 100, 150),
      }),
    },
  ),
  { maxLength: 80, size: 'max' },
);

/** Plays events, a step each; `passed` sees what every pass planned. */
function play(model: DrainModel, script: readonly Event[], passed: (model: DrainModel) => void): void {
  for (const event of script) {
    model.step();
    switch (event.kind) {
      case 'begin':
        model.begin(event.number);
        break;
      case 'finish':
        model.finish(event.number);
        break;
      case 'flap':
        model.flap(event.number);
        break;
      case 'want':
        model.wanted = event.number;
        break;
      case 'redis':
        model.redisUp = !model.redisUp;
        break;
      case 'leaderless':
        model.leaderless(event.seconds);
        break;
      case 'dryRun':
        model.dryRun(event.seconds);
        break;
      case 'busyFor':
        model.busyFor(event.seconds);
        break;
      case 'die':
        model.pass(event.number);
        model.replicaSet();
        break;
      case 'pass':
        passed(model);
        model.replicaSet();
    }
    assert.deepEqual(model.interrupted, []);
  }
}

test('no busy pod is deleted before its time, wherever the controller dies and whatever the Redis does', () => {
  fc.assert(
    fc.property(pods, events, (given, script) => {
      play(new DrainModel(given), script, (model) => model.pass());
    }),
    { numRuns: 2_000 },
  );
});

test('a drain ends when the workers end, from wherever it was left', () => {
  fc.assert(
    fc.property(pods, events, fc.nat(8), (given, script, wanted) => {
      const model = new DrainModel(given);
      play(model, script, () => model.pass());
      model.redisUp = true;
      model.wanted = wanted;
      for (let step = 0; step < 80; step += 1) {
        model.step();
        model.finishAll();
        model.pass();
        model.replicaSet();
      }
      assert.deepEqual([model.replicas, model.pods.length, model.notes], [wanted, wanted, 0]);
      assert.deepEqual(model.interrupted, []);
      assert.deepEqual(model.pass(), [], 'nothing is left to do');
    }),
    { numRuns: 1_000 },
  );
});

test('a drain ends by its timeout where a worker never ends and nobody can be asked', () => {
  fc.assert(
    fc.property(pods, fc.nat(8), fc.boolean(), (given, wanted, redisUp) => {
      const model = new DrainModel(given);
      model.redisUp = redisUp;
      model.wanted = wanted;
      for (let step = 0; step < (timeoutSeconds + 20) * 4; step += 1) {
        model.step();
        model.pass();
        model.replicaSet();
      }
      assert.deepEqual([model.replicas, model.pods.length], [wanted, wanted]);
    }),
    { numRuns: 100 },
  );
});

test('pods that drain are taken back before others are created', () => {
  fc.assert(
    fc.property(pods, events, fc.nat(12), (given, script, wanted) => {
      const model = new DrainModel(given);
      play(model, script, () => model.pass());
      model.wanted = wanted;
      const writes = model.pass();
      const grows = writes.findIndex((write) => write.kind === 'ScaleCompanion' && write.to > write.from);
      if (grows === -1) return;
      assert.equal(model.notes, 0, 'nobody drains while others are created');
      const after = writes.slice(grows).filter(({ kind }) => kind === 'SetDrain');
      assert.deepEqual(after, []);
    }),
    { numRuns: 500 },
  );
});
