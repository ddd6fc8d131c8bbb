import { readDrainNote } from '../act/drain-note.ts';
import { type FailedPod, staying, type Toll } from '../act/failed.ts';
import { isLive, type SlimJob, type SlimPod } from '../cluster/slim.ts';
import { wantedByJob } from '../cluster/target.ts';
import type { FailureCause, RescuedObservation } from '../decide/observation.ts';
import { sentence } from '../errors.ts';

/**
 * The failed ones among burst pods. `failureOf`: that of BurstLimits. `jobs`: those whose deletion a Job would pay for are
 * told by it; left out: no Job owns any.
 */
export function failedAmong(
  pods: readonly SlimPod[],
  failureOf: (pod: SlimPod) => FailureCause | undefined,
  jobs?: JobsOfPods,
): readonly FailedPod[] {
  const failed = pods.filter((pod) => pod.endsAtMs === undefined && failureOf(pod) !== undefined);
  const tollOf = jobs === undefined || failed.length === 0 ? () => undefined : tolls(jobs);
  return failed.map((pod) => ({
    name: pod.name,
    uid: pod.uid,
    resourceVersion: pod.resourceVersion,
    replica: isLive(pod),
    leaves: readDrainNote(pod.annotations) !== undefined,
    toll: tollOf(pod),
  }));
}

/** What is rescued, with the failed pods that stay told among those that nothing can be done for. */
export function withStaying(rescued: RescuedObservation, failed: readonly FailedPod[]): RescuedObservation {
  const pods = staying(failed);
  if (pods === 0) return rescued;
  const code = 'RESCUE_FAILED';
  return { ...rescued, unrescuable: [{ code, message: sentence(code, {}), pods }, ...rescued.unrescuable] };
}

/** Jobs that are not finished, with all their pods. */
export interface JobsOfPods {
  readonly jobs: readonly SlimJob[];
  readonly pods: readonly SlimPod[];
}

function tolls({ jobs, pods }: JobsOfPods): (pod: SlimPod) => Toll | undefined {
  const byUid = new Map(jobs.map((job) => [job.uid, job]));
  const podsOf = Map.groupBy(pods, ({ ownerUid }) => ownerUid);
  const busy = jobs.some((job) => isReplacing(job, podsOf.get(job.uid) ?? []));
  return (pod) => {
    const job = byUid.get(pod.ownerUid ?? '');
    if (job === undefined || !isLive(pod)) return undefined;
    // One failure at most, and one that leaves the Job another: the next may be its own.
    if (job.failed > 0 || job.backoffLimit < 2) return 'TooHigh';
    return busy ? 'Later' : 'Bearable';
  };
}

/**
 * Whether what replaces a failed pod of a Job has no place yet: the pod goes, its successor is to be made (the Job waits 10 s
 * and longer), or has no node. Told by the pods, so that a count of failures that lags behind them does no harm.
 */
function isReplacing(job: SlimJob, pods: readonly SlimPod[]): boolean {
  const live = pods.filter(isLive);
  if (live.length < wantedByJob(job)) return true;
  return job.failed > 0 && live.some(({ nodeName }) => nodeName === undefined);
}
