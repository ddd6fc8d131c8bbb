import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueueEvents } from 'bullmq';
import { drainable } from '../../../src/worker/index.ts';
import { bullmqOn, eventually, gate, sceneFor } from './scene.ts';

const soon = { intervalMs: 50, signals: false, log: () => undefined };
const numbers = (count: number) => Array.from({ length: count }, (_, n) => ({ name: 'job', data: { n } }));

test('a marked worker takes no more jobs, keeps the locks of those in work, and says drained when they have ended', async (t) => {
  const scene = await sceneFor(t);
  const { queue, base, worker } = bullmqOn(scene, 'thumbnails');
  const events = new QueueEvents('thumbnails', { connection: { url: scene.redis.url } });
  scene.atEnd(() => events.close());
  await events.waitUntilReady();
  const stalled: string[] = [];
  events.on('stalled', ({ jobId }) => stalled.push(jobId));

  const long = gate();
  const runs: string[] = [];
  const heard: string[] = [];
  const first = worker(
    'a',
    async ({ id = '' }) => {
      runs.push(`a${id}`);
      await long.opened;
    },
    { lockDuration: 300, stalledInterval: 100, concurrency: 2 },
  );
  const handle = drainable(first, {
    ...soon,
    onDraining: () => heard.push('draining'),
    onDrained: () => heard.push('drained'),
    onResumed: () => heard.push('resumed'),
  });
  await queue.add('job', {});
  await scene.reported(base, 'a', ({ state, busy }) => state === 'working' && busy === 1);

  await scene.mark(base, 'a', 'm1');
  const draining = await scene.reported(base, 'a', ({ state }) => state === 'draining');
  assert.deepEqual({ ...draining, atMs: 0 }, { state: 'draining', mark: 'm1', busy: 1, atMs: 0 });

  // The other worker looks for stalled jobs all the while, and takes what comes at once.
  worker('b', async ({ id = '' }) => runs.push(`b${id}`), { stalledInterval: 100 });
  const addedAtMs = performance.now();
  await queue.addBulk(numbers(5));
  await eventually(async () => (await queue.getCompletedCount()) === 5);
  assert.ok(performance.now() - addedAtMs < 2_000);
  const renewed = new Set<string | null>();
  await eventually(async () => {
    renewed.add(String(await scene.client.pttl('bull:thumbnails:1:lock')).slice(0, 1));
    return performance.now() - addedAtMs > 1_000;
  });
  assert.equal(renewed.has('-'), false);
  assert.equal((await scene.report(base, 'a'))?.state, 'draining');

  long.open();
  const drained = await scene.reported(base, 'a', ({ state }) => state === 'drained');
  assert.deepEqual({ ...drained, atMs: 0 }, { state: 'drained', mark: 'm1', busy: 0, atMs: 0 });
  assert.equal(handle.state, 'drained');
  assert.deepEqual(runs.toSorted(), ['a1', 'b2', 'b3', 'b4', 'b5', 'b6']);
  assert.deepEqual(stalled, []);
  assert.deepEqual(heard, ['draining', 'drained']);
});

test('an idle worker that waits for a job is drained at once, and its wake-up goes to another', async (t) => {
  const scene = await sceneFor(t);
  const { queue, base, worker } = bullmqOn(scene, 'orders');
  const runs: string[] = [];
  // The marked one waits longest, so Redis would wake it first.
  const first = worker('a', async () => runs.push('a'), { drainDelay: 30 });
  drainable(first, soon);
  const errors: Error[] = [];
  first.on('error', (error) => errors.push(error));
  await first.waitUntilReady();
  await eventually(async () => (await scene.client.info('clients')).includes('blocked_clients:1'));
  worker('b', async () => runs.push('b'), { drainDelay: 30 });
  await eventually(async () => (await scene.client.info('clients')).includes('blocked_clients:2'));

  const markedAtMs = performance.now();
  await scene.mark(base, 'a');
  await scene.reported(base, 'a', ({ state, busy }) => state === 'drained' && busy === 0);
  assert.ok(performance.now() - markedAtMs < 2_000);
  for (let n = 0; n < 20; n += 1) {
    const addedAtMs = performance.now();
    await queue.add('job', {});
    await eventually(() => runs.length === n + 1);
    assert.ok(performance.now() - addedAtMs < 1_000);
  }
  assert.deepEqual(new Set(runs), new Set(['b']));
  assert.deepEqual(errors, []);
});

