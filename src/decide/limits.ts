import type { Burst } from '../policy/policy.ts';
import type { LimitName } from './decision.ts';
import type { Observation } from './observation.ts';

/** One thing that grants less burst than the spill, in replicas. */
export interface Limit {
  readonly name: LimitName;
  readonly replicas: number;
}

export interface Limits {
  /** Never exceeded: a burst above it is drained. */
  readonly hard: readonly Limit[];
  /** Bounds growth only: a burst above it stays (never below what is asked for now). */
  readonly soft: readonly Limit[];
}

/** Every limit that applies now. `asked`: replicas that companions ask for (N). */
export function limitsOf(burst: Burst, suspended: boolean, observation: Observation, asked: number): Limits {
  const { limits, virtualPool, target, vmPool } = observation;
  const budget = burst.budget;
  const spent = budget.maxSpendPerDay !== undefined && limits.spentToday >= budget.maxSpendPerDay;
  const hard: (Limit | false)[] = [
    { name: 'MaxReplicas', replicas: burst.maxReplicas },
    suspended && { name: 'Suspended', replicas: 0 },
    budget.maxRatePerHour !== undefined &&
      limits.pricePerHour !== undefined &&
      limits.pricePerHour > 0 && {
        name: 'RatePerHour',
        replicas: Math.floor(budget.maxRatePerHour / limits.pricePerHour),
      },
    spent && budget.onExhausted === 'Drain' && { name: 'DailyBudget', replicas: 0 },
  ];
  const growth = (name: LimitName, more: number): Limit => ({ name, replicas: asked + Math.max(0, more) });
  const soft: (Limit | false)[] = [
    target.refusals.length > 0 && growth('NotEligible', 0),
    vmPool.matchingNodes === 0 && burst.withoutVmNodes === 'Forbid' && growth('NoVmNodes', 0),
    virtualPool.readyNodes === 0
      ? growth('NoVirtualNode', 0)
      : growth('VirtualNodeFull', virtualPool.freePods),
    limits.breaker === 'open' && growth('Breaker', 0),
    limits.breaker === 'half-open' && growth('Breaker', 1),
    spent && growth('DailyBudget', 0),
    limits.freeQuota !== undefined && growth('ProviderQuota', limits.freeQuota),
    limits.creationTokens !== undefined && growth('CreationPace', limits.creationTokens),
    limits.namespaceQuota !== undefined && growth('NamespaceQuota', limits.namespaceQuota),
  ];
  const applying = (limit: Limit | false): limit is Limit => limit !== false;
  return { hard: hard.filter(applying), soft: soft.filter(applying) };
}

/** The smallest of some limits; infinite without any. */
export function tightest(limits: readonly Limit[]): number {
  return Math.min(Number.POSITIVE_INFINITY, ...limits.map((limit) => limit.replicas));
}
