import type { Decision } from '../decide/decision.ts';
import type { Policy } from '../policy/policy.ts';
import type { Write } from './write.ts';

/** A burst pod that a virtual node failed and that nobody deletes yet. */
export interface FailedPod {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Its ReplicaSet counts it: deleted, it would be replaced. One whose phase is Failed has been replaced already. */
  readonly replica: boolean;
  /** It is chosen to leave with the replicas that are given up. */
  readonly leaves: boolean;
}

/** How many of them count as replicas: `CompanionObservation.failed`. */
export function failedReplicas(pods: readonly FailedPod[]): number {
  return pods.filter(({ replica }) => replica).length;
}

/**
 * The failed burst pods to delete now, to be made after `writes`, the plan of the same pass. Those that the plan chose to
 * leave are given up by lowering the replicas, so that nothing replaces them; deleting them first would. While the breaker
 * is open no other is deleted that would be replaced. What stays is deleted, for a failed pod never comes to run, and a
 * container group that came up after all would go on costing (virtual-kubelet: ProviderFailed sticks).
 */
export function planFailed(
  policy: Policy,
  decision: Decision,
  failed: readonly FailedPod[],
  writes: readonly Write[],
): readonly Write[] {
  const chosen = new Map(
    writes.flatMap((write) => (write.kind === 'SetDrain' ? [[write.name, write.drain !== undefined]] : [])),
  );
  return failed
    .filter(({ name, replica, leaves }) => {
      if (!replica) return true;
      return decision.breaker.state !== 'open' && !(chosen.get(name) ?? leaves);
    })
    .map(({ name, uid, resourceVersion }) => ({
      kind: 'DeletePod',
      namespace: policy.namespace,
      name,
      uid,
      resourceVersion,
      decisionId: decision.id,
    }));
}
