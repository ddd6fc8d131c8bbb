import type { Observation } from './observation.ts';

/** Evidence beats prediction: what stuck pods say about a headroom that claims they fit. */
export interface Distrust {
  /** Since when pods have been stuck although they fit, nothing having bound in between. */
  readonly stuckSinceMs: number | undefined;
  /** Since when the headroom counts as zero. */
  readonly distrustedSinceMs: number | undefined;
}

export const trusting: Distrust = { stuckSinceMs: undefined, distrustedSinceMs: undefined };

/** The scheduler's backoff ends after 10 s (`podMaxBackoffSeconds`); 15 s leave room for its attempt. */
export const stuckForSeconds = 15;

/** The scheduler flushes unschedulable pods every 5 minutes: after that the prediction gets another chance. */
const distrustForSeconds = 300;

/** Carries the evidence on by one observation, given the headroom predicted from it. */
export function weigh(before: Distrust, observation: Observation, predicted: number): Distrust {
  const { atMs, pods, vmPool } = observation;
  const lastRoomMs = Math.max(pods.lastBoundAtMs ?? 0, vmPool.lastJoinedAtMs ?? 0);
  const { distrustedSinceMs } = before;
  if (distrustedSinceMs !== undefined) {
    const over = lastRoomMs > distrustedSinceMs || atMs - distrustedSinceMs >= distrustForSeconds * 1000;
    return over ? trusting : before;
  }
  if (predicted <= 0 || pods.stuck === 0) return trusting;
  const stuckSinceMs = Math.max(before.stuckSinceMs ?? atMs, lastRoomMs);
  const convincing = atMs - stuckSinceMs >= stuckForSeconds * 1000;
  return { stuckSinceMs, distrustedSinceMs: convincing ? atMs : undefined };
}

/** Seconds until the evidence, if it stays as it is, changes what counts as headroom. */
export function secondsToVerdict(distrust: Distrust, atMs: number): number {
  if (distrust.distrustedSinceMs !== undefined) {
    return Math.max(0, (distrust.distrustedSinceMs - atMs) / 1000 + distrustForSeconds);
  }
  return distrust.stuckSinceMs === undefined
    ? Number.POSITIVE_INFINITY
    : Math.max(0, (distrust.stuckSinceMs - atMs) / 1000 + stuckForSeconds);
}
