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
  /** A Job pays for its deletion; undefined: nobody does. */
  readonly toll: Toll | undefined;
}

/**
 * What it means that a Job counts the deletion of a pod that has not ended as a failure (kubernetes, job_controller.go,
 * `isPodFailed`). `Bearable`: it has not failed before and may fail again after it. `Later`: it is, but a pod that was
 * given up before has not found its place yet. `TooHigh`: the pod stays, for what is left of `backoffLimit` is the Job's own.
 */
export type Toll = 'Bearable' | 'Later' | 'TooHigh';

/** How many of them count as replicas: `CompanionObservation.failed`. */
export function failedReplicas(pods: readonly FailedPod[]): number {
  return pods.filter(({ replica }) => replica).length;
}

/** How many of them stay, because a Job would pay for their deletion. */
export function staying(pods: readonly FailedPod[]): number {
  return pods.filter(({ toll }) => toll === 'Later' || toll === 'TooHigh').length;
}

/**
 * The failed burst pods to delete now, to be made after `writes`, the plan of the same pass. Those that the plan chose to
 * leave are given up by lowering the replicas, so that nothing replaces them; deleting them first would. While the breaker
 * is open no other is deleted that would be replaced. What stays is deleted, for a failed pod never comes to run, and a
 * container group that came up after all would go on costing (virtual-kubelet: ProviderFailed sticks). A Job pays for that,
 * once if it can: one pod a pass, whatever the breaker, because what replaces it waits for a VM.
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
  const bearable = failed.find(({ toll }) => toll === 'Bearable');
  return failed
    .filter((pod) => {
      const { name, replica, leaves, toll } = pod;
      if (toll !== undefined) return pod === bearable;
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
