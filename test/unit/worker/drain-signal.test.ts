import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { drainSignal } from '../../../src/worker/index.ts';
import { eventually, gate, sceneFor } from './scene.ts';

const base = '{jobs}:spillway:';
const soon = { key: 'jobs', podName: 'a', intervalMs: 50, signals: false, log: () => undefined };

test('a loop over a list takes nothing while marked, counts what is on its way, and goes on when the mark is lifted', async (t) => {
  const scene = await sceneFor(t);
  const blocking = new Redis(scene.redis.url, { maxRetriesPerRequest: null });
  scene.atEnd(async () => blocking.disconnect());
  const drain = drainSignal({ ...soon, client: scene.client });
  const long = gate();
  const done: string[] = [];
  const loop = (async () => {
    while (!drain.closed) {
      await drain.run(
        () => blocking.blpop('jobs', 0.3),
        async ([, job]) => {
          if (job === 'long') await long.opened;
          done.push(job);
        },
      );
    }
  })();

  await scene.client.rpush('jobs', 'long');
  await scene.reported(base, 'a', ({ state, busy }) => state === 'working' && busy === 1);
  await scene.mark(base, 'a');
  await scene.client.rpush('jobs', 'next');
  await scene.reported(base, 'a', ({ state, busy }) => state === 'draining' && busy === 1);
  assert.equal(drain.shouldTake(), false);
  assert.equal(drain.signal.aborted, true);
  long.open();
  await scene.reported(base, 'a', ({ state }) => state === 'drained');
  assert.deepEqual(done, ['long']);

  await scene.lift(base, 'a');
  await eventually(() => done.length === 2);
  // Waiting in BLPOP is idle while it works, and in flight once it is marked.
  await scene.reported(base, 'a', ({ state, busy }) => state === 'working' && busy === 0);
  assert.equal(drain.signal.aborted, false);
  const fetching = drain.run(
    async () => {
      await scene.mark(base, 'a');
      await scene.reported(base, 'a', ({ state, busy }) => state === 'draining' && busy === 1);
    },
    async () => undefined,
  );
  assert.equal(await fetching, false);
  await scene.reported(base, 'a', ({ state }) => state === 'drained');

  assert.equal(await drain.close(), 0);
  await loop;
  assert.equal(await scene.report(base, 'a'), undefined);
});

test('jobs counted by hand hold the drain, and each counts down once', async (t) => {
  const scene = await sceneFor(t);
  const drain = drainSignal({ ...soon, client: scene.client });
  scene.atEnd(() => drain.close());
  const finished = [drain.started(), drain.started()];
  await scene.mark(base, 'a');
  await scene.reported(base, 'a', ({ state, busy }) => state === 'draining' && busy === 2);
  finished[0]?.();
  finished[0]?.();
  await scene.reported(base, 'a', ({ state, busy }) => state === 'draining' && busy === 1);
  finished[1]?.();
  await scene.reported(base, 'a', ({ state }) => state === 'drained');
});

test('what a job throws comes out of run and counts as finished; an aborted wait does not', async (t) => {
  const scene = await sceneFor(t);
  const drain = drainSignal({ ...soon, client: scene.client });
  scene.atEnd(() => drain.close());
  const broken = drain.run(
    async () => 'job',
    async () => Promise.reject(new Error('broken')),
  );
  await assert.rejects(broken, /broken/);
  const cut = drain.run(
    (signal) =>
      new Promise<string>((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      ),
    async () => undefined,
  );
  await scene.mark(base, 'a');
  assert.equal(await cut, false);
  await scene.reported(base, 'a', ({ state, busy }) => state === 'drained' && busy === 0);
});

test('a client in the style of node-redis is spoken to by EVALSHA, and by EVAL where the script is not known', async (t) => {
  const scene = await sceneFor(t);
  const used: string[] = [];
  interface Options {
    readonly keys: readonly string[];
    readonly arguments: readonly string[];
  }
  const client = {
    evalSha: (sha: string, { keys, arguments: args }: Options) => {
      used.push('evalSha');
      return scene.client.evalsha(sha, keys.length, ...keys, ...args);
    },
    eval: (script: string, { keys, arguments: args }: Options) => {
      used.push('eval');
      return scene.client.eval(script, keys.length, ...keys, ...args);
    },
  };
  const drain = drainSignal({ ...soon, client });
  scene.atEnd(() => drain.close());
  await scene.mark(base, 'a');
  await scene.reported(base, 'a', ({ state }) => state === 'drained');
  assert.deepEqual(used.slice(0, 3), ['evalSha', 'eval', 'evalSha']);
});
