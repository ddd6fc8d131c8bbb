import type { Burst } from '../policy/policy.ts';
import type { BreakerTold, Cost, LimitName } from './decision.ts';
import { type Exhausted, paidAheadSeconds } from './exhausted.ts';
import type { LimitsObservation, Observation, RefusedPods } from './observation.ts';

/** One thing that grants less burst than the spill, in replicas. */
export interface Limit {
  readonly name: LimitName;
  readonly replicas: number;
}

export interface Limits {
  /** Never exceeded: a burst above it is drained. */
  readonly hard: readonly Limit[];
  /** Bounds growth only: a burst above it stays (never below what is asked for now and has not failed). */
  readonly soft: readonly Limit[];
}

/** A limit that applies only sometimes. */
type Maybe = Limit | false;

/** So much of a replica is a whole one: prices are decimals, and 2 / 0.1 must not come out as 19. */
const slack = 1e-9;

/**
 * Every limit that applies now. `asked`: replicas that companions ask for (N). Those among them that the virtual node
 * failed are no burst: growth counts without them, so that they are not replaced where nothing may grow. Nor are those
 * that a ResourceQuota refuses: a ReplicaSet tries them ever more seldom (client-go's workqueue: up to 1000 s), and asked
 * for anew they come as soon as the quota admits them.
 */
export function limitsOf(
  burst: Burst,
  suspended: boolean,
  observation: Observation,
  asked: number,
  exhausted: Exhausted,
): Limits {
  const { limits, virtualPool, target, vmPool } = observation;
  const failed = observation.companions.reduce((sum, companion) => sum + (companion.failed ?? 0), 0);
  const refused = observation.companions.reduce((sum, { refused: one }) => sum + overQuota(one), 0);
  const stands = Math.max(0, asked - failed - refused);
  const growth = (name: LimitName, more: number): Limit => ({ name, replicas: stands + Math.max(0, more) });
  const probes = limits.probing === true ? 0 : 1;
  const hard: Maybe[] = [
    { name: 'MaxReplicas', replicas: burst.maxReplicas },
    suspended && { name: 'Suspended', replicas: 0 },
    ...hardBudgets(burst, limits, exhausted),
  ];
  const soft: Maybe[] = [
    target.refusals.length > 0 && growth('NotEligible', 0),
    target.companionNameTaken === true && growth('CompanionNameTaken', 0),
    vmPool.matchingNodes === 0 && burst.withoutVmNodes === 'Forbid' && growth('NoVmNodes', 0),
    virtualPool.readyNodes === 0
      ? growth('NoVirtualNode', 0)
      : growth('VirtualNodeFull', virtualPool.freePods),
    limits.breaker === 'open' && growth('Breaker', 0),
    limits.breaker === 'half-open' && growth('Breaker', probes),
    ...softBudgets(burst, limits, asked, growth),
    limits.freeQuota !== undefined && growth('ProviderQuota', limits.freeQuota),
    limits.creationTokens !== undefined && growth('CreationPace', limits.creationTokens),
    // Pods that are rescued exist: they have their part of it.
    limits.namespaceQuota !== undefined &&
      burst.strategy === 'Companion' &&
      growth('NamespaceQuota', limits.namespaceQuota),
    // A rescue makes no pods: it lets on those that are there.
    observation.rescued !== undefined && growth('NothingToRescue', observation.rescued.waitingSeconds.length),
  ];
  return { hard: hard.filter(applying), soft: soft.filter(applying) };
}

/** A quota that wants limits in the template refuses for another reason than its size: it admits none however few are asked. */
function overQuota(refused: RefusedPods | undefined): number {
  return refused?.cause === 'QuotaExceeded' ? refused.pods : 0;
}

function hardBudgets({ budget }: Burst, limits: LimitsObservation, exhausted: Exhausted): readonly Maybe[] {
  const { cluster } = limits;
  return [
    budget.maxRatePerHour !== undefined &&
      priced(limits) && { name: 'RatePerHour', replicas: affordable(budget.maxRatePerHour, limits) },
    // The policies that come first have their part of the cluster's rate; those after this one make room for it.
    cluster?.maxRatePerHour !== undefined &&
      priced(limits) && {
        name: 'ClusterRatePerHour',
        replicas: affordable(cluster.maxRatePerHour - cluster.rateBefore, limits),
      },
    exhausted.own && { name: 'DailyBudget', replicas: 0 },
    exhausted.cluster && { name: 'ClusterDailyBudget', replicas: 0 },
  ];
}

