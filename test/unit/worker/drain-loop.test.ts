import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DrainLoop, type Taker } from '../../../src/worker/drain-loop.ts';
import { HandTaker } from '../../../src/worker/hand-taker.ts';
import { baseOfKey, reportScript } from '../../../src/worker/protocol.ts';
import { drainable, drainSignal } from '../../../src/worker/index.ts';
import { bullmqOn, eventually, sceneFor } from './scene.ts';

/** A loop whose Redis is a function, with little patience. */
function loopWith(t: { after(run: () => Promise<void>): void }, answer: (state: string) => Promise<unknown>) {
  const taker: Taker & HandTaker = new HandTaker();
  const said: string[] = [];
  const loop = new DrainLoop(
    taker,
    async () =>
      (_keys, [, state = '']) =>
        answer(state),
    {
      pod: 'a',
      base: 'bull:q:spillway:',
      intervalMs: 20,
      answerWithinMs: 50,
      countsMs: 300,
      log: (message) => said.push(message),
    },
  );
  t.after(() => loop.end());
  void loop.run();
  return { loop, taker, said };
}

for (const [what, leftMs, leastMs] of [
  ['its mark has expired', 600, 560],
  ['its word counts no more', 60, 280],
] as const) {
  test(`a worker that cannot hear stays as it is until ${what}, then works on`, async (t) => {
    let isAway = false;
    const { loop, taker, said } = loopWith(t, async () => {
      if (isAway) throw new Error('Connection is closed.');
      return [Date.now(), 'm1', leftMs];
    });
    await eventually(() => loop.state === 'drained');
    isAway = true;
    const awayAtMs = performance.now();
    await eventually(() => loop.state === 'working');
    const stayedMs = performance.now() - awayAtMs;
    assert.ok(stayedMs >= leastMs, `${stayedMs} ms`);
    assert.equal(taker.mayTake, true);
    assert.deepEqual(said, ['Spillway: a cannot be drained while Redis is not heard: it does not answer.']);
  });
}

test('while an answer is waited for, nothing else is sent', async (t) => {
  let calls = 0;
  const { loop, taker } = loopWith(t, () => {
    calls += 1;
    return new Promise(() => undefined);
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(calls, 1);
  assert.equal(loop.state, 'working');
  assert.equal(taker.mayTake, true);
});

test('a worker that has said drained takes no job before something else is written', async (t) => {
  const states: string[] = [];
  let mark = 'm1';
  let mightTake: boolean | undefined;
  const { loop, taker } = loopWith(t, async (state) => {
    if (states.at(-1) !== state) states.push(state);
    if (state === 'working' && states.includes('drained')) mightTake ??= taker.mayTake;
    return [Date.now(), mark, mark === '' ? 0 : 60_000];
  });
  await eventually(() => states.at(-1) === 'drained');
  mark = '';
  await eventually(() => loop.state === 'working');
  assert.deepEqual(states, ['working', 'drained', 'working']);
  assert.equal(mightTake, false);
  assert.equal(taker.mayTake, true);
});

test('a report that comes too late is not written', async (t) => {
  const scene = await sceneFor(t);
  const base = 'bull:late:spillway:';
  const [seconds] = await scene.client.time();
  const past = String(Number(seconds) * 1_000 - 10);
  await scene.client.eval(reportScript, 2, `${base}marks`, `${base}workers`, 'b', 'drained', 'm1', '0', past);
  assert.equal(await scene.report(base, 'b'), undefined);
  const later = String((Number(seconds) + 60) * 1_000);
  await scene.client.eval(
    reportScript,
    2,
    `${base}marks`,
    `${base}workers`,
    'b',
    'drained',
    'm1',
    '0',
    later,
  );
  assert.equal((await scene.report(base, 'b'))?.state, 'drained');
});

test('Redis is lost with all its data in the middle of a drain: the worker works on, is heard again and can be drained', {
  timeout: 20_000,
}, async (t) => {
  const scene = await sceneFor(t);
  const { queue, base, worker } = bullmqOn(scene, 'restart');
  let runs = 0;
  const one = worker('a', async () => (runs += 1), { drainDelay: 1, runRetryDelay: 100 });
  const handle = drainable(one, { intervalMs: 50, signals: false, log: () => undefined });
  await scene.mark(base, 'a');
  await scene.reported(base, 'a', ({ state }) => state === 'drained');
  await scene.redis.restart();
  await scene.reported(base, 'a', ({ state }) => state === 'working');
  await eventually(() => handle.state === 'working');
  await queue.add('job', {});
  await eventually(() => runs === 1);
  await scene.mark(base, 'a', 'm2');
  await scene.reported(base, 'a', ({ state, mark }) => state === 'drained' && mark === 'm2');
});

test('Redis is lost while a job is in work: nothing throws, and the worker is not busy for ever', {
  timeout: 20_000,
}, async (t) => {
  const scene = await sceneFor(t);
  const { queue, base, worker } = bullmqOn(scene, 'lost-job');
  const { promise, resolve } = Promise.withResolvers<void>();
  const one = worker('a', () => promise, { drainDelay: 1, runRetryDelay: 100 });
  drainable(one, { intervalMs: 50, signals: false, log: () => undefined });
  await queue.add('job', {});
  await scene.reported(base, 'a', ({ busy }) => busy === 1);
  await scene.redis.restart();
  resolve();
  await scene.reported(base, 'a', ({ busy }) => busy === 0);
});

test('keys of lists and streams lie in the slot of their source', () => {
  assert.equal(baseOfKey('jobs'), '{jobs}:spillway:');
  assert.equal(baseOfKey('{media}:jobs'), '{media}:jobs:spillway:');
  assert.equal(baseOfKey('a{}b'), '{a{}b}:spillway:');
});

test('a client that puts a prefix before keys, or is none, is refused', () => {
  const client = { options: { keyPrefix: 'x:' }, defineCommand: () => undefined };
  assert.throws(() => drainSignal({ client, key: 'jobs', signals: false }), /keyPrefix/);
  assert.throws(() => drainSignal({ client: {} as never, key: 'jobs', signals: false }), /ioredis/);
});
