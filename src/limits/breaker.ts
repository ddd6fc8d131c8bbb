import type { FailureCause } from '../decide/observation.ts';
import { lately, oneMore, type Tally, total } from './tally.ts';

/**
 * Keeps bursts off a virtual pool, or one template off it, that fails. Pure; times are milliseconds since the epoch. Half-open is
 * what an open breaker becomes by time alone.
 */
export type Breaker =
  | {
      readonly state: 'closed';
      /** Of the last five minutes. */
      readonly failures: Tally;
      /** Pods that became Ready, bound after the oldest of these failures. */
      readonly successes: Tally;
    }
  | {
      readonly state: 'open';
      readonly sinceMs: number;
      readonly waitSeconds: number;
      /** Of the failure that opened it. */
      readonly cause: FailureCause;
    };

export type BreakerState = 'closed' | 'half-open' | 'open';

export const closedBreaker: Breaker = { state: 'closed', failures: [], successes: [] };

/** So many failures within five minutes open a closed breaker, with no success after the first of them. */
const failuresToOpen = 3;
/** So many open it if they are more than the successes: some that come up do not make good for many that never do. */
const failuresToOpenByShare = 5;
const shortestWaitSeconds = 60;
const longestWaitSeconds = 1800;

/** One of them opens the breaker: the provider has said that there is no more for now. */
const opensAtOnce: ReadonlySet<FailureCause> = new Set(['Quota', 'Capacity']);

/** The fault of one template, not of the pool: others go on. */
const templateFaults: ReadonlySet<FailureCause> = new Set(['Image', 'Rejected']);

/** The provider's, whatever the template. */
const poolFaults: ReadonlySet<FailureCause> = new Set(['Quota', 'Capacity', 'Network', 'Throttled']);

/** Whose a failure may be: `either` where it tells too little. */
export function faultOf(cause: FailureCause): 'template' | 'pool' | 'either' {
  if (templateFaults.has(cause)) return 'template';
  return poolFaults.has(cause) ? 'pool' : 'either';
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
  failure: {
    readonly cause: FailureCause;
    readonly boundAtMs: number | undefined;
    /** It opens a closed breaker by itself. */
    readonly decisive?: boolean;
  },
  nowMs: number,
): Breaker {
  const { cause } = failure;
  if (breaker.state === 'open') {
    const boundBefore = (failure.boundAtMs ?? nowMs) < breaker.sinceMs;
    if (boundBefore || stateOf(breaker, nowMs) === 'open') return breaker;
    const waitSeconds = Math.min(longestWaitSeconds, breaker.waitSeconds * 2);
    return { state: 'open', sinceMs: nowMs, waitSeconds, cause };
  }
  const failures = oneMore(breaker.failures, nowMs);
  const successes = lately(breaker.successes, nowMs);
  const opens = opensAtOnce.has(cause) || failure.decisive === true || areTooMany(failures, successes);
  return opens
    ? { state: 'open', sinceMs: nowMs, waitSeconds: shortestWaitSeconds, cause }
    : { state: 'closed', failures, successes };
}

function areTooMany(failures: Tally, successes: Tally): boolean {
  const [bad, good] = [total(failures), total(successes)];
  return good === 0 ? bad >= failuresToOpen : bad >= failuresToOpenByShare && bad > good;
}

/**
 * A pod became Ready for the first time. It closes an open breaker if it was bound after that opened, and counts against
 * the failures of a closed one if it was bound after the oldest of them: earlier ones prove nothing.
 */
export function succeeded(breaker: Breaker, boundAtMs: number | undefined, nowMs: number): Breaker {
  if (breaker.state === 'open') return (boundAtMs ?? 0) >= breaker.sinceMs ? closedBreaker : breaker;
  const failures = lately(breaker.failures, nowMs);
  const [oldest] = failures;
  if (oldest === undefined || (boundAtMs ?? 0) < oldest[0]) return breaker;
  return { state: 'closed', failures, successes: oneMore(breaker.successes, nowMs) };
}

/** Whether nothing of it has to be remembered: closed without failures, or opened so long ago that it says nothing. */
export function isIdle(breaker: Breaker, nowMs: number): boolean {
  if (breaker.state === 'closed') return lately(breaker.failures, nowMs).length === 0;
  return nowMs - breaker.sinceMs > forgottenAfterMs;
}

const forgottenAfterMs = 86_400_000;
