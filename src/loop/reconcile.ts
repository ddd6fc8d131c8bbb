import { planFailed } from '../act/failed.ts';
import { lookSeconds, plan } from '../act/plan.ts';
import { planRescue } from '../act/rescue.ts';
import type { Write } from '../act/write.ts';
import { problem } from './carry-out.ts';
import type { SlimPolicy } from '../cluster/slim.ts';
import type { TargetState } from '../cluster/target.ts';
import type { ClusterView } from '../cluster/view.ts';
import { byAge } from '../decide/claims.ts';
import { decide } from '../decide/decide.ts';
import type { Decision } from '../decide/decision.ts';
import { restoredMemory } from '../decide/memory.ts';
import type { Observation } from '../decide/observation.ts';
import { carriedOut, recorded, sameTarget, takesPart } from '../decide/promise.ts';
import { type Observed, observe } from './observe.ts';
import { type Next, type PolicyState, type ReconcileParts, report, statusIn } from './pass.ts';
import type { Policy } from '../policy/policy.ts';
import type { Problem } from '../report/conditions.ts';
import { eventsOf } from '../report/events.ts';
import { statusOf } from '../report/status.ts';
import { markDrains, settle } from './settle.ts';
import { staleKinds } from './withhold.ts';
import { withoutTarget } from './without-target.ts';

/** A policy that has just come waits this long for its first readings, so that none counts as lost meanwhile. */
const firstReadingsSeconds = 3;

/** Budgets are not followed: one that forbade an eviction is asked again so often. */
const budgetLookSeconds = 5;

/** One pass over one policy: observe → decide → plan → apply → report. */
export async function reconcile(
  parts: ReconcileParts,
  state: PolicyState,
  others: readonly PolicyState[],
): Promise<Next> {
  const { view, clock } = parts;
  const { policy } = state;
  const object = view.store.policies.get(policy.key);
  if (object === undefined) return { after: 'seconds', seconds: Number.POSITIVE_INFINITY };
  const atMs = clock.now();
  state.stale = staleKinds(parts, policy.key, state.stale);

  const missing = missingSeconds(state, atMs);
  if (missing > 0) return { after: 'seconds', seconds: missing };

  const target = rivalOf(policy, others) ?? targetOf(view, policy);
  if ('code' in target) return withoutTarget(parts, state, object, target);

  const virtual = view.virtualPool(policy, target);
  if (virtual === undefined) return withoutTarget(parts, state, object, problem('VIRTUAL_POOL_MISSING', {}));

  const unseenSinceMs = state.unseenSinceMs;
  state.unseenSinceMs = undefined;
  const { samples } = state;
  const decided = others.flatMap(({ last }) => (last !== undefined && takesPart(last) ? [last] : []));
  const seen = observe({
    view,
    growth: parts.growth,
    limits: parts.limits,
    policy,
    target,
    virtual,
    object,
    samples,
    decided,
    drains: state.drains,
    rescues: state.rescues,
    atMs,
    elapsedMs: clock.elapsed(),
  });
  const { observation, standing } = seen;
  state.memory ??= restoredMemory(atMs, found(object, observation));
  const { decision, memory } = decide(policy, observation, state.memory);
  state.memory = memory;
  const last = recorded(state.last, { policy, observation, decision });
  state.last = last;
  parts.metrics.recordDecision(decision);

  const planned = planFor(policy, decision, seen);
  const writes = [...planned, ...planFailed(policy, decision, seen.failed, planned)];
  for (const write of writes) if (write.kind === 'EvictPod') state.rescues.evicting(write.uid, atMs);
  if (seen.strategy === 'Rescue') {
    for (const seconds of seen.boundAfterSeconds) parts.metrics.observeRescue(seconds);
  }
  const { id, demand, summary } = decision;
  const grounds = { summary, facts: { decision: id, demand }, sinceMs: unseenSinceMs };
  const applied = await settle(parts, state, { decisionId: id, atMs, standing, writes, grounds });
  state.last = carriedOut(last, applied.problems.length > 0);
  state.rescues.forbidden(applied.forbidden ?? [], atMs);
  markDrains(parts, state);

  const taken =
    'nameTaken' in standing && standing.nameTaken
      ? [problem('COMPANION_NAME_TAKEN', { name: standing.design?.name ?? '' })]
      : [];
  const writeErrors = [...taken, ...applied.problems];
  const latest = view.store.policies.get(policy.key) ?? object;
  const previous = statusIn(latest);
  const status = statusOf({ policy, decision, observation, previous, nowMs: clock.now(), writeErrors });
  const { events, told } = eventsOf(state.told, decision);
  state.told = told;
  if (events.length > 0) await parts.reporter.events(policy, events);
  const dueInMs = await report(parts, policy, latest, status);

  if (applied.again) return { after: 'retry' };
  const forbidden = applied.problems.some(({ code }) => code === 'EVICTION_FORBIDDEN');
  const mostSeconds = forbidden ? budgetLookSeconds : Number.POSITIVE_INFINITY;
  return {
    after: 'seconds',
    seconds: Math.min(mostSeconds, lookSeconds(policy, decision, writes), dueInMs / 1000),
  };
}

function missingSeconds(state: PolicyState, atMs: number): number {
  const expected = state.policy.scaling?.sources.length ?? 0;
  return state.samples.size < expected && state.memory === undefined
    ? firstReadingsSeconds - (atMs - state.sinceMs) / 1000
    : 0;
}

/** Two policies with one target would undo each other's writes for ever: the older one has it. */
function rivalOf(policy: Policy, others: readonly PolicyState[]): Problem | undefined {
  const rival = others.find((other) => sameTarget(other.policy, policy) && byAge(other.policy, policy) < 0);
  return rival && problem('TARGET_SHARED', { policy: rival.policy.name });
}

function targetOf(view: ClusterView, policy: Policy): TargetState | Problem {
  const { target, scaling } = policy;
  if (target.kind === 'StatefulSet' && scaling !== undefined) {
    return problem('TARGET_STATEFULSET_SCALING', {});
  }
  const name = target.kind === 'Jobs' ? '' : target.name;
  return view.targetOf(policy) ?? problem('TARGET_NOT_FOUND', { kind: target.kind, name });
}

/** The writes that carry a decision out, by the strategy of the policy. */
function planFor(policy: Policy, decision: Decision, seen: Observed): readonly Write[] {
  return seen.strategy === 'Rescue'
    ? planRescue(policy, decision, seen.standing)
    : plan(policy, decision, seen.standing);
}

/**
 * What a controller that has just started finds: the burst as it stands, and the demand that was last told, but never
 * more than stands for it: a demand of last week must be held by nothing.
 */
function found(
  object: SlimPolicy,
  observation: Observation,
): { readonly demand: number; readonly burst: number } {
  const { replicas } = observation.target;
  const rescued = observation.rescued?.pods ?? 0;
  const burst = observation.companions.reduce((total, companion) => total + companion.replicas, rescued);
  return { demand: Math.min(statusIn(object)?.demand ?? replicas, replicas + burst), burst };
}
