import type { Policy } from '../policy/policy.ts';
import type { Decision, LimitName } from './decision.ts';
import { type Exhausted, opensAgainAt } from './exhausted.ts';
import type { FailureCause, LimitsObservation, Observation } from './observation.ts';
import type { Reason } from './reasons.ts';
import { count, seconds } from './words.ts';

type Facts = Omit<Decision, 'reasons' | 'summary'>;

interface Background {
  readonly policy: Policy;
  readonly observation: Observation;
  readonly exhausted: Exhausted;
}

const limitWords: Readonly<Record<LimitName, string>> = {
  MaxReplicas: 'burst.maxReplicas',
  RatePerHour: 'budget.maxRatePerHour',
  DailyBudget: 'the budget',
  ClusterRatePerHour: "the cluster's rate per hour",
  ClusterDailyBudget: "the cluster's budget",
  Breaker: 'the breaker of the virtual pool, which has seen failures',
  NoVirtualNode: 'a virtual node that is Ready',
  VirtualNodeFull: 'free pod slots on the virtual node',
  ProviderQuota: "the provider's quota",
  CreationPace: 'the pace at which the provider creates',
  NamespaceQuota: "the namespace's ResourceQuota",
  Suspended: 'the suspended policy',
  NotEligible: 'a template that can run on the virtual node',
  NoVmNodes: 'a VM node that matches the template',
  CompanionNameTaken: 'the name of its companion, which somebody else has',
  NothingToRescue: 'stuck pods that can be let onto the virtual node',
};

/** What a limit that bites waits for: "the budget: 200 of 200 spent in 24 h". */
export function waitsFor(
  name: LimitName,
  { policy, observation: { limits }, exhausted }: Background,
): string {
  const more = details[name]?.(limits, policy.burst.budget, exhausted);
  return more === undefined ? limitWords[name] : `${limitWords[name]}: ${more}`;
}

type Detail = (
  limits: LimitsObservation,
  budget: Policy['burst']['budget'],
  exhausted: Exhausted,
) => string | undefined;

const details: Readonly<Partial<Record<LimitName, Detail>>> = {
  DailyBudget: (limits, budget, { own }) => spentWords(limits.spentToday, budget.maxSpendPerDay, own, limits),
  ClusterDailyBudget: (limits, _budget, exhausted) =>
    spentWords(limits.cluster?.spentToday ?? 0, limits.cluster?.maxSpendPerDay, exhausted.cluster, limits),
  RatePerHour: ({ pricePerHour }, { maxRatePerHour }) =>
    maxRatePerHour === undefined || pricePerHour === undefined
      ? undefined
      : `${money(maxRatePerHour)} at ${money(pricePerHour)} a replica`,
  ClusterRatePerHour: ({ cluster }) =>
    `${money(cluster?.maxRatePerHour ?? 0)}, of which others have ${money(cluster?.rateOthers ?? 0)}`,
  CreationPace: ({ tokenSeconds }) =>
    tokenSeconds === undefined ? undefined : `the next in ${wait(tokenSeconds)}`,
  Breaker: breakerWords,
  ProviderQuota: quotaWords,
};

function quotaWords({ quota }: LimitsObservation): string | undefined {
  if (quota === undefined) return undefined;
  if (quota.state === 'unknown') return 'it cannot be read, and azure.whenUnknown says Hold';
  const promised = Math.max(0, quota.limit - quota.used - quota.free);
  const others = promised > 0 ? `, ${count(promised)} promised` : '';
  return `${quota.name}, ${count(quota.used)} of ${count(quota.limit)} in use${others}`;
}

function spentWords(
  spent: number,
  max: number | undefined,
  gone: boolean,
  limits: LimitsObservation,
): string | undefined {
  if (max === undefined) return undefined;
  if (limits.spendUnknown === true) return 'what was spent in 24 h is not known';
  const words = `${money(spent)} of ${money(max)} spent in 24 h`;
  if (gone) return `${words}, which opens again at ${money(opensAgainAt(max))}`;
  return spent < max ? `${words}, and the rest has to last for an hour` : words;
}

const causeWords: Readonly<Record<FailureCause, string>> = {
  Quota: "the provider's quota is used up",
  Capacity: 'the provider has no capacity',
  Image: 'the image cannot be pulled',
  Network: "the virtual node's network is not ready",
  Throttled: 'the provider throttles',
  Rejected: 'the provider refuses the pod',
  StuckCreating: 'pods do not come to run',
  Vanished: 'pods vanished from the provider',
  Unknown: 'pods fail, and the provider does not say why',
};

