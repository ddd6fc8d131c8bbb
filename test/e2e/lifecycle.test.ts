import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { waitFor } from '../cluster/wait-for.ts';
import type { Frame, History } from './history.ts';
import {
  autoscaler,
  type DeploymentView,
  namespace,
  observingPolicy,
  type PolicyOptions,
  queueName,
  quickPolicy,
  type Scene,
  startScene,
  target,
  workerDeployment,
} from './scene.ts';
import { setBacklog } from './spike.ts';
import { exceptOwn, type RecordedWrite, writesIn } from './writes.ts';

const vmCapacity = 12;
/** Jobs that wait, one replica each: so many do not fit on VMs. */
const backlog = 20;
const spill = backlog - vmCapacity;

describe('the life of a burst', () => {
  let scene: Scene;
  let history: History;

  before(async () => {
    // A HorizontalPodAutoscaler is looked at every 15 s otherwise.
    scene = await startScene({
      extraArgs: { controllerManager: ['--horizontal-pod-autoscaler-sync-period=1s'] },
    });
    await scene.cluster.virtualNode.setDeletion('remove');
    history = await scene.history();
    await scene.controller('spillway-0');
  });
  afterEach(() => scene.clear());
  after(() => scene?.close());

  /** Brings the policy to where it bursts what does not fit on VMs; resolves to the companion. */
  async function bursting(options: PolicyOptions = {}): Promise<DeploymentView> {
    await scene.apply(workerDeployment(), quickPolicy(options));
    await setBacklog(scene.queue, backlog);
    await history.until('VMs full and the rest bursting', isBursting);
    return onlyCompanion();
  }
  async function onlyCompanion(): Promise<DeploymentView> {
    const [companion, ...more] = await scene.companions();
    assert.ok(companion !== undefined && more.length === 0);
    return companion;
  }
  /** Deletes it and waits until its burst is gone. */
  async function deletePolicy(): Promise<void> {
    await scene.kubectl(`delete bp ${queueName} -n ${namespace}`);
    // The garbage collector looks for new kinds every 30 s: before that it does not know that policies own something.
    await history.until('no burst', noBurst, 60_000);
  }
  const writesSince = (atMs: number): readonly RecordedWrite[] => writesIn(scene.cluster.auditEvents(), atMs);
  const noBurst = ({ companions, burst }: Frame): boolean =>
    Object.keys(companions).length === 0 && burst === 0;

  test('a target that is deleted takes its burst along, and the condition says what is missing', async () => {
    await bursting();
    await scene.kubectl(`delete deployment ${target} -n ${namespace}`);
    await history.until('no burst', noBurst);
    assert.match(
      await scene.condition('Accepted', 'False', 'TargetNotFound'),
      new RegExp(`There is no Deployment ${target}`),
    );
  });

  test('another image makes another companion; together they never exceed burst.maxReplicas', async () => {
    const before = await bursting({ burst: { maxReplicas: spill } });
    const changedAtMs = Date.now();
    await scene.apply(workerDeployment({ image: 'example.com/thumbnails:2', replicas: vmCapacity }));
    await history.until(
      'the new companion alone',
      (frame) => isBursting(frame) && !(before.metadata.name in frame.companions),
      60_000,
    );
    const companion = await onlyCompanion();
    assert.equal(imageOf(companion), 'example.com/thumbnails:2');
    const frames = history.frames.filter(({ atMs }) => atMs >= changedAtMs);
    assert.ok(frames.some(({ companions }) => Object.keys(companions).length === 2));
    assert.equal(Math.max(...frames.map(({ asked }) => asked)), spill);
  });

  test('a target that somebody scales by hand is set right again', async () => {
    await bursting();
    await scene.patchDeployment(target, { spec: { replicas: 5 } });
    await history.until('the hand at work', ({ targetReplicas }) => targetReplicas === 5);
    await history.until('the target as it was', isBursting);
  });

  test('a companion that somebody scales by hand is set right again, up and down', async () => {
    const { metadata } = await bursting();
    for (const replicas of [1, spill + 20]) {
      await scene.patchDeployment(metadata.name, { spec: { replicas } });
      await history.until('the hand at work', ({ asked }) => asked === replicas);
      await history.until('the companion as it was', isBursting);
    }
    assert.equal((await onlyCompanion()).metadata.uid, metadata.uid);
  });

  test('a companion whose template somebody edits is mended', async () => {
    const { metadata } = await bursting();
    await scene.patchDeployment(metadata.name, {
      spec: { template: { spec: { containers: [{ name: 'worker', image: 'example.com/evil:1' }] } } },
    });
    await waitFor('the image to be mended', async () => {
      const companion = await onlyCompanion();
      return imageOf(companion) === 'example.com/thumbnails:1' && companion.metadata.uid === metadata.uid;
    });
    await history.until('the burst to run again', isBursting);
  });

  test("a Deployment of somebody else under the companion's name is never touched", async () => {
    const { metadata } = await bursting();
    await deletePolicy();
    const createdAtMs = Date.now();
    await scene.apply(workerDeployment({ name: metadata.name, replicas: 1 }), quickPolicy());
    const message = await scene.condition('Limited', 'True', 'CompanionNameTaken');
    assert.match(message, new RegExp(`^A Deployment ${metadata.name} exists already and does not belong`));
    assert.deepEqual(
      writesSince(createdAtMs).filter(
        ({ resource, name }) => resource === 'deployments' && name === metadata.name,
      ),
      [],
    );
    await scene.kubectl(`delete deployment ${metadata.name} -n ${namespace}`);
    await history.until('the burst once the name is free', isBursting);
  });

  test('a policy that is suspended gives its burst up, leaves the target alone, and goes on where it was', async () => {
    await bursting();
    await scene.patchPolicy({ spec: { suspend: true } });
    await history.until('no burst', noBurst);
    await scene.condition('Accepted', 'True', 'Suspended');
    await setBacklog(scene.queue, backlog + 5);
    await scene.condition('Limited', 'True', 'Suspended');
    assert.equal(history.latest.targetReplicas, vmCapacity);
    assert.ok(noBurst(history.latest));
    await scene.patchPolicy({ spec: { suspend: false } });
    await history.until(
      'the burst again',
      ({ asked, burstReady }) => asked === spill + 5 && burstReady === asked,
    );
  });

  test('a dry run decides and tells all, and writes nothing but status and Events (promise 10)', async () => {
    const startedAtMs = Date.now();
    await scene.apply(workerDeployment(), quickPolicy({ spec: { dryRun: true } }));
    await setBacklog(scene.queue, backlog);
    assert.match(
      await scene.condition('Bursting', 'False', 'DryRun'),
      /would burst, but a dry run writes nothing/,
    );
    const status = await waitFor('the numbers', async () => {
      const { status } = await scene.policy();
      return status?.burst?.granted === spill ? status : undefined;
    });
    assert.match(status.lastDecision?.summary ?? '', /^20 wanted for 20 jobs; VMs carry 12; 8 burst/);
    const event = await waitFor('an Event', () =>
      scene
        .kubectl(
          `get events -n ${namespace} --field-selector=reason=BurstStarted -o jsonpath={.items[*].message}`,
        )
        .then((text) => text.includes('Dry run, nothing is written.') && text),
    );
    assert.match(event, /burst onto the virtual pool/);
    const written = new Set(exceptOwn(writesSince(startedAtMs)).map(({ resource }) => resource));
    assert.deepEqual([...written].toSorted(), ['burstpolicies/status', 'events']);
    assert.equal(history.latest.targetReplicas, 2);
  });

  test('a target that an HPA owns keeps the replicas of the HPA, and what is stuck bursts', async () => {
    const startedAtMs = Date.now();
    const replicas = vmCapacity + 4;
    await scene.apply(workerDeployment(), autoscaler(replicas), quickPolicy());
    await setBacklog(scene.queue, 3);
    assert.match(
      await scene.condition('Accepted', 'True', 'ScaledByOther'),
      /HorizontalPodAutoscaler .* sets the replicas/,
    );
    await history.until(
      'the burst of the stuck pods',
      (frame) =>
        frame.targetReplicas === replicas && frame.stuck === 4 && frame.asked === 4 && frame.burstReady === 4,
    );
    expectTargetUntouched(startedAtMs);
    await scene.kubectl(`delete hpa ${target} -n ${namespace}`);
    await scene.condition('Accepted', 'True', 'Valid');
    await history.until('Spillway to take over', ({ targetReplicas }) => targetReplicas === 3);
  });

  test('without scaling, what a person asks for beyond the VM pool bursts, and the target is never written', async () => {
    const startedAtMs = Date.now();
    await scene.apply(workerDeployment(), observingPolicy());
    await scene.condition('SignalsAvailable', 'True', 'NotNeeded');
    for (const [replicas, burst] of [
      [vmCapacity + 3, 3],
      [vmCapacity + 6, 6],
      [5, 0],
    ] as const) {
      await scene.patchDeployment(target, { spec: { replicas } });
      await history.until(
        `a burst of ${burst}`,
        (frame) => frame.asked === burst && frame.burstReady === burst,
      );
      assert.equal(history.latest.targetReplicas, replicas);
    }
    await history.until('no companion', noBurst);
    expectTargetUntouched(startedAtMs);
  });

  test('a policy that is deleted takes along all that it made, and leaves the target as it is', async () => {
    await bursting();
    const deletedAtMs = Date.now();
    await deletePolicy();
    assert.equal(history.latest.targetReplicas, vmCapacity);
    assert.deepEqual(
      writesSince(deletedAtMs).filter(({ name }) => name === target),
      [],
    );
    assert.equal(
      (await scene.kubectl(`get rs,pods -n ${namespace} -l spillway.dev/burst -o name`)).trim(),
      '',
    );
  });

  function expectTargetUntouched(sinceMs: number): void {
    assert.deepEqual(
      writesSince(sinceMs).filter(
        ({ name, resource }) => name === target && resource.startsWith('deployments'),
      ),
      [],
    );
  }
});

function isBursting({ placedReady, asked, burstReady, targetReplicas }: Frame): boolean {
  return (
    placedReady === vmCapacity && targetReplicas === vmCapacity && asked === spill && burstReady === spill
  );
}

function imageOf({ spec }: DeploymentView): string | undefined {
  return spec.template.spec.containers[0]?.image;
}
