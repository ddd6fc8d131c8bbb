import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../cluster/wait-for.ts';
import type { ControllerProcess } from './controller-process.ts';
import { namespace, queueName, quickPolicy, type Scene, startScene, workerDeployment } from './scene.ts';
import { addJobs, type Report } from './workforce.ts';

/** Jobs that arrive at once, and how long one takes at least and at most: long enough to be in the way of a scale-in. */
const jobs = 100;
const jobMs = 1_500;
/** Pods that fit on the VMs. */
const room = 12;

/** Jobs still to be done. */
async function left({ queue }: Scene): Promise<number> {
  const { waiting = 0, active = 0 } = await queue.getJobCounts();
  return waiting + active;
}

async function bursts(scene: Scene): Promise<void> {
  await scene.apply(workerDeployment(), quickPolicy({ burst: { maxReplicas: 30 } }));
  await scene.condition('SignalsAvailable', 'True');
  await addJobs(scene.queue, jobs);
  const history = await scene.history();
  await history.until('thirty burst replicas at work', ({ burstReady }) => burstReady === 30);
  await history.close();
}

const told = ({ interrupted, jobsRepeated, stalled }: Report): string =>
  `${interrupted} of ${jobs} jobs interrupted, ${jobsRepeated} run a second time, ${stalled} stalled`;

describe('a spike whose burst is taken back while workers are busy, on nodes that kill', () => {
  let scene: Scene;
  let controller: ControllerProcess;
  before(async () => {
    scene = await startScene();
    controller = await scene.controller('spillway-0');
  });
  after(() => scene.close());

  test('with the drain interrupts no job', async (t) => {
    const workforce = await scene.workforce(jobMs, { uneven: true, drains: true, killsBurst: true });
    await bursts(scene);
    await waitFor('all jobs to be done', async () => (await left(scene)) === 0, 60_000);
    // The grace period of a deleted pod runs, whether or not its node asks anybody: 30 s.
    await waitFor('the companion to go', async () => (await scene.companions()).length === 0, 120_000);
    const report = await workforce.report();
    await workforce.close();
    t.diagnostic(`with the drain: ${told(report)}`);
    assert.equal(report.jobsRun, jobs);
    assert.deepEqual([report.interrupted, report.jobsRepeated, report.stalled, report.failed], [0, 0, 0, 0]);
    const metrics = await fetch(`${controller.url}/metrics`).then((response) => response.text());
    const drained = /spillway_drains_total\{[^}]*outcome="drained"\} (\d+)/.exec(metrics);
    assert.ok(Number(drained?.[1]) > 0, 'workers said so themselves');
    assert.doesNotMatch(metrics, /outcome="timeout"/);
    await waitFor(
      'the policy to be free',
      async () => (await scene.policy()).metadata.finalizers === undefined,
    );
    await scene.clear();
  });

  test('and without it, by patching replicas, interrupts many', async (t) => {
    const workforce = await scene.workforce(jobMs, { uneven: true, killsBurst: true });
    await bursts(scene);
    await controller.end();
    const [companion] = await scene.companions();
    assert.ok(companion !== undefined);
    // What a plain scaler does: as many replicas as there are jobs beyond those that the VMs carry.
    for (let wanted = 30; wanted > 0; await sleep(500)) {
      const now = Math.max(0, (await left(scene)) - room);
      if (now >= wanted) continue;
      wanted = now;
      await scene.patchDeployment(companion.metadata.name, { spec: { replicas: wanted } });
    }
    await waitFor('all jobs to be done', async () => (await left(scene)) === 0, 60_000);
    const report = await workforce.report();
    await workforce.close();
    t.diagnostic(`by patching replicas: ${told(report)}`);
    assert.ok(report.interrupted > 0, told(report));
    assert.ok(report.jobsRepeated > 0, told(report));
    await scene.clear();
  });
});

describe('a policy that is deleted while its burst is at work', () => {
  let scene: Scene;
  before(async () => {
    scene = await startScene();
    await scene.controller('spillway-0');
  });
  after(() => scene.close());

  for (const cascade of ['background', 'orphan']) {
    test(`with --cascade=${cascade} is drained first, and leaves nothing behind`, async () => {
      const workforce = await scene.workforce(jobMs, { drains: true, killsBurst: true });
      await bursts(scene);
      await scene.kubectl(`delete bp -n ${namespace} ${queueName} --cascade=${cascade} --wait=false`);
      const held = await scene.policy();
      assert.ok(held.metadata.deletionTimestamp !== undefined, 'the policy waits for its burst');
      await waitFor('the policy to go', () => gone(scene), 60_000);
      assert.deepEqual(await scene.companions(), []);
      await waitFor('the target to do the rest', async () => (await left(scene)) === 0, 60_000);
      const { interrupted, stalled } = await workforce.report();
      await workforce.close();
      assert.deepEqual([interrupted, stalled], [0, 0]);
      await scene.clear();
    });
  }
});

async function gone(scene: Scene): Promise<boolean> {
  return scene.policy().then(
    () => false,
    () => true,
  );
}
