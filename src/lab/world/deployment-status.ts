import { withCondition } from './conditions.ts';
import type { Deployment, ReplicaSet, WorkloadStatus } from './kube.ts';
import { boundsOf, sum } from './rolling.ts';

/** The status of a Deployment out of those of its ReplicaSets (deployment/sync.go, calculateStatus). */
export function deploymentStatus(
  deployment: Deployment,
  fresh: ReplicaSet | undefined,
  all: readonly ReplicaSet[],
  nowMs: number,
): WorkloadStatus {
  const wanted = deployment.spec.replicas ?? 1;
  const replicas = sum(all, ({ status }) => status.replicas ?? 0);
  const available = sum(all, ({ status }) => status.availableReplicas ?? 0);
  const updated = fresh?.status.replicas ?? 0;
  const asked = sum(all, ({ spec }) => spec.replicas ?? 0);
  const isAvailable = available >= wanted - boundsOf(deployment).unavailable;
  const complete =
    updated === wanted &&
    replicas === wanted &&
    available === wanted &&
    fresh?.status.observedGeneration === fresh?.metadata.generation;
  const { conditions } = deployment.status;
  const withAvailable = withCondition(
    conditions,
    isAvailable
      ? {
          type: 'Available',
          status: 'True',
          reason: 'MinimumReplicasAvailable',
          message: 'Deployment has minimum availability.',
        }
      : {
          type: 'Available',
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
        },
    nowMs,
  );
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas,
    updatedReplicas: updated,
    readyReplicas: sum(all, ({ status }) => status.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, asked - available),
    conditions: withCondition(
      withAvailable,
      complete
        ? { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' }
        : { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated' },
      nowMs,
    ),
  };
}
