import { rescuedAnnotation } from '../policy/annotations.ts';
import type { Policy } from '../policy/policy.ts';
import type { FreeRoom } from './free-room.ts';
import { isLive, isOver, type SlimPod } from './slim.ts';

export { rescuedAnnotation };

/**
 * Those of a target's pods that were let onto the virtual pool and exist still, going ones included. One that a VM took
 * after all is an ordinary pod again. None under the strategy `Companion`: what was rescued before then counts as a pod
 * that runs on the virtual node anyway.
 */
export function rescuedAmong(policy: Policy, pods: readonly SlimPod[], room: FreeRoom): readonly SlimPod[] {
  if (policy.burst.strategy !== 'Rescue') return [];
  return pods.filter(
    (pod) =>
      !isOver(pod) &&
      pod.annotations[rescuedAnnotation] !== undefined &&
      (pod.nodeName === undefined || room.isVirtual(pod.nodeName)),
  );
}

/** A target's pods that the scheduler calls unschedulable and that were not let on yet, those that wait longest first. */
export function stuckAmong(pods: readonly SlimPod[]): readonly SlimPod[] {
  return pods
    .filter(
      (pod) =>
        isLive(pod) &&
        pod.stuckSinceMs !== undefined &&
        pod.nodeName === undefined &&
        pod.annotations[rescuedAnnotation] === undefined,
    )
    .sort(byWait);
}

function byWait(a: SlimPod, b: SlimPod): number {
  return (
    (a.stuckSinceMs ?? 0) - (b.stuckSinceMs ?? 0) ||
    a.createdAtMs - b.createdAtMs ||
    (a.name < b.name ? -1 : 1)
  );
}
