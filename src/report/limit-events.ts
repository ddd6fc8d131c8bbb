import type { Decision } from '../decide/decision.ts';

/** A change of money or failures that is worth an Event. */
export interface LimitChange {
  readonly reason: 'BreakerOpened' | 'BreakerClosed' | 'BudgetExhausted';
  readonly note: string;
}

/** What was told of limits: whether the breaker is known to have opened, and the day's budget to be gone. */
export interface ToldOfLimits {
  readonly broken: boolean;
  readonly exhausted: boolean;
}

export const noLimitsTold: ToldOfLimits = { broken: false, exhausted: false };

/**
 * A breaker that opened or closed again, a budget that is gone. The probes of a half-open breaker are part of one story; a
 * budget is told anew when a tenth of it was free again meanwhile: spend leaves the 24 h by drops.
 */
export function limitChanges(
  before: ToldOfLimits,
  { breaker, cost, reasons }: Decision,
): { readonly changes: readonly LimitChange[]; readonly told: ToldOfLimits } {
  const broken = breaker.state !== 'closed';
  const gone = cost?.leftToday === 0;
  const { spentToday = 0, leftToday = 0 } = cost ?? {};
  const roomy = !gone && leftToday >= (spentToday + leftToday) / 10;
  const said = (code: string): string => reasons.find((reason) => reason.code === code)?.message ?? '';
  const changes: readonly (LimitChange | false)[] = [
    broken &&
      !before.broken && { reason: 'BreakerOpened', note: said('BreakerOpen') || said('BreakerProbes') },
    !broken &&
      before.broken && { reason: 'BreakerClosed', note: 'A burst pod came to run, so bursts go on.' },
    gone && !before.exhausted && { reason: 'BudgetExhausted', note: said('Budget') },
  ];
  return {
    changes: changes.filter((one): one is LimitChange => one !== false),
    told: { broken, exhausted: gone || (before.exhausted && !roomy) },
  };
}
