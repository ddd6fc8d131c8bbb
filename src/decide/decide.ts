import type { Policy } from '../policy/policy.ts';
import type { Decision } from './decision.ts';
import { demandOf } from './demand.ts';
import { secondsToVerdict, weigh } from './distrust.ts';
import { exhaustedNow } from './exhausted.ts';
import { explainDecision } from './explain.ts';
import { headroom as predictHeadroom } from './fit.ts';
import { breakerOf, costOf, limitsOf, secondsToRelief, tightest } from './limits.ts';
import type { Memory } from './memory.ts';
import type { Observation } from './observation.ts';
import { givesBack, rescueOf } from './rescue.ts';
import { secondsToBelief, settledAt, steady } from './steady.ts';
import { extremeOf, observed, secondsToChange, type Window } from './window.ts';

/** A decision is looked at again after this, whatever happens, seconds. */
const longestLookSeconds = 15;

/** While pods drain something waits for time to pass: a cost to be seen, a drain to end, seconds. */
const drainLookSeconds = 0.5;

/**
 * The heart of Spillway: what to set now, and why, from one observation and what the last decision left behind.
 * Pure and total: no I/O, no clock, no randomness; the controller, `simulate`, the what-if and the tests call it alike.
 */
export function decide(
  policy: Policy,
  observation: Observation,
  memory: Memory,
): { readonly decision: Decision; readonly memory: Memory } {
  const { atMs, pods, target, limits, rescued } = observation;
  const { burst } = policy;
  const scaling = target.scaledBy === undefined ? policy.scaling : undefined;

  // Demand
  // Also where somebody else sets the replicas: an HPA may go by what the sources say (docs/hpa.md).
  const asked =
    policy.scaling === undefined
      ? undefined
      : demandOf(policy.scaling, observation.sources, memory.sources, pods, memory.restoredDemand, atMs);
  const holdSeconds = scaling?.scaleDownStabilizationSeconds ?? 0;
  const wantedNow =
    scaling === undefined || asked === undefined
      ? target.replicas
      : clamp(steady(asked, memory.settled, atMs, holdSeconds), scaling.minReplicas, scaling.maxReplicas);
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
  // What replaces a rescued pod comes only after it has gone: there, room on VMs has to do.
  const unreplaced =
    rescued === undefined ? Math.max(spill, demand - pods.placedReady - pods.onVirtualReady) : spill;
  const keepWindow = observed(memory.keep, 'highest', atMs, unreplaced, burst.reclaim.afterSeconds);
  const inCompanions = observation.companions.reduce((total, companion) => total + companion.replicas, 0);
  const askedFor = inCompanions + (rescued?.pods ?? 0);
  const draining =
    observation.companions.reduce((total, companion) => total + companion.draining, 0) +
    (rescued?.draining ?? 0);
  // Never more than is wanted at all: where demand falls, the burst goes first and does not wait for the window.
  // Pods that were to leave and are needed after all are taken back: they exist, so no delay holds that up.
  const takenBack = Math.min(askedFor, unreplaced);
  const reclaimed = Math.min(
    Math.max(Math.min(askedFor - draining, extremeOf(keepWindow, 0)), takenBack),
    demand,
  );
  // What runs of Jobs and StatefulSets stays, whatever a limit says.
  const irrevocable = rescued !== undefined && !givesBack(policy) ? rescued.pods : 0;
  const keep = Math.max(0, reclaimed, irrevocable);
  const wanted = Math.max(up, keep);

  // Limits
  const exhausted = exhaustedNow(memory.exhausted, burst.budget, limits);
  const bounds = limitsOf(burst, policy.suspend || policy.deleting, observation, askedFor, exhausted);
  const hard = tightest(bounds.hard);
  const soft = tightest(bounds.soft);
  const within = Math.max(0, Math.min(wanted, hard, soft));
  const granted = Math.max(within, irrevocable);
  const limitedBy = [...bounds.hard, ...bounds.soft].filter(
    (limit) => granted < wanted && limit.replicas === within,
  );

  // The target
  const grows = burst.vmPool === 'Grow' && observation.vmPool.growth !== 'CannotGrow' && !target.rollingOut;
  // Pods that wait already have their part of the quota, and those that fit take it first.
  const quotaAfterBurst =
    limits.namespaceQuota === undefined
      ? Number.POSITIVE_INFINITY
      : limits.namespaceQuota + pods.unbound - headroom - Math.max(0, granted - askedFor);
  // A pod that was rescued no longer asks for a VM, and it is one of the target's own: it has to be there to be rescued.
  const rescuable = tightest(bounds.soft.filter(({ name }) => name !== 'NothingToRescue'));
  const inTarget = rescued === undefined ? 0 : Math.max(irrevocable, 0, Math.min(wanted, hard, rescuable));
  const pendingForGrowth = grows ? Math.max(0, Math.min(spill - inTarget, quotaAfterBurst)) : 0;
  const onVms = pods.placed + pods.onVirtual + headroom + pendingForGrowth + inTarget;
  const leftAlone = scaling === undefined || policy.suspend || policy.deleting;
  const targetReplicas = leftAlone ? undefined : Math.min(demand, onVms);
  const rescue = rescueOf(policy, observation, {
    demand,
    headroom,
    granted,
    asked: askedFor,
    hard,
    targetReplicas,
  });
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
      limitedBy: [...new Set(limitedBy.map((limit) => limit.name))],
    },
    draining: observation.drain,
    rescue,
    cost: costOf(burst, observation),
    breaker: breakerOf(limits),
    targetReplicas,
    roomClaim: { shape: observation.shape, pods: Math.min(headroom, unbound) },
    nextLookSeconds: Math.min(
      observation.drain.burst + observation.drain.target > 0 ? drainLookSeconds : longestLookSeconds,
      scaling === undefined ? longestLookSeconds : (asked?.secondsToFallback ?? longestLookSeconds),
      secondsToVerdict(distrust, atMs),
      secondsToRelief(limits),
      rescue?.secondsToNext ?? longestLookSeconds,
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
    exhausted,
    restoredDemand: memory.restoredDemand,
  };
  const background = {
    policy,
    observation,
    wantedNow,
    predicted,
    up,
    keep,
    exhausted,
    fallback: scaling !== undefined && asked?.fallback === true,
  };
  return { decision: { ...facts, ...explainDecision(facts, background) }, memory: after };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
