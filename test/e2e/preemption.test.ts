import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { Frame, History } from './history.ts';
import {
  namespace,
  observingPolicy,
  quickPolicy,
  type Scene,
  startScene,
  workerDeployment,
} from './scene.ts';
import { setBacklog } from './spike.ts';

const vmCapacity = 12;

/** A PriorityClass; one of `Never` waits for room and takes none. */
function priorityClass(name: string, value: number, preemptionPolicy = 'PreemptLowerPriority'): object {
  return {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    value,
    preemptionPolicy,
  };
}

/** Something else that fills every VM. */
function filler(priorityClassName: string): object {
  return workerDeployment({ name: 'filler', replicas: vmCapacity, spec: { priorityClassName } });
}

describe('pods of other priorities on full VMs', () => {
  let scene: Scene;
  let history: History;

  before(async () => {
    scene = await startScene();
    await scene.cluster.virtualNode.setDeletion('remove');
    await scene.apply(
      priorityClass('low', -100),
      priorityClass('high', 1_000),
      priorityClass('patient', 1_000, 'Never'),
    );
    history = await scene.history();
    await scene.controller('spillway-0');
  });
  afterEach(() => scene.clear());
  after(() => scene?.close());

  async function fill(priorityClassName: string): Promise<void> {
    await scene.apply(filler(priorityClassName));
    await scene.kubectl(`rollout status deployment/filler -n ${namespace} --timeout=60s`);
  }
  const worker = (priorityClassName: string, replicas = 0): object =>
    workerDeployment({ replicas, spec: { priorityClassName } });
  const all =
    (placed: number, burst: number) =>
    ({ placedReady, asked, burstReady }: Frame): boolean =>
      placedReady === placed && asked === burst && burstReady === burst;

  test('a higher one takes the room of lower ones, which is headroom: nothing bursts', async () => {
    await fill('low');
    const startedAtMs = Date.now();
    await scene.apply(worker('high'), quickPolicy());
    await setBacklog(scene.queue, vmCapacity);
    await history.until('all on VMs', all(vmCapacity, 0));
    const frames = history.frames.filter(({ atMs }) => atMs >= startedAtMs);
    assert.ok(frames.every(({ asked, burst }) => asked === 0 && burst === 0));

    // What is more than preemption can take bursts.
    await setBacklog(scene.queue, vmCapacity + 3);
    await history.until('the rest bursting', all(vmCapacity, 3));
  });

  test('where somebody else sets the replicas too, though pods are stuck until those before them have gone', async () => {
    await fill('low');
    const startedAtMs = Date.now();
    await scene.apply(worker('high', vmCapacity), observingPolicy());
    await history.until('all on VMs', all(vmCapacity, 0));
    await scene.condition('Bursting', 'False', 'NothingSpills');
    const frames = history.frames.filter(({ atMs }) => atMs >= startedAtMs);
    assert.ok(frames.every(({ asked }) => asked === 0));
  });

  for (const [own, other] of [
    ['low', 'high'],
    ['patient', 'low'],
  ] as const) {
    test(`one that takes no room from others (${own} beside ${other}) bursts`, async () => {
      await fill(other);
      await scene.apply(worker(own), quickPolicy());
      await setBacklog(scene.queue, 5);
      await history.until('a burst of all', all(0, 5));
      const list = await scene.api.get<{ readonly items: readonly unknown[] }>(
        `/api/v1/namespaces/${namespace}/pods?labelSelector=worker%3Dfiller&fieldSelector=status.phase%3DRunning`,
      );
      assert.equal(list?.items.length, vmCapacity);
    });
  }
});
