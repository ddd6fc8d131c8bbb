import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Metric, serveMetric } from './external-metric.ts';
import type { Frame, History } from './history.ts';
import {
  autoscaler,
  namespace,
  observingPolicy,
  quickPolicy,
  type Scene,
  startScene,
  target,
  vmNode,
  workerDeployment,
} from './scene.ts';
import { addJobs } from './workforce.ts';
import { writesIn } from './writes.ts';

const vmCapacity = 12;
/** An HPA that wants one replica for each of the metric, at once. */
function onMetric(): object {
  const atOnce = {
    stabilizationWindowSeconds: 0,
    policies: [{ type: 'Pods', value: 100, periodSeconds: 1 }],
  };
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: target, namespace },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
      minReplicas: 1,
      maxReplicas: 50,
      behavior: { scaleUp: atOnce, scaleDown: atOnce },
      metrics: [
        {
          type: 'External',
          external: { metric: { name: 'wanted' }, target: { type: 'AverageValue', averageValue: '1' } },
        },
      ],
    },
  };
}

describe('a Deployment that a real HPA owns', () => {
  let scene: Scene;
  let history: History;
  let metric: Metric;

  before(async () => {
    scene = await startScene({
      extraArgs: {
        controllerManager: ['--horizontal-pod-autoscaler-sync-period=1s'],
        // The aggregator resolves external names only where it does not look for endpoints itself.
        apiserver: ['--enable-aggregator-routing=false'],
      },
    });
    await scene.cluster.virtualNode.setDeletion('remove');
    metric = await serveMetric(scene);
    history = await scene.history();
    await scene.controller('spillway-0');
  });
  after(async () => {
    await metric?.close();
    await scene?.close();
  });

  const state =
    (replicas: number, burst: number) =>
    ({ targetReplicas, asked, burstReady }: Frame): boolean =>
      targetReplicas === replicas && asked === burst && burstReady === burst;
  /** Promise 6: by the audit log, for the target is the owner's. */
  function expectTargetUntouched(sinceMs: number): void {
    const events = scene.cluster.auditEvents();
    const ours = writesIn(events, sinceMs).filter(
      ({ name, resource }) => name === target && resource.startsWith('deployments'),
    );
    assert.deepEqual(ours, []);
    const scaled = events.filter(
      ({ verb, objectRef, user }) =>
        ['update', 'patch'].includes(verb) &&
        objectRef?.subresource === 'scale' &&
        user.username.endsWith(':horizontal-pod-autoscaler'),
    );
    assert.ok(scaled.length > 0, 'the HPA has scaled it');
  }
  const seconds = (sinceMs: number): string => ((Date.now() - sinceMs) / 1000).toFixed(1);

  test('by an external metric bursts as substitutes of what is stuck, which stay pending, and comes back', async (t) => {
    const startedAtMs = Date.now();
    metric.value = 4;
    await scene.apply(workerDeployment(), onMetric(), observingPolicy());
    await history.until('what the HPA wants', state(4, 0));

    let sinceMs = Date.now();
    metric.value = vmCapacity + 8;
    const up = await history.until('the burst of what is stuck', state(vmCapacity + 8, 8));
    t.diagnostic(`20 wanted by the HPA, 8 of them burst, ${seconds(sinceMs)} s after its metric rose`);
    assert.equal(up.placedReady, vmCapacity);
    assert.equal(up.stuck, 8, 'the originals ask for VMs');
    await scene.condition('Eligible', 'True', 'TemplateFits');

    metric.value = vmCapacity + 12;
    await history.until('a larger burst', state(vmCapacity + 12, 12));

    // Room for four of the twelve originals: so many substitutes leave.
    sinceMs = Date.now();
    await scene.cluster.addVmNode(vmNode('vm-4'));
    await history.until(
      'four fewer',
      (frame) => state(vmCapacity + 12, 8)(frame) && frame.placedReady === vmCapacity + 4,
    );
    t.diagnostic(`4 of 12 came back ${seconds(sinceMs)} s after a VM node`);
    await scene.cluster.addVmNode(vmNode('vm-5'), vmNode('vm-6'));
    await history.until(
      'none',
      (frame) => state(vmCapacity + 12, 0)(frame) && frame.placedReady === vmCapacity + 12,
    );
    assert.equal(history.latest.stuck, 0);
    const capacity = history.frames
      .filter(({ atMs }) => atMs >= sinceMs)
      .map(({ placedReady, burstReady }) => placedReady + burstReady);
    assert.ok(Math.min(...capacity) >= vmCapacity + 12, `${Math.min(...capacity)} ready (promise 3)`);

    metric.value = 3;
    await history.until(
      'what the HPA wants now',
      ({ targetReplicas, placedReady }) => targetReplicas === 3 && placedReady === 3,
    );
    expectTargetUntouched(startedAtMs);
    await scene.clear();
    await scene.kubectl(`delete hpa ${target} -n ${namespace}`);
    await scene.cluster.removeVmNode('vm-4', 'vm-5', 'vm-6');
  });

  test('has its substitutes drained before they leave: no job is interrupted', async (t) => {
    const startedAtMs = Date.now();
    const workforce = await scene.workforce(1_500, { drains: true, killsBurst: true });
    metric.value = vmCapacity + 6;
    // The queue says who is at work; the replicas are the HPA's.
    await scene.apply(workerDeployment(), onMetric(), quickPolicy());
    await scene.condition('Accepted', 'True', 'ScaledByOther');
    await history.until('a burst', state(vmCapacity + 6, 6));
    await addJobs(scene.queue, 200);
    await scene.cluster.addVmNode(vmNode('vm-4'), vmNode('vm-5'));
    await history.until(
      'no substitute',
      (frame) => state(vmCapacity + 6, 0)(frame) && frame.placedReady === vmCapacity + 6,
      60_000,
    );
    const { interrupted, stalled, failed, jobsRun } = await workforce.report();
    t.diagnostic(
      `${interrupted} of ${jobsRun} jobs interrupted so far, ${await scene.queue.getWaitingCount()} still wait`,
    );
    assert.deepEqual([interrupted, stalled, failed], [0, 0, 0]);
    assert.ok((await scene.queue.getActiveCount()) > 0, 'they left in the middle of the work');
    expectTargetUntouched(startedAtMs);
    await workforce.close();
    await scene.kubectl(`delete hpa ${target} -n ${namespace}`);
    await scene.clear();
    await scene.cluster.removeVmNode('vm-4', 'vm-5');
  });

  test('by CPU is warned of, for the HPA counts burst pods, and Rescue is recommended', async () => {
    const startedAtMs = Date.now();
    await scene.apply(workerDeployment(), autoscaler(vmCapacity + 4), observingPolicy());
    await history.until('the burst', state(vmCapacity + 4, 4));
    const told = await scene.condition('Eligible', 'True', 'HpaCountsBurst');
    assert.match(
      told,
      new RegExp(`HorizontalPodAutoscaler ${namespace}/${target} finds pods by label .*Rescue`),
    );
    expectTargetUntouched(startedAtMs);
  });
});