function breakerWords({ breaker, breakerCause, breakerSeconds, probing }: LimitsObservation): string {
  const cause = breakerCause === undefined ? '' : `${causeWords[breakerCause]}; `;
  if (breaker !== 'half-open') {
    return `${cause}tried again ${breakerSeconds === undefined ? 'later' : `in ${wait(breakerSeconds)}`}`;
  }
  return `${cause}${probing === true ? 'a probe is on its way' : 'one replica probes'}`;
}

/** What there is to say of money and failures, whether or not they limit anything now. */
export function limitReasons(facts: Facts, { policy, observation }: Background): readonly Reason[] {
  const { limits } = observation;
  const { budget } = policy.burst;
  const { cost, breaker } = facts;
  const budgeted =
    budget.maxRatePerHour !== undefined ||
    budget.maxSpendPerDay !== undefined ||
    limits.cluster !== undefined;
  const capped = budget.maxSpendPerDay !== undefined || limits.cluster?.maxSpendPerDay !== undefined;
  const found: (Reason | false)[] = [
    budgeted &&
      limits.pricePerHour === undefined && {
        code: 'BudgetWithoutPrice',
        message:
          'A budget is set, but no price of the virtual pool is configured (virtualPools[].price), so it does not bite.',
        numbers: {},
      },
    capped &&
      limits.spendUnknown === true && {
        code: 'SpendUnknown',
        message:
          'What was spent in the last 24 h is not known, so nothing more bursts on a budget for the day (docs/budget.md).',
        numbers: { spentSince: limits.spentToday },
      },
    limits.quota?.state === 'unknown' && {
      code: 'QuotaUnknown',
      message: quotaUnknown(limits.quota.ageSeconds),
      numbers: {},
    },
    budget.maxSpendPerDay !== undefined &&
      cost?.leftToday !== undefined && {
        code: 'Budget',
        message: budgetSentence(facts, budget.maxSpendPerDay),
        numbers: numbersOf({
          spentToday: cost.spentToday,
          maxSpendPerDay: budget.maxSpendPerDay,
          ratePerHour: cost.ratePerHour,
        }),
      },
    breaker.state === 'open' && {
      code: 'BreakerOpen',
      message: `Burst pods failed, so no more are started: ${breakerWords(limits)}.`,
      numbers: {},
    },
    breaker.state === 'half-open' && {
      code: 'BreakerProbes',
      message: `Burst pods failed, so one is tried before more are started: ${breakerWords(limits)}.`,
      numbers: {},
    },
  ];
  return found.filter((one): one is Reason => one !== false);
}

function quotaUnknown(ageSeconds: number | undefined): string {
  const since = ageSeconds === undefined ? 'was not read yet' : `was last read ${wait(ageSeconds)} ago`;
  return `The provider's quota ${since}, so nobody knows how much more may burst (docs/azure.md).`;
}

function budgetSentence({ cost, atMs }: Facts, max: number): string {
  const spent = `${money(cost?.spentToday ?? 0)} of ${money(max)} spent in 24 h`;
  const lasts = cost?.exhaustedInSeconds;
  if (lasts === undefined || cost?.leftToday === 0) return `${spent}.`;
  // Spend leaves the 24 h as it comes: a budget that lasts for a day lasts for ever.
  return lasts >= 86_400
    ? `${spent}, which lasts at this rate.`
    : `${spent}, at this rate until ${clock(atMs + lasts * 1000)}.`;
}

/** `17:40 UTC`. */
function clock(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(11, 16)} UTC`;
}

/** In whole units: a sentence that changes with each second is a sentence that is written each second. */
function wait(value: number): string {
  const whole = value < 60 ? Math.max(10, Math.ceil(value / 10) * 10) : Math.ceil(value / 60) * 60;
  return whole < 60 ? seconds(whole) : `${count(whole / 60)} min`;
}

/** `12.5`, `0.047`: an amount with as many decimals as it needs to be told from nothing. */
function money(amount: number): string {
  if (Number.isInteger(amount)) return count(amount);
  return amount >= 1 ? amount.toFixed(2).replace(/\.?0+$/, '') : String(Number(amount.toPrecision(2)));
}

function numbersOf(numbers: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, Math.round(value * 1e4) / 1e4]),
  );
}
