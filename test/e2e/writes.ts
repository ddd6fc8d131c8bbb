import type { AuditEvent } from '../cluster/cluster.ts';

/** One request of a controller that may change something, as the API server recorded it. */
export interface RecordedWrite {
  readonly atMs: number;
  /** Name of the pod in its User-Agent, and the User-Agent itself. */
  readonly pod: string;
  readonly userAgent: string;
  readonly verb: string;
  /** `deployments`, `burstpolicies/status`, … */
  readonly resource: string;
  readonly name: string;
  readonly code: number;
  readonly succeeded: boolean;
  /** Named in the request, else what the API server makes of the User-Agent (apiserver: prefixFromUserAgent). */
  readonly fieldManager: string | undefined;
  /** The decision that the written object says it follows from. */
  readonly decision: string | undefined;
  /** `spec.replicas` in the body; undefined: the body says nothing of replicas. */
  readonly replicas: number | undefined;
}

const userAgent = /^spillway\/\S+ \(([\w.-]+)\)$/;
const reads: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

/** All writes of all controllers, oldest first. A write whose User-Agent is malformed has an empty pod. */
export function writesIn(events: readonly AuditEvent[], sinceMs = 0): readonly RecordedWrite[] {
  return events
    .filter((event) => event.userAgent?.startsWith('spillway') === true && !reads.has(event.verb))
    .map(recorded)
    .filter(({ atMs }) => atMs >= sinceMs)
    .toSorted((a, b) => a.atMs - b.atMs);
}

/** Without what Spillway keeps for itself: its Lease and its ledger, which are written by the clock. */
export function exceptOwn(writes: readonly RecordedWrite[]): readonly RecordedWrite[] {
  return writes.filter(({ resource }) => resource !== 'leases' && resource !== 'configmaps');
}

/** Only those to what bursts: Deployments and pods. */
export function toWorkloads(writes: readonly RecordedWrite[]): readonly RecordedWrite[] {
  return writes.filter(({ resource }) => resource === 'deployments' || resource === 'pods');
}

interface Body {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>>; readonly name?: string };
  readonly spec?: { readonly replicas?: number };
}

function recorded(event: AuditEvent): RecordedWrite {
  const { objectRef, responseStatus } = event;
  const body = event.requestObject as Body | undefined;
  const code = responseStatus?.code ?? 0;
  return {
    atMs: Date.parse(event.requestReceivedTimestamp),
    pod: userAgent.exec(event.userAgent ?? '')?.[1] ?? '',
    userAgent: event.userAgent ?? '',
    verb: event.verb,
    resource: [objectRef?.resource, objectRef?.subresource].filter(Boolean).join('/'),
    name: objectRef?.name ?? body?.metadata?.name ?? '',
    code,
    succeeded: code >= 200 && code < 300,
    fieldManager:
      new URL(event.requestURI, 'https://api').searchParams.get('fieldManager') ??
      event.userAgent?.split('/', 1)[0],
    decision: body?.metadata?.annotations?.['spillway.dev/decision'],
    replicas: body?.spec?.replicas,
  };
}
