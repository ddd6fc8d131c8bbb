import type { Decision, SourceDemand } from '../decide/decision.ts';
import { formatDuration } from '../policy/duration.ts';
import { formatAmount } from '../policy/money.ts';
import { formatQuantity } from '../policy/quantity.ts';
import type { BurstPolicyStatus } from '../policy/schema.ts';
import {
  type ConditionType,
  conditionTypes,
  type Facts,
  type Finding,
  findingsOf,
  findingsOfProblem,
  type Problem,
} from './conditions.ts';

/** What a status is made from. */
export interface StatusInput extends Facts {
  /** The status that stands in the cluster: transition times are carried over from it. */
  readonly previous: BurstPolicyStatus | undefined;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

type Condition = NonNullable<BurstPolicyStatus['conditions']>[number];

/** The status of a policy on which a decision was made. */
export function statusOf({ previous, nowMs, ...facts }: StatusInput): BurstPolicyStatus {
  const { policy, decision } = facts;
  const { burst } = decision;
  const backlog = known(decision.sources, (source) => source.backlog);
  const ages = known(decision.sources, (source) => source.oldestAgeSeconds);
  const cost = costOf(decision);
  return {
    observedGeneration: policy.generation,
    conditions: conditionsOf(findingsOf(facts), policy.generation, previous, nowMs),
    demand: decision.demand,
    placed: decision.placed,
    headroom: decision.headroom,
    stuck: decision.stuck,
    burst: { wanted: burst.wanted, granted: burst.granted, running: burst.running },
    ...(backlog.length > 0 && { backlog: Math.round(backlog.reduce((sum, jobs) => sum + jobs, 0)) }),
    ...(ages.length > 0 && { oldestJobAge: formatDuration(Math.round(Math.max(...ages))) }),
    ...(decision.sources.length > 0 && { sources: decision.sources.map(sourceOf) }),
    ...(cost !== undefined && { cost }),
    lastDecision: lastDecisionOf(decision),
  };
}

/**
 * The status of a policy on which nothing can be decided (it is not valid, its target is not there). The last decision
 * stays to be read; its numbers go, for they are no longer so.
 */
export function rejectedStatus(input: {
  readonly generation: number;
  readonly problem: Problem;
  readonly previous: BurstPolicyStatus | undefined;
  readonly nowMs: number;
}): BurstPolicyStatus {
  const { generation, problem, previous, nowMs } = input;
  return {
    observedGeneration: generation,
    conditions: conditionsOf(findingsOfProblem(problem), generation, previous, nowMs),
    ...(previous?.lastDecision !== undefined && { lastDecision: previous.lastDecision }),
  };
}

/** `2026-03-01T09:30:00Z`: the format of metav1.Time, which knows no fractions of a second. */
export function kubernetesTime(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

function conditionsOf(
  findings: Readonly<Record<ConditionType, Finding>>,
  observedGeneration: number,
  previous: BurstPolicyStatus | undefined,
  nowMs: number,
): Condition[] {
  return conditionTypes.map((type) => {
    const { status, reason, message } = findings[type];
    const before = previous?.conditions?.find((condition) => condition.type === type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : kubernetesTime(nowMs);
    return { type, status, observedGeneration, lastTransitionTime, reason, message: clip(message, 32_768) };
  });
}

function lastDecisionOf({ id, atMs, summary, reasons }: Decision): BurstPolicyStatus['lastDecision'] {
  return {
    id,
    at: new Date(atMs).toISOString(),
    summary: clip(summary, 4096),
    reasons: reasons.map(({ code, message, numbers }) => ({
      code,
      message: clip(message, 4096),
      numbers: { ...numbers },
    })),
  };
}

function sourceOf(source: SourceDemand): NonNullable<BurstPolicyStatus['sources']>[number] {
  const { name, state, backlog, oldestAgeSeconds, replicas } = source;
  if (state === 'lost') return { name, state: 'Lost' };
  // To a tenth, upwards: noise is not worth a write.
  const demand = formatQuantity(Math.ceil(replicas * 10) / 10);
  return {
    name,
    state: 'Ok',
    ...(backlog !== undefined && { backlog: Math.round(backlog) }),
    ...(oldestAgeSeconds !== undefined && { oldestJobAge: formatDuration(Math.round(oldestAgeSeconds)) }),
    ...(demand !== undefined && { demand }),
  };
}

function costOf({ cost }: Decision): BurstPolicyStatus['cost'] {
  if (cost === undefined) return undefined;
  const { ratePerHour, spentToday, exhaustedInSeconds } = cost;
  return {
    ratePerHour: formatAmount(ratePerHour),
    spentToday: formatAmount(spentToday),
    // To the minute: a status that says something new each second is written for nothing.
    ...(exhaustedInSeconds !== undefined && {
      exhaustedIn: formatDuration(Math.floor(Math.min(exhaustedInSeconds, 86_400) / 60) * 60),
    }),
  };
}

function known(sources: readonly SourceDemand[], valueOf: (source: SourceDemand) => number | undefined) {
  return sources.map(valueOf).filter((value) => value !== undefined);
}

// The lengths are those of the CRD: a sentence that is too long must not make the API server refuse the status.
function clip(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`;
}