function softBudgets(
  { budget }: Burst,
  limits: LimitsObservation,
  asked: number,
  growth: (name: LimitName, more: number) => Limit,
): readonly Maybe[] {
  const { cluster } = limits;
  const unknown = limits.spendUnknown === true;
  const own = asked * (limits.pricePerHour ?? 0);
  return [
    mayNotSpend(budget, limits.spentToday, unknown) && growth('DailyBudget', 0),
    paysAhead(budget) &&
      priced(limits) &&
      growth('DailyBudget', affordable(aheadPerHour(budget, limits.spentToday) - own, limits)),
    cluster?.maxRatePerHour !== undefined &&
      priced(limits) &&
      growth('ClusterRatePerHour', affordable(cluster.maxRatePerHour - cluster.rateOthers - own, limits)),
    cluster !== undefined &&
      mayNotSpend(cluster, cluster.spentToday, unknown) &&
      growth('ClusterDailyBudget', 0),
    cluster !== undefined &&
      paysAhead(cluster) &&
      priced(limits) &&
      growth(
        'ClusterDailyBudget',
        affordable(aheadPerHour(cluster, cluster.spentToday) - cluster.rateOthers - own, limits),
      ),
  ];
}

type Priced = LimitsObservation & { readonly pricePerHour: number };

function priced(limits: LimitsObservation): limits is Priced {
  return limits.pricePerHour !== undefined && limits.pricePerHour > 0;
}

function affordable(ratePerHour: number, { pricePerHour }: Priced): number {
  return Math.max(0, Math.floor(ratePerHour / pricePerHour + slack));
}

function isSpent(
  { maxSpendPerDay }: { readonly maxSpendPerDay: number | undefined },
  spent: number,
): boolean {
  return maxSpendPerDay !== undefined && spent >= maxSpendPerDay;
}

type Draining = { readonly maxSpendPerDay: number; readonly onExhausted: 'Drain' };

/**
 * Who drains on the last penny grows only as far as the rest pays for all that bursts, for long enough that it was worth
 * its start.
 */
function paysAhead(budget: {
  readonly maxSpendPerDay: number | undefined;
  readonly onExhausted: 'Keep' | 'Drain';
}): budget is Draining {
  return budget.maxSpendPerDay !== undefined && budget.onExhausted === 'Drain';
}

/** What a burst may cost per hour so that what is left of the day's budget lasts as long as it has to. */
function aheadPerHour({ maxSpendPerDay }: Draining, spent: number): number {
  return (maxSpendPerDay - spent) / (paidAheadSeconds / 3600);
}

/** Spend that is not known may be any: nothing grows then, and nothing is drained either. */
function mayNotSpend(
  budget: { readonly maxSpendPerDay: number | undefined },
  spent: number,
  unknown: boolean,
): boolean {
  return isSpent(budget, spent) || (unknown && budget.maxSpendPerDay !== undefined);
}

function applying(limit: Maybe): limit is Limit {
  return limit !== false;
}

/** The smallest of some limits; infinite without any. */
export function tightest(limits: readonly Limit[]): number {
  return Math.min(Number.POSITIVE_INFINITY, ...limits.map((limit) => limit.replicas));
}

/** Seconds until a limit may give way by itself: a token, a probe, a budget that opens, a quota read anew; infinite: none. */
export function secondsToRelief(limits: LimitsObservation): number {
  const waits = [limits.tokenSeconds, limits.breakerSeconds, limits.budgetSeconds, limits.quotaSeconds];
  // A token that comes back within the second is no reason to look at once, again and again.
  return Math.min(
    ...waits.map((seconds) => (seconds === undefined ? Number.POSITIVE_INFINITY : Math.max(1, seconds))),
  );
}

/** What the burst costs, and for how long the day's budget lasts; undefined: no price is configured. */
export function costOf({ budget }: Burst, { limits, pods }: Observation): Cost | undefined {
  if (limits.pricePerHour === undefined) return undefined;
  const { ratePerHour = limits.pricePerHour * pods.burstRunning, spentToday } = limits;
  const known = budget.maxSpendPerDay !== undefined && limits.spendUnknown !== true;
  const leftToday = known ? Math.max(0, (budget.maxSpendPerDay ?? 0) - spentToday) : undefined;
  return {
    ratePerHour,
    spentToday,
    leftToday,
    exhaustedInSeconds:
      leftToday === undefined || ratePerHour <= 0 ? undefined : (leftToday / ratePerHour) * 3600,
  };
}

/** The breaker as it is told. */
export function breakerOf({ breaker, breakerCause }: LimitsObservation): BreakerTold {
  return { state: breaker, cause: breakerCause };
}
