import { isDeepStrictEqual } from 'node:util';
import { applyWrite, type Outcome } from './act/apply.ts';
import { plan, planRemoval } from './act/plan.ts';
import type { Write } from './act/write.ts';
import type { Clock } from './clock.ts';
import type { Growth } from './cluster/autoscaler.ts';
import type { ClusterClient } from './cluster/client.ts';
import type { Fence } from './cluster/lease.ts';
import type { SlimPolicy } from './cluster/slim.ts';
import type { ClusterView } from './cluster/view.ts';
import { byAge } from './decide/claims.ts';
import { decide } from './decide/decide.ts';
import type { Decision, RecordedDecision } from './decide/decision.ts';
import { type Memory, restoredMemory } from './decide/memory.ts';
import type { Observation, Sample } from './decide/observation.ts';
import { type ErrorCode, sentence } from './errors.ts';
import { observe, type Target } from './observe.ts';
import type { Policy } from './policy/policy.ts';
import type { BurstPolicyStatus } from './policy/schema.ts';
import type { Problem } from './report/conditions.ts';
import { eventsOf, type Told } from './report/events.ts';
import type { Logger } from './report/log.ts';
import type { Metrics } from './report/metrics.ts';
import type { Reporter } from './report/reporter.ts';
import { rejectedStatus, statusOf } from './report/status.ts';
import { writeDueInMs } from './report/status-writes.ts';

/** What is kept of a policy between two passes; made by the controller, changed by `reconcile` alone. */
export interface PolicyState {
  readonly policy: Policy;
  /** When this process began to look after it, milliseconds since the epoch. */
  readonly sinceMs: number;
  /** The latest reading of each source. */
  readonly samples: Map<string, Sample>;
  /** `clock.elapsed()` of the earliest reading that no pass has seen yet; undefined: none. */
  unseenSinceMs: number | undefined;
  memory: Memory | undefined;
  last: RecordedDecision | undefined;
  told: Told | undefined;
}

export interface ReconcileParts {
  readonly view: ClusterView;
  /** Whether more VMs can come, as the cluster's autoscaler tells. */
  readonly growth: () => Growth;
  readonly client: ClusterClient;
  readonly fence: Fence;
  readonly reporter: Reporter;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  /** Older caches than this carry no write, seconds. */
  readonly maxCacheAgeSeconds: number;
}

/** When to look at the policy again. `retry`: something failed, back off. */
export type Next = { readonly after: 'retry' } | { readonly after: 'seconds'; readonly seconds: number };

/** A policy that has just come waits this long for its first readings, so that none counts as lost meanwhile. */
const firstReadingsSeconds = 3;

/** One pass over one policy: observe → decide → plan → apply → report. */
export async function reconcile(
  parts: ReconcileParts,
  state: PolicyState,
  others: readonly PolicyState[],
): Promise<Next> {
  const { view, clock, log } = parts;
  const { policy } = state;
  const object = view.store.policies.get(policy.key);
  if (object === undefined) return { after: 'seconds', seconds: Number.POSITIVE_INFINITY };
  const atMs = clock.now();

  const missing = missingSeconds(state, atMs);
  if (missing > 0) return { after: 'seconds', seconds: missing };

  const target = rivalOf(policy, others) ?? targetOf(view, policy);
  if ('code' in target) return withoutTarget(parts, state, object, target);

  const virtual = view.virtualPool();
  if (virtual === undefined) return withoutTarget(parts, state, object, problem('VIRTUAL_POOL_MISSING', {}));

  const unseenSinceMs = state.unseenSinceMs;
  state.unseenSinceMs = undefined;
  const { samples } = state;
  const decided = others.flatMap((other) => (other.last === undefined ? [] : [other.last]));
  const { observation, standing } = observe({
    view,
    growth: parts.growth,
    policy,
    target,
    virtual,
    samples,
    decided,
    atMs,
  });
  state.memory ??= restoredMemory(atMs, found(object, observation));
  const { decision, memory } = decide(policy, observation, state.memory);
  state.memory = memory;
  state.last = { policy, observation, decision };
  parts.metrics.recordDecision(decision);

  const writes = plan(policy, decision, standing);
  const stale = view.ageSeconds() > parts.maxCacheAgeSeconds;
  if (stale) log.warn({ policy: policy.key, ageSeconds: view.ageSeconds() }, 'caches too old to write');
  const applied =
    policy.dryRun || stale ? nothingApplied : await applyAll(parts, policy, decision, writes, unseenSinceMs);

  const taken = standing.nameTaken
    ? [problem('COMPANION_NAME_TAKEN', { name: standing.design?.name ?? '' })]
    : [];
  const writeErrors = [...taken, ...applied.problems];
  const previous = statusIn(object);
  const status = statusOf({ policy, decision, observation, previous, nowMs: clock.now(), writeErrors });
  const { events, told } = eventsOf(state.told, decision);
  state.told = told;
  if (events.length > 0) await parts.reporter.events(policy, events);
  const dueInMs = await report(parts, policy, object, status);

  if (applied.again) return { after: 'retry' };
  return { after: 'seconds', seconds: Math.min(decision.nextLookSeconds, dueInMs / 1000) };
}

function missingSeconds(state: PolicyState, atMs: number): number {
  const expected = state.policy.scaling?.sources.length ?? 0;
  return state.samples.size < expected && state.memory === undefined
    ? firstReadingsSeconds - (atMs - state.sinceMs) / 1000
    : 0;
}

/** Two policies with one target would undo each other's writes for ever: the older one has it. */
function rivalOf(policy: Policy, others: readonly PolicyState[]): Problem | undefined {
  const rival = others.find(
    (other) =>
      other.policy.namespace === policy.namespace &&
      isDeepStrictEqual(other.policy.target, policy.target) &&
      byAge(other.policy, policy) < 0,
  );
  return rival && problem('TARGET_SHARED', { policy: rival.policy.name });
}

