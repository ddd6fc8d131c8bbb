import type { Policy } from '../policy/policy.ts';
import type { Decision } from './decision.ts';
import { demandOf } from './demand.ts';
import { secondsToVerdict, weigh } from './distrust.ts';
import { explainDecision } from './explain.ts';
import { headroom as predictHeadroom } from './fit.ts';
import { limitsOf, tightest } from './limits.ts';
import type { Memory } from './memory.ts';
import type { Observation } from './observation.ts';
import { secondsToBelief, settledAt, steady } from './steady.ts';
import { extremeOf, observed, secondsToChange, type Window } from './window.ts';

/** A decision is looked at again after this, whatever happens, seconds. */
const longestLookSeconds = 15;

/**
 * The heart of Spillway: what to set now, and why, from one observation and what the last decision left behind.
 * Pure and total: no I/O, no clock, no randomness; the controller, `simulate`, the what-if and the tests call it alike.
 */
export function decide(
  policy: Policy,
  observation: Observation,
  memory: Memory,
): { readonly decision: Decision; readonly memory: Memory } {
  const { atMs, pods, target, limits } = observation;
  const { burst } = policy;
  const scaling = target.scaledBy === undefined ? policy.scaling : undefined;

  // Demand
  const asked =
    scaling === undefined
      ? undefined
      : demandOf(scaling, observation.sources, memory.sources, pods, memory.restoredDemand, atMs);
  const holdSeconds = scaling?.scaleDownStabilizationSeconds ?? 0;
  const wantedNow =
    scaling === undefined || asked === undefined
      ? target.replicas
      : clamp(
          steady(asked.replicas, memory.settled, atMs, holdSeconds),
          scaling.minReplicas,
          scaling.maxReplicas,
        );
  const demandWindow: Window =
    scaling === undefined
      ? [[atMs, wantedNow]]
      : observed(memory.demand, 'highest', atMs, wantedNow, holdSeconds);
  const demand =
    scaling === undefined
      ? wantedNow
      : clamp(extremeOf(demandWindow, wantedNow), scaling.minReplicas, scaling.maxReplicas);

  // Headroom and spill
  const predicted = predictHeadroom(observation.shape, observation.vmPool, observation.roomClaims);
  const distrust = weigh(memory.distrust, observation, predicted);
  const headroom = distrust.distrustedSinceMs === undefined ? predicted : 0;
  const spill = Math.max(0, demand - pods.placed - pods.onVirtual - headroom);

  // What growth may take and what has to be kept
  const delaySeconds =
    observation.vmPool.growth === 'Growing'
      ? Math.max(burst.delay.alwaysSeconds, burst.delay.whilePoolGrowsSeconds)
      : burst.delay.alwaysSeconds;
  const spillWindow = observed(memory.spill, 'lowest', atMs, spill, delaySeconds);
  const up = delaySeconds === 0 ? spill : extremeOf(spillWindow, 0);
  const unreplaced = Math.max(spill, demand - pods.placedReady - pods.onVirtualReady);
  const keepWindow = observed(memory.keep, 'highest', atMs, unreplaced, burst.reclaim.afterSeconds);
  const askedFor = observation.companions.reduce((total, companion) => total + companion.replicas, 0);
  const draining = observation.companions.reduce((total, companion) => total + companion.draining, 0);
  // Never more than is wanted at all: where demand falls, the burst goes first and does not wait for the window.
  const keep = Math.max(0, Math.min(askedFor - draining, extremeOf(keepWindow, 0), demand));
  const wanted = Math.max(up, keep);

  // Limits
  const bounds = limitsOf(burst, policy.suspend || policy.deleting, observation, askedFor);
  const hard = tightest(bounds.hard);
  const soft = tightest(bounds.soft);
  const granted = Math.max(0, Math.min(wanted, hard, soft));
  const limitedBy = [...bounds.hard, ...bounds.soft].filter(
    (limit) => limit.replicas < wanted && limit.replicas === granted,
  );

  // The target
  const grows = burst.vmPool === 'Grow' && observation.vmPool.growth !== 'CannotGrow' && !target.rollingOut;
  const quotaAfterBurst =
    (limits.namespaceQuota ?? Number.POSITIVE_INFINITY) - Math.max(0, granted - askedFor);
  const pendingForGrowth = grows ? Math.max(0, Math.min(spill, quotaAfterBurst)) : 0;
  const onVms = pods.placed + pods.onVirtual + headroom + pendingForGrowth;
  const leftAlone = scaling === undefined || policy.suspend || policy.deleting;
  const targetReplicas = leftAlone ? undefined : Math.min(demand, onVms);
  const unbound = Math.max(0, (targetReplicas ?? target.replicas) - pods.placed - pods.onVirtual);

  const sequence = memory.sequence + 1;
  const facts: Omit<Decision, 'reasons' | 'summary'> = {
    id: `${policy.uid.slice(0, 8)}-${atMs.toString(36)}-${sequence.toString(36)}`,
    atMs,
    policy: policy.key,
    demand,
    sources: asked?.sources ?? [],
    placed: pods.placed,
    placedReady: pods.placedReady,
    headroom,
    stuck: pods.stuck,
    spill,
    burst: {
      wanted,
      granted,
      asked: askedFor,
      running: pods.burstRunning,
      hard,
      soft,
      pendingForGrowth,
      limitedBy: limitedBy.map((limit) => limit.name),
    },
    targetReplicas,
    roomClaim: { shape: observation.shape, pods: Math.min(headroom, unbound) },
    nextLookSeconds: Math.min(
      longestLookSeconds,
      asked?.secondsToFallback ?? longestLookSeconds,
      secondsToVerdict(distrust, atMs),
      secondsToBelief(memory.settled, atMs, holdSeconds),
      secondsToChange(demandWindow, atMs, holdSeconds),
      secondsToChange(spillWindow, atMs, delaySeconds),
      secondsToChange(keepWindow, atMs, burst.reclaim.afterSeconds),
    ),
  };
  const after: Memory = {
    version: 1,
    sequence,
    sources: asked?.memory ?? memory.sources,
    demand: demandWindow,
    settled: settledAt(demand, memory.settled, atMs),
    spill: spillWindow,
    keep: keepWindow,
    distrust,
    restoredDemand: memory.restoredDemand,
  };
  const background = {
    policy,
    observation,
    wantedNow,
    predicted,
    up,
    keep,
    fallback: asked?.fallback ?? false,
  };
  return { decision: { ...facts, ...explainDecision(facts, background) }, memory: after };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
