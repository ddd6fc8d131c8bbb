import { readFileSync } from 'node:fs';

/**
 * What the API server records: writes to what Spillway writes, with their bodies; everything else by its metadata.
 * Reads of those are metadata too. See https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/.
 */
export const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    {
      level: 'Request',
      verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'],
      resources: [
        { group: 'apps', resources: ['deployments', 'deployments/*', 'statefulsets', 'statefulsets/*'] },
        { group: '', resources: ['pods', 'pods/*', 'configmaps'] },
        { group: 'coordination.k8s.io', resources: ['leases'] },
        { group: 'spillway.dev', resources: ['burstpolicies', 'burstpolicies/*'] },
      ],
    },
    { level: 'Metadata' },
  ],
} as const;

/** One request, as the API server recorded it (audit.k8s.io/v1 Event, the fields that tests look at). */
export interface AuditEvent {
  readonly auditID: string;
  readonly stage: 'ResponseStarted' | 'ResponseComplete' | 'Panic';
  readonly verb: string;
  readonly requestURI: string;
  readonly userAgent?: string;
  readonly user: { readonly username: string; readonly groups?: readonly string[] };
  readonly objectRef?: {
    readonly resource: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
  };
  readonly responseStatus?: { readonly code?: number; readonly reason?: string; readonly message?: string };
  /** The body of a write that is recorded at level `Request`. */
  readonly requestObject?: unknown;
  /** RFC 3339 with microseconds. */
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

/** Reads the whole log, oldest first. A line that is being written at this moment is left out. */
export function readAuditLog(path: string): AuditEvent[] {
  const text = readFileSync(path, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEvent);
}
