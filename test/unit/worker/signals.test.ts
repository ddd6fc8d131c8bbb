import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { QueueEvents } from 'bullmq';
import { bullmqOn, sceneFor } from './scene.ts';

/** A process with a Worker for each queue; jobs last 800 ms, locks 300 ms. */
const program = (library: string, options: string): string => `
  import { Worker } from 'bullmq';
  import { drainable } from ${JSON.stringify(library)};
  for (const name of ['one', 'two']) {
    const worker = new Worker(name, () => new Promise((done) => setTimeout(done, name === 'one' ? 400 : 1_200)), {
      connection: { url: process.env.REDIS_URL, maxRetriesPerRequest: null },
      name: process.env.POD_NAME, lockDuration: 300, stalledInterval: 100,
    });
    worker.on('error', () => undefined);
    drainable(worker, { intervalMs: 100, ${options} });
  }`;

for (const [how, options, code] of [
  ['exits with 0 where it is asked to', 'exit: true', 0],
  ['ends by itself where it is not', '', 0],
  ['exits with 1 where a job was left', 'exit: true, finishWithinMs: 500', 1],
] as const) {
  test(`on SIGTERM a process ends the jobs in work of all its queues, once, and ${how}`, async (t) => {
    const scene = await sceneFor(t);
    const [one, two] = [bullmqOn(scene, 'one'), bullmqOn(scene, 'two')];
    const events = new QueueEvents('one', { connection: { url: scene.redis.url }, lastEventId: '0' });
    scene.atEnd(() => events.close());
    const stalled: string[] = [];
    events.on('stalled', ({ jobId }) => stalled.push(jobId));
    for (const { queue } of [one, two])
      await queue.addBulk([1, 2].map((n) => ({ name: 'job', data: { n } })));

    const text = program(resolve('src/worker/index.ts'), options);
    const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
      stdio: 'inherit',
      env: { ...process.env, REDIS_URL: scene.redis.url, POD_NAME: 'a' },
    });
    t.after(() => child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    for (const { base } of [one, two]) await scene.reported(base, 'a', ({ busy }) => busy === 1);
    child.kill('SIGTERM');
    await scene.reported(two.base, 'a', ({ state, mark }) => state === 'draining' && mark === '');

    assert.deepEqual(await ended, [code, null]);
    const left = code === 1 ? { completed: 0, active: 1, wait: 1 } : { completed: 1, active: 0, wait: 1 };
    assert.deepEqual(await one.queue.getJobCounts('completed', 'active', 'wait'), {
      completed: 1,
      active: 0,
      wait: 1,
    });
    assert.deepEqual(await two.queue.getJobCounts('completed', 'active', 'wait'), left);
    for (const { base } of [one, two]) assert.equal(await scene.report(base, 'a'), undefined);
    assert.deepEqual(stalled, []);
  });
}
