import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drainable } from '../../../src/worker/index.ts';
import { bullmqOn, eventually, sceneFor } from './scene.ts';

test('no job is ever active on a worker that says drained, whatever the moment of the mark, and none is run twice', async (t) => {
  const scene = await sceneFor(t);
  const { queue, base, worker } = bullmqOn(scene, 'hammer');
  const pods = ['a', 'b', 'c'];
  const active = new Map(pods.map((pod) => [pod, 0]));
  const runs = new Map<string, number>();
  const violations: string[] = [];
  const started: Promise<unknown>[] = [];

  for (const pod of pods) {
    const one = worker(
      pod,
      async ({ id = '' }) => {
        runs.set(id, (runs.get(id) ?? 0) + 1);
        active.set(pod, (active.get(pod) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 15));
        active.set(pod, (active.get(pod) ?? 0) - 1);
      },
      { concurrency: 10, lockDuration: 2_000, drainDelay: 1 },
    );
    drainable(one, { intervalMs: 50, signals: false, log: () => undefined });
    started.push(one.waitUntilReady());
  }
  await Promise.all(started);

  // What Redis says first, what is in work after: a job that starts in between would be on a worker that is drained.
  const untilMs = performance.now() + 5_000;
  const watch = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      for (const pod of pods) {
        const report = await scene.report(base, pod);
        if (report?.state !== 'drained') continue;
        drained += 1;
        if ((active.get(pod) ?? 0) > 0)
          violations.push(`${pod} says drained with ${active.get(pod)} in work`);
        const jobs = await queue.getActive();
        const its = jobs.filter((job) => job?.processedBy === pod);
        const still = await scene.report(base, pod);
        if (its.length > 0 && still?.state === 'drained')
          violations.push(`${pod} is drained, ${its.length} active`);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  let drained = 0;
  let added = 0;
  const produce = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      const count = Math.floor(Math.random() * 40);
      added += count;
      await queue.addBulk(Array.from({ length: count }, (_, n) => ({ name: 'job', data: { n } })));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
    }
  };
  const disturb = async (pod: string): Promise<void> => {
    for (let n = 0; performance.now() < untilMs; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
      await scene.mark(base, pod, `m${n}`, Math.random() < 0.3 ? 100 : 60_000);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 400));
      await scene.lift(base, pod);
    }
  };
  await Promise.all([watch(), produce(), ...pods.map(disturb)]);
  await eventually(async () => (await queue.getCompletedCount()) === added);

  assert.deepEqual(violations, []);
  assert.ok(drained > 20, `drained was seen ${drained} times`);
  assert.equal(runs.size, added);
  assert.ok([...runs.values()].every((count) => count === 1));
});
