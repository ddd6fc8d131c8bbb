import { readDrainNote } from '../act/drain-note.ts';
import type { FailedPod } from '../act/failed.ts';
import { isLive, type SlimPod } from '../cluster/slim.ts';
import type { FailureCause } from '../decide/observation.ts';

/** The failed ones among burst pods. `failureOf`: that of BurstLimits. */
export function failedAmong(
  pods: readonly SlimPod[],
  failureOf: (pod: SlimPod) => FailureCause | undefined,
): readonly FailedPod[] {
  return pods
    .filter((pod) => pod.endsAtMs === undefined && failureOf(pod) !== undefined)
    .map((pod) => ({
      name: pod.name,
      uid: pod.uid,
      resourceVersion: pod.resourceVersion,
      replica: isLive(pod),
      leaves: readDrainNote(pod.annotations) !== undefined,
    }));
}
