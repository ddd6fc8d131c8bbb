import { applyWrite, type Outcome } from '../act/apply.ts';
import type { Write } from '../act/write.ts';
import type { Clock } from '../clock.ts';
import { namespaceTerminating } from '../cluster/api-error.ts';
import type { ClusterClient } from '../cluster/client.ts';
import type { Fence } from '../cluster/lease.ts';
import type { Kind } from '../cluster/store.ts';
import { isAskedToWait } from '../cluster/throttle.ts';
import type { ClusterView } from '../cluster/view.ts';
import { type ErrorCode, sentence } from '../errors.ts';
import type { Policy } from '../policy/policy.ts';
import type { Problem } from '../report/conditions.ts';
import type { Logger } from '../report/log.ts';
import type { Metrics } from '../report/metrics.ts';
import { Refusals } from './refusals.ts';

export interface CarryOutParts {
  readonly view: ClusterView;
  readonly client: ClusterClient;
  readonly fence: Fence;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
}

/** What the log says with each write. */
export interface Grounds {
  readonly summary: string;
  readonly facts: Readonly<Record<string, unknown>>;
  /** `clock.elapsed()` of the event that the writes answer; undefined: nobody waits for them. */
  readonly sinceMs: number | undefined;
}

/** What became of the writes of a pass. */
export interface Applied {
  readonly problems: readonly Problem[];
  /** The pass has to be made again: something was refused, has changed meanwhile, or nobody answered. */
  readonly again: boolean;
  /** UIDs of pods whose eviction a PodDisruptionBudget forbade; left out: of none. */
  readonly forbidden?: readonly string[];
}

export const nothingApplied: Applied = { problems: [], again: false };

/** Notes on pods are sent so many at a time: each is about another pod, and a large burst has hundreds. */
const notesAtOnce = 8;

/** Sends the writes of a plan in their order, and shows the view what the API server answered. */
export async function carryOut(
  parts: CarryOutParts,
  policy: Pick<Policy, 'key' | 'deleting'>,
  grounds: Grounds,
  writes: readonly Write[],
  refusals: Refusals = new Refusals(),
): Promise<Applied> {
  const problems: Problem[] = [];
  const forbidden: string[] = [];
  let again = false;
  let waited = grounds.sinceMs;
  const sendable = held(writes, refusals, parts.clock.elapsed());
  problems.push(...sendable.problems);
  for (const batch of batchesOf(sendable.writes)) {
    const outcomes = await Promise.all(batch.map((write) => attempt(parts, policy, write)));
    // What became of the others of the batch counts whatever happened to one.
    for (const [index, write] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined || outcome.state === 'fenced') continue;
      if (outcome.state === 'done') {
        refusals.taken(write);
        take(parts.view, policy, write, outcome.object);
        parts.log.info({ policy: policy.key, ...grounds.facts, ...factsOf(write) }, grounds.summary);
        count(parts.metrics, policy, write);
        if (waited !== undefined && grows(write)) {
          parts.metrics.observeReaction((parts.clock.elapsed() - waited) / 1000);
          waited = undefined;
        }
        continue;
      }
      if (outcome.state === 'exists') parts.view.applied('deployments', outcome.object);
      const trouble = problemOf(write, outcome);
      if (trouble !== undefined) problems.push(trouble);
      if (outcome.state === 'refused' && trouble !== undefined) {
        refusals.refused(write, trouble, parts.clock.elapsed(), outcome.reason === namespaceTerminating);
      }
      parts.log[outcome.state === 'refused' ? 'warn' : 'debug'](
        { policy: policy.key, ...factsOf(write), outcome },
        'write not taken',
      );
      // Nothing may burst before the policy is sure to wait for its end.
      if (write.kind === 'SetFinalizers' && write.holds) return { problems, again: true };
      if (outcome.state === 'forbidden' && write.kind === 'EvictPod') forbidden.push(write.uid);
      // A pod that is not told yet is told by the next pass, which comes soon while pods drain.
      // A budget is not asked again and again: the next look will do.
      again ||= write.kind !== 'SetDrain' && outcome.state !== 'forbidden';
    }
    if (outcomes.some((outcome) => outcome?.state === 'fenced')) return { problems, again: false, forbidden };
    if (outcomes.includes(undefined)) return { problems, again: true, forbidden };
  }
  return { problems, again, forbidden };
}

