import type { adapt } from '../../act/adapt.ts';
import { constant } from '../world/distribution.ts';
import type { KubeInput } from '../world/kube.ts';
import type { Arrivals, Scenario } from '../world/types.ts';
import type { Contender } from './contender.ts';
import type { ScenarioFile } from './scenario-schema.ts';

/** The virtual pool of the lab's virtual node: that of the AKS add-on. */
export type VirtualPool = Parameters<typeof adapt>[1];

export const virtualNodeName = 'virtual-node-aci-linux';

/** The name under which the HPA of a contender is made. */
export const hpaName = 'by-backlog';

/** The configuration that a controller would have for the scenario's virtual pool. */
export function virtualPoolOf({ prices }: ScenarioFile): VirtualPool {
  return {
    name: 'aks-addon',
    kind: 'AksAddon',
    nodeSelector: { type: 'virtual-kubelet', 'kubernetes.azure.com/managed': 'false' },
    tolerations: [
      { key: 'virtual-kubelet.io/provider', operator: 'Exists', value: undefined, effect: 'NoSchedule' },
    ],
    price: { perCpuHour: prices.cpuHour, perMemoryGbHour: prices.memoryGbHour },
  };
}

/** The cluster at the beginning, the same for every contender but for what each brings along. */
export function worldOf(scenario: ScenarioFile, contender: Contender, arrivals: Arrivals): Scenario {
  const { workload, autoscaler, virtualPool } = scenario;
  const ms = (seconds: number): number => seconds * 1000;
  return {
    pools: scenario.pools.map(({ boot, minNodes, maxNodes, ...pool }) => ({
      ...pool,
      ...(minNodes === undefined ? {} : { minNodes }),
      ...(maxNodes === undefined ? {} : { maxNodes }),
      ...(boot === undefined ? {} : { bootMs: boot }),
    })),
    ...(autoscaler.enabled
      ? {
          autoscaler: {
            ...(autoscaler.scanInterval === undefined ? {} : { scanMs: ms(autoscaler.scanInterval) }),
            ...(autoscaler.unneeded === undefined ? {} : { unneededMs: ms(autoscaler.unneeded) }),
            ...(autoscaler.delayAfterAdd === undefined
              ? {}
              : { delayAfterAddMs: ms(autoscaler.delayAfterAdd) }),
            ...(autoscaler.vmQuota === undefined ? {} : { vmQuota: autoscaler.vmQuota }),
          },
        }
      : {}),
    virtualNodes: [
      {
        name: virtualNodeName,
        settings: {
          quotaCores: virtualPool.quotaCores,
          createsPer5Minutes: virtualPool.createsPer5Minutes,
          createsPerHour: virtualPool.createsPerHour,
          ...(virtualPool.start === undefined ? {} : { startMs: virtualPool.start }),
        },
      },
    ],
    queues: [
      {
        name: scenario.queue,
        namespace: workload.namespace,
        workers: { app: workload.name },
        concurrency: workload.concurrency,
        serviceMs: workload.service,
        workerStartMs: workload.workerStart ?? constant(0),
        failureShare: workload.failureShare,
        drains: true,
        objectiveMs: ms(scenario.slo.startWithin),
        arrivals,
      },
    ],
    objects: objectsOf(scenario, contender),
    // Nobody watches this world from outside.
    changeLogLength: 100,
  };
}

function objectsOf(scenario: ScenarioFile, contender: Contender): NonNullable<Scenario['objects']> {
  const target = {
    resource: 'deployments',
    object: deployment(scenario, replicasAtStart(scenario, contender)),
  };
  switch (contender.type) {
    case 'policy':
      return [target, { resource: 'burstpolicies', object: policyObject(contender, scenario) }];
    case 'static':
      return [target];
    case 'hpa-cluster-autoscaler':
    case 'keda':
      return [target, { resource: 'horizontalpodautoscalers', object: hpa(scenario, contender) }];
  }
}

function replicasAtStart({ workload }: ScenarioFile, contender: Contender): number {
  return contender.type === 'static' ? contender.replicas : workload.replicas;
}

function deployment({ workload }: ScenarioFile, replicas: number): KubeInput {
  const { name, namespace, requests } = workload;
  return {
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: Math.ceil(workload.gracePeriod),
          containers: [{ name: 'worker', image: 'worker', resources: { requests } }],
        },
      },
    },
  };
}

function policyObject(
  { policy }: Extract<Contender, { type: 'policy' }>,
  { workload }: ScenarioFile,
): KubeInput {
  const { name } = policy.metadata;
  return { metadata: { name, namespace: workload.namespace }, spec: policy.spec };
}

/** As KEDA makes it too: an external metric, its average value over the replicas. */
function hpa(
  { workload, queue }: ScenarioFile,
  { minReplicas, maxReplicas, backlogPerReplica }: Extract<Contender, { maxReplicas: number }>,
): KubeInput {
  return {
    metadata: { name: hpaName, namespace: workload.namespace },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: workload.name },
      minReplicas: Math.max(1, minReplicas),
      maxReplicas,
      metrics: [
        {
          type: 'External',
          external: {
            metric: { name: 'queue_backlog', selector: { matchLabels: { queue } } },
            target: { type: 'AverageValue', averageValue: `${Math.round(backlogPerReplica * 1000)}m` },
          },
        },
      ],
    },
  };
}
