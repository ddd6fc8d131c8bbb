import { virtualNodeName, type VirtualPool } from '../../../src/lab/simulate/setup.ts';
import { burstAt, poisson } from '../../../src/lab/world/arrivals.ts';
import { constant, uniform } from '../../../src/lab/world/distribution.ts';
import { createRandom } from '../../../src/lab/world/random.ts';
import type { Queue, VirtualNode, World } from '../../../src/lab/world/types.ts';
import { createWorld } from '../../../src/lab/world/world.ts';
import type { BurstPolicySpec } from '../../../src/policy/schema.ts';
import type { Plot } from './plot.ts';

export const startMs = Date.UTC(2026, 0, 1);
export const namespace = 'media';
export const targetKey = `${namespace}/worker`;
export const policyKey = `${namespace}/jobs`;

/** So long as a drain may take: no job of a plot takes longer. */
export const drainTimeoutSeconds = 300;

/** Per hour, twenty times what Azure asks: a plot is short, and its budgets shall be spent within it. */
export const price = { perCpuHour: 0.8, perMemoryGbHour: 0.1 };

export const pool: VirtualPool = {
  name: 'aks-addon',
  kind: 'AksAddon',
  nodeSelector: { type: 'virtual-kubelet', 'kubernetes.azure.com/managed': 'false' },
  tolerations: [
    { key: 'virtual-kubelet.io/provider', operator: 'Exists', value: undefined, effect: 'NoSchedule' },
  ],
  price,
};

export interface Stage {
  readonly world: World;
  readonly queue: Queue;
  readonly virtualNode: VirtualNode;
}

/** Pods of the target that the VM pool carries at its smallest. */
export function vmCapacity({ vm, work }: Plot): number {
  return vm.nodes * Math.floor(vm.cpu / work.podCores);
}

/** The world at the beginning of a plot. */
export function stageOf(plot: Plot): Stage {
  const { vm, virtual, work, seed } = plot;
  const world = createWorld({
    seed,
    startMs,
    scenario: {
      pools: [
        {
          name: 'vm',
          nodes: vm.nodes,
          minNodes: vm.nodes,
          maxNodes: vm.maxNodes,
          cpu: String(vm.cpu),
          memory: '64Gi',
          bootMs: constant(vm.bootSeconds * 1000),
        },
      ],
      ...(vm.maxNodes > vm.nodes ? { autoscaler: { unneededMs: 120_000, delayAfterAddMs: 120_000 } } : {}),
      virtualNodes: [
        {
          name: virtualNodeName,
          settings: {
            startMs: constant(virtual.startSeconds * 1000),
            quotaCores: virtual.quotaCores,
            createsPer5Minutes: virtual.createsPer5Minutes,
            createsPerHour: virtual.createsPerHour,
            deletion: 'kill',
          },
        },
      ],
      queues: [
        {
          name: 'jobs',
          namespace,
          workers: { app: 'worker' },
          concurrency: work.concurrency,
          serviceMs: uniform(work.jobSeconds * 800, work.jobSeconds * 1200),
          drains: work.drains,
        },
      ],
      objects: [
        { resource: 'deployments', object: deployment(plot) },
        {
          resource: 'burstpolicies',
          object: { metadata: { name: 'jobs', namespace }, spec: specOf(plot) },
        },
      ],
      changeLogLength: 100,
    },
  });
  const [queue, virtualNode] = [world.queues.get('jobs'), world.virtualNodes.get(virtualNodeName)];
  if (queue === undefined || virtualNode === undefined)
    throw new Error('the stage has a queue and a virtual node');
  for (const { atSeconds, workSeconds } of plot.spikes) {
    queue.feed(burstAt(startMs + atSeconds * 1000, Math.ceil(workSeconds / work.jobSeconds)));
  }
  queue.feed(poisson(plot.workPerSecond / work.jobSeconds, startMs, startMs + 720_000, createRandom(seed)));
  return { world, queue, virtualNode };
}

function deployment({ work, policy }: Plot) {
  return {
    metadata: { name: 'worker', namespace },
    spec: {
      replicas: policy.minReplicas,
      selector: { matchLabels: { app: 'worker' } },
      template: {
        metadata: { labels: { app: 'worker' } },
        spec: {
          terminationGracePeriodSeconds: 60,
          containers: [
            {
              name: 'worker',
              image: 'worker:1',
              resources: { requests: { cpu: String(work.podCores), memory: '1G' } },
            },
          ],
        },
      },
    },
  };
}

function specOf({ policy, work }: Plot): BurstPolicySpec & Record<string, unknown> {
  const { maxRatePerHour, maxSpendPerDay, onExhausted } = policy;
  return {
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' },
    scaling: {
      minReplicas: policy.minReplicas,
      maxReplicas: policy.maxReplicas,
      scaleDownStabilization: `${policy.stabilizationSeconds}s`,
      sources: [
        {
          name: 'jobs',
          type: 'BullMQ',
          bullmq: { queue: 'jobs', urlFrom: { secretKeyRef: { name: 'redis', key: 'url' } } },
          drainWithin: `${policy.withinSeconds}s`,
          expectedJobDuration: `${Math.round(work.jobSeconds * 1000)}ms`,
          workerConcurrency: work.concurrency,
        },
      ],
      onSignalLoss: { after: '1m' },
    },
    burst: {
      maxReplicas: policy.burstMax,
      vmPool: policy.vmPool,
      delay: { always: `${policy.delaySeconds}s` },
      reclaim: { after: `${policy.reclaimSeconds}s` },
      budget: {
        ...(maxRatePerHour === undefined ? {} : { maxRatePerHour: String(maxRatePerHour) }),
        ...(maxSpendPerDay === undefined ? {} : { maxSpendPerDay: String(maxSpendPerDay) }),
        onExhausted,
      },
      drain: { timeout: `${drainTimeoutSeconds}s` },
    },
  };
}
