import type { LimitName } from '../decide/decision.ts';
import type { FailureCause } from '../decide/observation.ts';
import type { ReasonCode } from '../decide/reasons.ts';
import { type MetricDefinition, metricDefinitions } from './metric-definitions.ts';

/** What a series is one of, besides being one of the controller's. */
export type Scope = 'policy' | 'source' | 'pool' | 'resource' | 'quota' | 'calls' | 'controller';

/** Values that labels can have which are not names of objects. As records, so that a new one must be told here. */
const limits: Readonly<Record<LimitName, true>> = {
  MaxReplicas: true,
  RatePerHour: true,
  DailyBudget: true,
  ClusterRatePerHour: true,
  ClusterDailyBudget: true,
  Breaker: true,
  NoVirtualNode: true,
  VirtualNodeFull: true,
  ProviderQuota: true,
  CreationPace: true,
  NamespaceQuota: true,
  Suspended: true,
  NotEligible: true,
  NoVmNodes: true,
  CompanionNameTaken: true,
  NothingToRescue: true,
};

const reasons: Readonly<Record<ReasonCode, true>> = {
  Demand: true,
  SignalLost: true,
  SignalFallback: true,
  Headroom: true,
  HeadroomDistrusted: true,
  Spill: true,
  Delayed: true,
  HeldForReady: true,
  Draining: true,
  DrainGuessed: true,
  DrainForbidden: true,
  Limited: true,
  ScaledByOther: true,
  Suspended: true,
  NotEligible: true,
  NoVmNodes: true,
  PoolGrows: true,
  PoolGrowth: true,
  HpaCountsBurst: true,
  PodsRefused: true,
  BurstOnUnusableNode: true,
  RescueAfterScaleUp: true,
  RescueAfterWait: true,
  RescueAtOnce: true,
  RescueWaits: true,
  NotRescuable: true,
  Budget: true,
  BudgetWithoutPrice: true,
  SpendUnknown: true,
  QuotaUnknown: true,
  BreakerOpen: true,
  BreakerProbes: true,
  Steady: true,
};

const causes: Readonly<Record<FailureCause, true>> = {
  Quota: true,
  Capacity: true,
  Image: true,
  Network: true,
  Throttled: true,
  Rejected: true,
  StuckCreating: true,
  Vanished: true,
  Unknown: true,
};

/** Values of the labels that come from fixed lists. */
export const labelValues: Readonly<Record<'limit' | 'reason' | 'cause' | 'outcome', readonly string[]>> = {
  limit: Object.keys(limits),
  reason: Object.keys(reasons),
  cause: Object.keys(causes),
  outcome: ['drained', 'idle_guess', 'timeout'],
};

/** What a metric has one set of series for. */
export function scopeOf({ labels }: MetricDefinition): Scope {
  if (labels.includes('verb') || labels.includes('api')) return 'calls';
  if (labels.includes('source')) return 'source';
  if (labels.includes('policy')) return 'policy';
  if (labels.includes('pool')) return 'pool';
  if (labels.includes('resource')) return 'resource';
  return labels.includes('name') ? 'quota' : 'controller';
}

/** How many series a metric has at most, for one of its scope: one for each value of its other label; all buckets of a histogram. */
export function seriesOf({ labels, buckets }: MetricDefinition): number {
  const values = labels.map((label) => (label in labelValues ? valuesOf(label) : 1));
  // The bucket +Inf, the sum and the count come on top of the buckets that are listed.
  const each = buckets === undefined ? 1 : buckets.length + 3;
  return values.reduce((product, count) => product * count, each);
}

/** How many series one policy, one source, one virtual pool and so on have at most. Not for `calls`: these depend on what is called. */
export function seriesPer(scope: Exclude<Scope, 'calls'>): number {
  const ofScope = Object.values(metricDefinitions).filter((definition) => scopeOf(definition) === scope);
  return ofScope.reduce((sum, definition) => sum + seriesOf(definition), 0);
}

function valuesOf(label: string): number {
  return labelValues[label as keyof typeof labelValues].length;
}