test('a worker takes jobs again when its mark is lifted, also while a job is in work, and when the mark has expired', async (t) => {
  const scene = await sceneFor(t);
  const { queue, base, worker } = bullmqOn(scene, 'lifted');
  const long = gate();
  const done: string[] = [];
  const one = worker(
    'a',
    async ({ name }) => {
      if (name === 'long') await long.opened;
      done.push(name);
    },
    { concurrency: 3 },
  );
  const handle = drainable(one, soon);
  await queue.add('long', {});
  await scene.reported(base, 'a', ({ busy }) => busy === 1);
  await scene.mark(base, 'a');
  await scene.reported(base, 'a', ({ state }) => state === 'draining');
  await queue.add('short', {});
  await scene.lift(base, 'a');
  await eventually(() => done.includes('short'));
  assert.equal(handle.state, 'working');
  long.open();
  await eventually(() => done.includes('long'));

  await scene.mark(base, 'a', 'm2', 600);
  const { mark } = await scene.reported(base, 'a', ({ state }) => state === 'drained');
  assert.equal(mark, 'm2');
  await queue.add('after', {});
  await eventually(() => done.includes('after'));
  assert.equal((await scene.report(base, 'a'))?.state, 'working');
});

test('a worker that was paused before it was marked stays paused when the mark goes', async (t) => {
  const scene = await sceneFor(t);
  const { base, worker } = bullmqOn(scene, 'paused');
  const one = worker('a', async () => undefined);
  await one.waitUntilReady();
  await one.pause();
  const handle = drainable(one, soon);
  await scene.mark(base, 'a');
  await scene.reported(base, 'a', ({ state }) => state === 'drained');
  await scene.lift(base, 'a');
  await eventually(() => handle.state === 'working');
  assert.equal(one.isPaused(), true);
});

test('closing ends what is in work, removes the report and closes the worker', async (t) => {
  const scene = await sceneFor(t);
  const { queue, base, worker } = bullmqOn(scene, 'closing');
  const long = gate();
  const one = worker('a', () => long.opened);
  const handle = drainable(one, soon);
  await queue.addBulk(numbers(2));
  await scene.reported(base, 'a', ({ busy }) => busy === 1);
  const closed = handle.close();
  const report = await scene.reported(base, 'a', ({ state }) => state === 'draining');
  assert.equal(report.mark, '');
  long.open();
  assert.equal(await closed, 0);
  assert.equal(await scene.report(base, 'a'), undefined);
  assert.deepEqual(await queue.getJobCounts('completed', 'wait', 'active'), {
    completed: 1,
    wait: 1,
    active: 0,
  });
});

test('closing waits no longer than it may, and says how many jobs were left', async (t) => {
  const scene = await sceneFor(t);
  const { queue, base, worker } = bullmqOn(scene, 'limit');
  const long = gate();
  t.after(() => long.open());
  const said: string[] = [];
  const one = worker('a', () => long.opened, { concurrency: 3 });
  const handle = drainable(one, { ...soon, finishWithinMs: 200, log: (message) => said.push(message) });
  await queue.addBulk(numbers(2));
  await scene.reported(base, 'a', ({ busy }) => busy === 2);
  assert.equal(await handle.close(), 2);
  assert.equal(await scene.report(base, 'a'), undefined);
  assert.deepEqual(said, ['Spillway: a has closed, and jobs were left: 2.']);
});

test('the name of the pod comes from POD_NAME, and a worker with another name is warned about', async (t) => {
  const scene = await sceneFor(t);
  const { base, worker } = bullmqOn(scene, 'names');
  const said: string[] = [];
  const log = (message: string) => said.push(message);
  process.env['POD_NAME'] = 'pod-x';
  t.after(() => delete process.env['POD_NAME']);
  assert.equal(
    drainable(
      worker('other', async () => undefined),
      { ...soon, log },
    ).podName,
    'pod-x',
  );
  await scene.reported(base, 'pod-x', ({ state }) => state === 'working');
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /not named after its pod/);
  delete process.env['POD_NAME'];
  assert.equal(
    drainable(
      worker('pod-y', async () => undefined),
      { ...soon, log },
    ).podName,
    'pod-y',
  );
  assert.equal(said.length, 1);
});