/** The writes that may be sent now, and why the others may not. Without its finalizer on the policy nothing bursts. */
function held(
  writes: readonly Write[],
  refusals: Refusals,
  elapsedMs: number,
): { readonly writes: readonly Write[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const sendable: Write[] = [];
  for (const write of writes) {
    const standing = refusals.standing(write, elapsedMs);
    if (standing === undefined) sendable.push(write);
    else problems.push(standing);
    if (standing !== undefined && write.kind === 'SetFinalizers' && write.holds) break;
  }
  return { writes: sendable, problems };
}

/** A problem with a code of errors.ts and its sentence. */
export function problem(code: ErrorCode, details: Record<string, string | number>): Problem {
  return { code, message: sentence(code, details) };
}

function batchesOf(writes: readonly Write[]): readonly (readonly Write[])[] {
  const batches: Write[][] = [];
  for (const write of writes) {
    const last = batches.at(-1);
    const [first] = last ?? [];
    const joins = first?.kind === write.kind && isAboutOnePod(write) && (last?.length ?? 0) < notesAtOnce;
    if (joins) last?.push(write);
    else batches.push([write]);
  }
  return batches;
}

/** Writes on pods of which each is about another one: their order does not matter. */
function isAboutOnePod({ kind }: Write): boolean {
  return kind === 'SetDrain' || kind === 'AdmitPod';
}

async function attempt(
  parts: CarryOutParts,
  policy: Pick<Policy, 'key'>,
  write: Write,
): Promise<Outcome | undefined> {
  try {
    return await applyWrite(write, parts.client, parts.fence);
  } catch (error) {
    if (!isAskedToWait(error))
      parts.log.warn({ policy: policy.key, err: error, ...factsOf(write) }, 'write failed');
    return undefined;
  }
}

/** Shows the view what the API server answered; a deletion is answered with no object, or with one that is gone. */
function take(view: ClusterView, policy: Pick<Policy, 'deleting'>, write: Write, answer: unknown): void {
  const kind = kindOf(write);
  if (kind === undefined || (kind === 'policies' && policy.deleting)) return;
  view.applied(kind, answer);
}

function kindOf(write: Write): Kind | undefined {
  switch (write.kind) {
    case 'ScaleTarget':
    case 'CreateCompanion':
    case 'ScaleCompanion':
    case 'MendCompanion':
      return 'deployments';
    case 'SetDrain':
    case 'AdmitPod':
      return 'pods';
    case 'SetFinalizers':
      return 'policies';
    case 'DeleteCompanion':
    case 'DeletePod':
    case 'EvictPod':
      return undefined;
  }
}

function problemOf(write: Write, outcome: Outcome): Problem | undefined {
  const { name } = write;
  if (outcome.state === 'taken') return problem('COMPANION_NAME_TAKEN', { name });
  if (outcome.state === 'forbidden') return problem('EVICTION_FORBIDDEN', { name });
  if (outcome.state !== 'refused') return undefined;
  const { status, reason } = outcome;
  if (reason === namespaceTerminating)
    return problem('NAMESPACE_TERMINATING', { namespace: write.namespace });
  return problem('WRITE_REFUSED', { object: name, status, reason });
}

function count(metrics: Metrics, policy: Pick<Policy, 'key'>, write: Write): void {
  if (write.kind !== 'SetDrain' || write.ended === undefined) return;
  metrics.recordDrain(policy.key, write.ended.outcome, write.ended.seconds);
}

/** What of a write the log tells: its numbers, without manifests. */
function factsOf(write: Write): Record<string, unknown> {
  return {
    write: write.kind,
    object: `${write.namespace}/${write.name}`,
    ...('from' in write ? { from: write.from } : {}),
    ...('to' in write ? { to: write.to } : {}),
    ...('holds' in write ? { holds: write.holds } : {}),
    ...(write.kind === 'SetDrain' ? { drain: write.drain?.note.stage ?? 'taken back', ...write.ended } : {}),
  };
}

function grows(write: Write): boolean {
  if (write.kind === 'AdmitPod') return true;
  return 'to' in write && (!('from' in write) || write.to > write.from);
}