function targetOf(view: ClusterView, policy: Policy): Target | Problem {
  const { target, burst } = policy;
  if (target.kind !== 'Deployment' || burst.strategy !== 'Companion')
    return problem('TARGET_UNSUPPORTED', {});
  const state = view.targetOf(policy);
  return state?.workload === undefined
    ? problem('TARGET_NOT_FOUND', { kind: target.kind, name: target.name })
    : { ...state, workload: state.workload };
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
  const burst = observation.companions.reduce((total, companion) => total + companion.replicas, 0);
  return { demand: Math.min(statusIn(object)?.demand ?? replicas, replicas + burst), burst };
}

interface Applied {
  readonly problems: readonly Problem[];
  /** The pass has to be made again: something was refused, has changed meanwhile, or nobody answered. */
  readonly again: boolean;
}

const nothingApplied: Applied = { problems: [], again: false };

async function applyAll(
  parts: ReconcileParts,
  policy: Policy,
  decision: Decision,
  writes: readonly Write[],
  unseenSinceMs: number | undefined,
): Promise<Applied> {
  const problems: Problem[] = [];
  let again = false;
  let reacted = unseenSinceMs === undefined;
  for (const write of writes) {
    const outcome = await attempt(parts, policy, write);
    if (outcome === undefined) return { problems, again: true };
    if (outcome.state === 'fenced') return { problems, again: false };
    if (outcome.state === 'done') {
      take(parts.view, write, outcome.object);
      const { id, demand } = decision;
      parts.log.info({ policy: policy.key, decision: id, demand, ...facts(write) }, decision.summary);
      if (!reacted && grows(write)) {
        parts.metrics.observeReaction((parts.clock.elapsed() - (unseenSinceMs ?? 0)) / 1000);
        reacted = true;
      }
    } else {
      if (outcome.state === 'exists') parts.view.applied('deployments', outcome.object);
      if (outcome.state === 'refused') {
        problems.push(
          problem('WRITE_REFUSED', { object: write.name, status: outcome.status, reason: outcome.reason }),
        );
      }
      if (outcome.state === 'taken') problems.push(problem('COMPANION_NAME_TAKEN', { name: write.name }));
      parts.log[outcome.state === 'refused' ? 'warn' : 'debug'](
        { policy: policy.key, ...facts(write), outcome },
        'write not taken',
      );
      // A deletion cost that cannot be set makes the choice of pods a guess, not the write that follows wrong.
      again ||= write.kind !== 'SetDeletionCost';
    }
  }
  return { problems, again };
}

/** Shows the view what the API server answered; a deletion is answered with no object. */
function take(view: ClusterView, write: Write, answer: unknown): void {
  if (write.kind === 'DeleteCompanion') return;
  view.applied(write.kind === 'SetDeletionCost' ? 'pods' : 'deployments', answer);
}

async function attempt(parts: ReconcileParts, policy: Policy, write: Write): Promise<Outcome | undefined> {
  try {
    return await applyWrite(write, parts.client, parts.fence);
  } catch (error) {
    parts.log.warn({ policy: policy.key, err: error, ...facts(write) }, 'write without an answer');
    return undefined;
  }
}

/** The numbers of a write, without manifests. */
function facts(write: Write): Record<string, unknown> {
  return {
    write: write.kind,
    object: `${write.namespace}/${write.name}`,
    ...('from' in write ? { from: write.from } : {}),
    ...('to' in write ? { to: write.to } : {}),
  };
}

function grows(write: Write): boolean {
  return 'to' in write && (!('from' in write) || write.to > write.from);
}

/** Nothing can be decided: what was made for the target goes, and the status says why. */
async function withoutTarget(
  parts: ReconcileParts,
  state: PolicyState,
  object: SlimPolicy,
  trouble: Problem,
): Promise<Next> {
  const { policy } = state;
  const companions = parts.view.companionsOf(policy).map(({ deployment }) => deployment);
  const decisionId = `${policy.uid.slice(0, 8)}-${parts.clock.now().toString(36)}-gone`;
  for (const write of policy.dryRun ? [] : planRemoval(policy, decisionId, companions)) {
    const outcome = await attempt(parts, policy, write);
    if (outcome?.state === 'done') parts.log.info({ policy: policy.key, ...facts(write) }, trouble.message);
  }
  state.last = undefined;
  state.memory = undefined;
  const status = rejectedStatus({
    generation: policy.generation,
    problem: trouble,
    previous: statusIn(object),
    nowMs: parts.clock.now(),
  });
  const dueInMs = await report(parts, policy, object, status);
  return { after: 'seconds', seconds: Math.min(60, dueInMs / 1000) };
}

/** Writes the status if it is due; resolves to the milliseconds until it is. */
async function report(
  parts: ReconcileParts,
  policy: Policy,
  object: SlimPolicy,
  status: BurstPolicyStatus,
): Promise<number> {
  const dueInMs = writeDueInMs(statusIn(object), status, parts.clock.now());
  if (dueInMs === undefined) return Number.POSITIVE_INFINITY;
  if (dueInMs > 0) return dueInMs;
  const written = await parts.reporter.status(object.raw, policy, status);
  if (written !== undefined) parts.view.applied('policies', written);
  return Number.POSITIVE_INFINITY;
}

function statusIn(object: SlimPolicy): BurstPolicyStatus | undefined {
  return (object.raw as { readonly status?: BurstPolicyStatus }).status;
}

function problem(code: ErrorCode, details: Record<string, string | number>): Problem {
  return { code, message: sentence(code, details) };
}
