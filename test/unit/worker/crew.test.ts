import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drainable, drainSignal } from '../../../src/worker/index.ts';
import { placeOf } from '../../../src/worker/place.ts';
import { bullmqOn, eventually, gate, sceneFor } from './scene.ts';

const soon = { intervalMs: 50, signals: false, log: () => undefined };

test('two Workers of one queue in a pod have one report: drained only when both are, and jobs of both are counted', async (t) => {
  const scene = await sceneFor(t);
  const { queue, base, worker } = bullmqOn(scene, 'shared');
  const long = gate();
  const heard: string[] = [];
  const run = async (): Promise<void> => long.opened;
  const handles = [worker('a', run), worker('a', run)].map((one, n) =>
    drainable(one, { ...soon, onDrained: () => heard.push(`drained ${n}`) }),
  );
  await queue.addBulk([1, 2].map((n) => ({ name: 'job', data: { n } })));
  await scene.reported(base, 'a', ({ state, busy }) => state === 'working' && busy === 2);
  long.open();
  await scene.reported(base, 'a', ({ busy }) => busy === 0);

  const longer = gate();
  const signal = drainSignal({ ...soon, client: scene.client, key: 'jobs', podName: 'a' });
  const other = drainSignal({ ...soon, client: scene.client, key: 'jobs', podName: 'a' });
  scene.atEnd(() => Promise.all([signal.close(), other.close()]));
  const working = other.run(
    async () => 'job',
    () => longer.opened,
  );
  const states = new Set<string>();
  await scene.mark('{jobs}:spillway:', 'a');
  await eventually(async () => {
    const report = await scene.report('{jobs}:spillway:', 'a');
    if (report?.mark === 'm1') states.add(`${report.state} ${report.busy}`);
    return states.size > 0 && !signal.shouldTake() && !other.shouldTake();
  });
  for (let n = 0; n < 50; n += 1) {
    const report = await scene.report('{jobs}:spillway:', 'a');
    states.add(`${report?.state} ${report?.busy}`);
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  assert.deepEqual([...states], ['draining 1']);
  longer.open();
  assert.equal(await working, true);
  await scene.reported('{jobs}:spillway:', 'a', ({ state }) => state === 'drained');

  await scene.mark(base, 'a');
  await scene.reported(base, 'a', ({ state }) => state === 'drained');
  assert.deepEqual(heard, ['drained 0', 'drained 1']);
  assert.deepEqual(
    handles.map(({ state }) => state),
    ['drained', 'drained'],
  );
});

test('one of two that closes takes no more jobs, the other works on, and the report goes with the last', async (t) => {
  const scene = await sceneFor(t);
  const { queue, base, worker } = bullmqOn(scene, 'leaving');
  const runs: string[] = [];
  const [first, second] = ['first', 'second'].map((name) =>
    drainable(
      worker('a', async () => runs.push(name)),
      soon,
    ),
  );
  assert.ok(first !== undefined && second !== undefined);
  await scene.reported(base, 'a', ({ state }) => state === 'working');
  assert.equal(await first.close(), 0);
  assert.equal(first.state, 'draining');
  await scene.mark(base, 'a');
  await scene.reported(base, 'a', ({ state }) => state === 'drained');
  await scene.lift(base, 'a');
  await scene.reported(base, 'a', ({ state }) => state === 'working');
  await queue.addBulk([1, 2, 3].map((n) => ({ name: 'job', data: { n } })));
  await eventually(() => runs.length === 3);
  assert.deepEqual(new Set(runs), new Set(['second']));
  await second.close();
  assert.equal(await scene.report(base, 'a'), undefined);
});

test('one that joins while the others are drained takes nothing before the mark goes', async (t) => {
  const scene = await sceneFor(t);
  const base = '{jobs}:spillway:';
  const options = { ...soon, client: scene.client, key: 'jobs', podName: 'a' };
  const one = drainSignal(options);
  await scene.mark(base, 'a');
  await scene.reported(base, 'a', ({ state }) => state === 'drained');
  const late = drainSignal(options);
  scene.atEnd(() => Promise.all([one.close(), late.close()]));
  assert.equal(late.shouldTake(), false);
  await scene.lift(base, 'a');
  await eventually(() => late.shouldTake() && one.shouldTake());
});

test('the same key in another Redis is another source', async (t) => {
  const [here, there] = [await sceneFor(t), await sceneFor(t)];
  const base = '{jobs}:spillway:';
  for (const { client, atEnd } of [here, there]) {
    const drain = drainSignal({ ...soon, client, key: 'jobs', podName: 'a' });
    atEnd(() => drain.close());
  }
  await there.mark(base, 'a');
  await there.reported(base, 'a', ({ state }) => state === 'drained');
  await here.reported(base, 'a', ({ state }) => state === 'working');
});

for (const [connection, place] of [
  [{ url: 'redis://user:pw@cache:6380/2' }, 'cache:6380/2'],
  [{ host: 'cache', port: 6380, db: 2 }, 'cache:6380/2'],
  [{ options: { host: '127.0.0.1' } }, 'localhost:6379/0'],
  [{ options: { socket: { host: 'cache', port: 6380 }, database: 2 } }, 'cache:6380/2'],
  [{ path: '/run/redis.sock' }, '/run/redis.sock/0'],
  [undefined, ''],
] as const) {
  test(`the place of ${JSON.stringify(connection)} is "${place}"`, () => {
    assert.equal(placeOf(connection), place);
  });
}
