import type { GrowthCode, GrowthReason } from '../decide/observation.ts';
import { parseQuantity } from '../policy/quantity.ts';
import { type Growth, unknownGrowth } from './autoscaler.ts';
import type { Quantities, RawCondition, RawObject } from './raw.ts';
import type { SlimObject } from './slim.ts';
import { condition, identity, type Slim, timeMs } from './slimming.ts';

/** A VM that Karpenter has asked for (karpenter.sh/docs/concepts/nodeclaims). */
export interface SlimNodeClaim extends SlimObject {
  readonly createdAtMs: number;
  readonly deleting: boolean;
  /** The provider has started the VM; its node is there and complete. */
  readonly launched: boolean;
  readonly initialized: boolean;
  /** The launch has failed so far: since when, and the reason of the condition. Undefined: it has not. */
  readonly failed: { readonly sinceMs: number; readonly reason: string } | undefined;
}

/** What Karpenter may launch (karpenter.sh/docs/concepts/nodepools). */
export interface SlimNodePool extends SlimObject {
  /** It can launch VMs, as far as its conditions tell. */
  readonly usable: boolean;
  /** What its VMs have together has reached one of its limits. */
  readonly atLimit: boolean;
  /** `spec.limits.nodes`; undefined: not limited by count. */
  readonly maxNodes: number | undefined;
}

/** Launches that failed one after the other, without one that went well since. */
export interface LaunchFailures {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Karpenter gives up a VM that has not become a node after so long (its `registrationTTL`). */
const patienceMs = 900_000;
/** So long failing launches are believed to be passing: Karpenter tries other sizes and zones at once. */
const launchPatienceMs = 120_000;
/** Failures older than this tell nothing of the next launch. */
const forgetMs = 300_000;

interface RawNodeClaim extends RawObject {
  readonly status?: { readonly conditions?: readonly RawCondition[] };
}

interface RawNodePool extends RawObject {
  readonly spec?: { readonly limits?: Quantities; readonly replicas?: number };
  readonly status?: { readonly resources?: Quantities; readonly conditions?: readonly RawCondition[] };
}

export const slimNodeClaim: Slim<SlimNodeClaim> = (object, interner) => {
  const { metadata: meta = {}, status = {} } = object as RawNodeClaim;
  const createdAtMs = timeMs(meta.creationTimestamp) ?? 0;
  const launch = condition(status.conditions, 'Launched');
  const reason = launch?.reason ?? '';
  // Newer versions say Unknown with the reason of the failure, and the same type before the first try.
  const failed =
    launch?.status === 'False' ||
    (launch?.status === 'Unknown' && /Fail|Error|Insufficient|NotReady/.test(reason));
  return {
    ...identity(meta, interner),
    createdAtMs,
    deleting: meta.deletionTimestamp !== undefined,
    launched: launch?.status === 'True',
    initialized: condition(status.conditions, 'Initialized')?.status === 'True',
    failed: failed ? { sinceMs: timeMs(launch.lastTransitionTime) ?? createdAtMs, reason } : undefined,
  };
};

export const slimNodePool: Slim<SlimNodePool> = (object, interner) => {
  const { metadata: meta = {}, spec = {}, status = {} } = object as RawNodePool;
  const limits = Object.entries(spec.limits ?? {});
  const used = (name: string): number => parseQuantity(String(status.resources?.[name] ?? 0));
  return {
    ...identity(meta, interner),
    // A pool with replicas of its own is static: it never follows pods (karpenter.sh/docs, static capacity).
    usable:
      meta.deletionTimestamp === undefined &&
      spec.replicas === undefined &&
      condition(status.conditions, 'Ready')?.status !== 'False',
    atLimit: limits.some(([name, limit]) => used(name) >= parseQuantity(String(limit))),
    maxNodes: spec.limits?.nodes === undefined ? undefined : parseQuantity(String(spec.limits.nodes)),
  };
};

/** The failures after a claim was heard of again, or (`gone`) for the last time. A claim that fails is deleted by Karpenter. */
export function noteLaunch(
  failures: LaunchFailures | undefined,
  claim: SlimNodeClaim,
  gone: boolean,
  nowMs: number,
): LaunchFailures | undefined {
  if (claim.launched) return claim.deleting || gone ? failures : undefined;
  if (!gone) return failures;
  const recent = failures !== undefined && nowMs - failures.lastMs <= forgetMs;
  return { firstMs: recent ? failures.firstMs : nowMs, lastMs: nowMs };
}

/** What Karpenter's objects say now, and have said. */
export interface KarpenterState {
  /** NodeClaims that are not complete nodes yet and are not being deleted. */
  readonly coming: readonly SlimNodeClaim[];
  /** NodeClaims that are not being deleted, these among them. */
  readonly nodes: number;
  readonly pools: readonly SlimNodePool[];
  readonly failures: LaunchFailures | undefined;
  readonly nowMs: number;
}

/** Whether more VMs can come, as Karpenter's NodeClaims and NodePools tell. `Unknown` without any NodePool. */
export function karpenterGrowth({ coming, nodes, pools, failures, nowMs }: KarpenterState): Growth {
  if (pools.length === 0) return unknownGrowth;
  const streak = failures !== undefined && nowMs - failures.lastMs <= forgetMs ? failures : undefined;
  const failing = streak !== undefined && streak.lastMs - streak.firstMs > launchPatienceMs;
  const growing = coming.filter(
    ({ createdAtMs, launched, failed }) =>
      nowMs - createdAtMs <= patienceMs &&
      (launched || (!failing && (failed === undefined || nowMs - failed.sinceMs <= launchPatienceMs))),
  );
  const told = (growth: Growth['growth'], code: GrowthCode, more: Partial<GrowthReason> = {}): Growth => ({
    growth,
    growthReason: {
      by: 'karpenter',
      code,
      sinceMs: undefined,
      targetNodes: nodes,
      maxNodes: maxNodesOf(pools),
      errorCode: undefined,
      ...more,
    },
  });
  const asked = (of: readonly SlimNodeClaim[]): number =>
    Math.max(...of.map(({ createdAtMs }) => createdAtMs));
  if (growing.length > 0) return told('Growing', 'ScaleUp', { sinceMs: asked(growing) });
  const usable = pools.filter((pool) => pool.usable);
  if (usable.length === 0) return told('CannotGrow', 'NoPoolReady');
  const reason = coming.find(({ failed }) => failed !== undefined)?.failed?.reason;
  if (failing || reason !== undefined) {
    return told('CannotGrow', 'LaunchFailing', { errorCode: reason === '' ? undefined : reason });
  }
  if (coming.length > 0) return told('CannotGrow', 'InProgressTooLong', { sinceMs: asked(coming) });
  return usable.some(({ atLimit }) => !atLimit)
    ? told('CanGrow', 'BelowMax')
    : told('CannotGrow', 'MaxReached');
}

/** Undefined unless every pool is limited by the number of its VMs. */
function maxNodesOf(pools: readonly SlimNodePool[]): number | undefined {
  return pools.reduce<number | undefined>(
    (sum, { maxNodes }) => (sum === undefined || maxNodes === undefined ? undefined : sum + maxNodes),
    0,
  );
}
