import type { FailureCause } from '../decide/observation.ts';

/**
 * Keeps bursts off a virtual pool, or one template off it, that fails. Pure; times are milliseconds since the epoch. Half-open is
 * what an open breaker becomes by time alone.
 */
export type Breaker =
  | {
      readonly state: 'closed';
      /** Failures of the last five minutes since the last success, oldest first. */
      readonly recentMs: readonly number[];
    }
  | {
      readonly state: 'open';
      readonly sinceMs: number;
      readonly waitSeconds: number;
      /** Of the failure that opened it. */
      readonly cause: FailureCause;
    };

export type BreakerState = 'closed' | 'half-open' | 'open';

export const closedBreaker: Breaker = { state: 'closed', recentMs: [] };

/** So many failures within the window, with no success between, open a closed breaker. */
const failuresToOpen = 3;
const windowMs = 300_000;
const shortestWaitSeconds = 60;
const longestWaitSeconds = 1800;

/** One of them opens the breaker: the provider has said that there is no more for now. */
const opensAtOnce: ReadonlySet<FailureCause> = new Set(['Quota', 'Capacity']);

/** The fault of one template, not of the pool: others go on. */
const templateFaults: ReadonlySet<FailureCause> = new Set(['Image', 'Rejected']);

/** Whether a failure is the fault of the template alone. */
export function isTemplateFault(cause: FailureCause): boolean {
  return templateFaults.has(cause);
}

export function stateOf(breaker: Breaker, nowMs: number): BreakerState {
  if (breaker.state === 'closed') return 'closed';
  return secondsToProbe(breaker, nowMs) > 0 ? 'open' : 'half-open';
}

/** Seconds until an open breaker lets a probe through; 0: it does now, or is closed. */
export function secondsToProbe(breaker: Breaker, nowMs: number): number {
  if (breaker.state === 'closed') return 0;
  // On a clock that was set back it waits in full from the moment at which that has caught up.
  const waitedSeconds = Math.max(0, (nowMs - breaker.sinceMs) / 1000);
  return Math.max(0, breaker.waitSeconds - waitedSeconds);
}

/** When an open breaker became half-open, or will, milliseconds since the epoch; undefined: it is closed. */
export function probesFromMs(breaker: Breaker): number | undefined {
  return breaker.state === 'closed' ? undefined : breaker.sinceMs + breaker.waitSeconds * 1000;
}

/**
 * A pod has failed. While the breaker is open, pods from before fail one after the other and change nothing; in half-open
 * the probe's failure opens it again for twice as long, those of pods bound earlier change nothing.
 */
export function failed(
  breaker: Breaker,
  failure: { readonly cause: FailureCause; readonly boundAtMs: number | undefined },
  nowMs: number,
): Breaker {
  const { cause } = failure;
  if (breaker.state === 'open') {
    const boundBefore = (failure.boundAtMs ?? nowMs) < breaker.sinceMs;
    if (boundBefore || stateOf(breaker, nowMs) === 'open') return breaker;
    const waitSeconds = Math.min(longestWaitSeconds, breaker.waitSeconds * 2);
    return { state: 'open', sinceMs: nowMs, waitSeconds, cause };
  }
  const recentMs = [...breaker.recentMs.filter((atMs) => atMs > nowMs - windowMs && atMs <= nowMs), nowMs];
  return opensAtOnce.has(cause) || recentMs.length >= failuresToOpen
    ? { state: 'open', sinceMs: nowMs, waitSeconds: shortestWaitSeconds, cause }
    : { state: 'closed', recentMs };
}

/** A pod became Ready. It closes an open breaker if it was bound after that opened: earlier ones prove nothing. */
export function succeeded(breaker: Breaker, boundAtMs: number | undefined): Breaker {
  if (breaker.state === 'open') return (boundAtMs ?? 0) >= breaker.sinceMs ? closedBreaker : breaker;
  return breaker.recentMs.length === 0 ? breaker : closedBreaker;
}

/** Whether nothing of it has to be remembered: closed without failures, or opened so long ago that it says nothing. */
export function isIdle(breaker: Breaker, nowMs: number): boolean {
  if (breaker.state === 'closed') return breaker.recentMs.every((atMs) => atMs <= nowMs - windowMs);
  return nowMs - breaker.sinceMs > forgottenAfterMs;
}

const forgottenAfterMs = 86_400_000;
