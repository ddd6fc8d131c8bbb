import type { DrainObservation } from '../decide/observation.ts';
import type { StandingPod } from './drain-order.ts';

/**
 * Of a companion's replicas, those that are on their way out (K): what is left are the pods that stay and those that are
 * not made yet. Pods that the ReplicaSet deletes already are no replicas any more.
 */
export function leavingOf(replicas: number, live: readonly Pick<StandingPod, 'drain'>[]): number {
  const staying = live.filter(({ drain }) => drain === undefined).length;
  const missing = Math.max(0, replicas - live.length);
  return Math.max(0, replicas - staying - missing);
}

/** Sums up the drains of a policy for the decision. */
export function drainsAmong(burst: readonly StandingPod[], target: readonly StandingPod[]): DrainObservation {
  const leaving = (pods: readonly StandingPod[]): readonly StandingPod[] =>
    pods.filter(({ drain }) => drain !== undefined);
  return {
    burst: leaving(burst).length,
    target: leaving(target).length,
    busy: leaving([...burst, ...target]).filter(({ work }) => work.busyJobs > 0).length,
    guessed: burst.filter(({ phase, work }) => phase === 'Running' && !work.reports).length,
  };
}
