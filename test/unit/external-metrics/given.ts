import type { Known } from '../../../src/external-metrics/answer.ts';
import type { BurstPolicy } from '../../../src/policy/schema.ts';

export const nowMs = Date.UTC(2026, 0, 2, 3, 4, 20);

const bullmq = { queue: 'images', urlFrom: { secretKeyRef: { name: 'redis', key: 'url' } } };

/** A policy with two sources, as the leader left its status 15 s ago. */
export function policyWith(
  status: BurstPolicy['status'] | undefined = {},
  name = 'thumbnails',
  namespace = 'media',
): BurstPolicy {
  return {
    apiVersion: 'spillway.dev/v1alpha1',
    kind: 'BurstPolicy',
    metadata: { name, namespace },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      scaling: {
        maxReplicas: 100,
        sources: [
          { name: 'a', type: 'BullMQ', bullmq, backlogPerReplica: 20 },
          { name: 'b', type: 'RedisList', redisList: { ...bullmq, key: 'list:b' }, backlogPerReplica: 20 },
        ],
      },
      burst: { maxReplicas: 100 },
    },
    status: {
      stuck: 3,
      burst: { wanted: 9, granted: 8, running: 7 },
      sources: [
        { name: 'a', state: 'Ok', backlog: 42, oldestJobAge: '1m30s', demand: '2500m' },
        { name: 'b', state: 'Ok', backlog: 0, demand: '0' },
      ],
      lastDecision: { id: 'd', at: '2026-01-02T03:04:05.678Z', summary: 'x' },
      ...status,
    },
  };
}

/** What a replica knows that does not lead. */
export function knownOf(...policies: readonly BurstPolicy[]): Known {
  return {
    synced: () => true,
    policies: () => policies,
    decision: () => undefined,
    ledSecondsAgo: () => 2,
  };
}
