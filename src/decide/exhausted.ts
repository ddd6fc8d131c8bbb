import type { LimitsObservation } from './observation.ts';

/** Which of a policy's day's budgets are gone, as far as that takes its burst back (`onExhausted: Drain`). */
export interface Exhausted {
  /** The policy's own. */
  readonly own: boolean;
  readonly cluster: boolean;
}

/**
 * Also after a restart: what is spent by then tells whether a budget is gone, and one that had not opened again yet may
 * grow no further than its rest pays ahead.
 */
export const notExhausted: Exhausted = { own: false, cluster: false };

/** What a budget was paid ahead for before a burst on it may grow, seconds. */
export const paidAheadSeconds = 3600;

/**
 * A budget that is gone opens again at this part of it. Spend leaves the 24 h a few minutes' worth at a time: opened at
 * once, a budget would pay for a burst of minutes, again and again.
 */
const opensAt = 0.9;

interface Budget {
  readonly maxSpendPerDay: number | undefined;
  readonly onExhausted: 'Keep' | 'Drain';
}

/** Which budgets are gone now, given which were at the last decision. */
export function exhaustedNow(before: Exhausted, own: Budget, limits: LimitsObservation): Exhausted {
  const { cluster, spentToday } = limits;
  const unknown = limits.spendUnknown === true;
  return {
    own: isGone(before.own, own, spentToday, unknown),
    cluster: cluster !== undefined && isGone(before.cluster, cluster, cluster.spentToday, unknown),
  };
}

/** At how much spend a budget that is gone opens again. */
export function opensAgainAt(maxSpendPerDay: number): number {
  return opensAt * maxSpendPerDay;
}

function isGone(before: boolean, budget: Budget, spent: number, unknown: boolean): boolean {
  const { maxSpendPerDay, onExhausted } = budget;
  if (maxSpendPerDay === undefined || onExhausted === 'Keep') return false;
  // Spend that is not known may be any: it opens nothing.
  return spent >= maxSpendPerDay || (before && (unknown || spent > opensAgainAt(maxSpendPerDay)));
}
