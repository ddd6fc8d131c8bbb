import type { AuditEvent } from '../cluster/cluster.ts';
import type { Frame } from '../e2e/history.ts';
import { type RecordedWrite, writesIn } from '../e2e/writes.ts';

/** One leadership, as the Lease in the audit log has it. */
export interface Term {
  readonly pod: string;
  readonly fromMs: number;
}

/** The least that has to run from a moment on, whatever goes wrong. */
export interface Floor {
  readonly fromMs: number;
  readonly replicas: number;
}

interface Body {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly preconditions?: { readonly resourceVersion?: string };
  readonly spec?: { readonly holderIdentity?: string };
}

const reads: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

/** Who led when: each successful write to the Lease by another holder than before begins a term. */
export function termsOf(events: readonly AuditEvent[]): readonly Term[] {
  const terms: Term[] = [];
  for (const event of inOrder(events)) {
    if (event.objectRef?.resource !== 'leases' || reads.has(event.verb) || !succeeded(event)) continue;
    const holder = (event.requestObject as Body | undefined)?.spec?.holderIdentity ?? '';
    const pod = holder.split('_', 1)[0] ?? '';
    if (holder === '' || !event.userAgent?.startsWith('spillway')) continue;
    if (terms.at(-1)?.pod !== pod) terms.push({ pod, fromMs: Date.parse(event.requestReceivedTimestamp) });
  }
  return terms;
}

/** Promise 5: nobody writes before he leads, and of each object no earlier term writes after a later one. */
export function writerProblems(events: readonly AuditEvent[]): readonly string[] {
  const terms = termsOf(events);
  const latest = new Map<string, number>();
  const problems: string[] = [];
  for (const event of inOrder(events)) {
    const [write] = writesIn([event]);
    if (write === undefined || !write.succeeded || !isFenced(write)) continue;
    const term = terms.findLastIndex(({ pod, fromMs }) => pod === write.pod && fromMs <= write.atMs);
    const object = `${write.resource} ${write.name}`;
    const before = latest.get(object) ?? -1;
    if (term < 0) problems.push(`${write.pod} wrote ${object} without ever having led`);
    else if (term < before)
      problems.push(`${write.pod} wrote ${object} after ${terms[before]?.pod ?? ''} had taken over`);
    latest.set(object, Math.max(before, term));
  }
  return problems;
}

/** Promise 5: every write but the making of an object carries the version that it rests on. */
export function versionProblems(events: readonly AuditEvent[]): readonly string[] {
  return events.flatMap((event) => {
    const [write] = writesIn([event]);
    // What was refused before it was read has no body in the log.
    if (write === undefined || write.verb === 'create' || !isFenced(write) || !write.succeeded) return [];
    const body = event.requestObject as Body | undefined;
    const version = body?.metadata?.resourceVersion ?? body?.preconditions?.resourceVersion ?? '';
    return version === '' ? [`${write.verb} ${write.resource} ${write.name} carried no version`] : [];
  });
}

/** Promise 4: never is more asked for than the policy allows, neither in the cluster nor by a write that was refused. */
export function burstProblems(
  frames: readonly Frame[],
  events: readonly AuditEvent[],
  limits: { readonly maxBurst: number; readonly target: string },
): readonly string[] {
  const stood = frames.filter(({ asked }) => asked > limits.maxBurst).map(({ asked }) => `${asked} stood`);
  const asked = writesIn(events)
    .filter(({ resource, name, replicas = 0 }) => {
      return resource === 'deployments' && name !== limits.target && replicas > limits.maxBurst;
    })
    .map(({ replicas }) => `${replicas ?? 0} were written`);
  return [...new Set([...stood, ...asked])].map((what) => `${what} where ${limits.maxBurst} are allowed`);
}

/** Promise 8: no fault makes the demand look smaller than the load is. */
export function floorProblems(frames: readonly Frame[], floors: readonly Floor[]): readonly string[] {
  return frames.flatMap((frame) => {
    const floor = floors.findLast(({ fromMs }) => fromMs <= frame.atMs);
    if (floor === undefined || frame.targetReplicas === undefined) return [];
    const asked = frame.asked + frame.targetReplicas;
    if (asked >= floor.replicas) return [];
    const time = new Date(frame.atMs).toISOString().slice(11, 23);
    return [`at ${time} only ${asked} replicas were asked for where the load called for ${floor.replicas}`];
  });
}

/** The most that happened within any window of so many milliseconds; moments in any order. */
export function busiest(momentsMs: readonly number[], windowMs: number): number {
  const sorted = momentsMs.toSorted((a, b) => a - b);
  let first = 0;
  let most = 0;
  for (const [index, moment] of sorted.entries()) {
    while ((sorted[first] ?? moment) <= moment - windowMs) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

/** Leases are how leaders are made, and Events carry nothing that anybody acts on. */
function isFenced({ resource }: RecordedWrite): boolean {
  return resource !== 'leases' && resource !== 'events';
}

function succeeded({ responseStatus }: AuditEvent): boolean {
  const code = responseStatus?.code ?? 0;
  return code >= 200 && code < 300;
}

/** By the moment at which the API server was done with them: RFC 3339 in one zone sorts as text. */
function inOrder(events: readonly AuditEvent[]): readonly AuditEvent[] {
  return events.toSorted((a, b) =>
    a.stageTimestamp < b.stageTimestamp ? -1 : a.stageTimestamp > b.stageTimestamp ? 1 : 0,
  );
}
