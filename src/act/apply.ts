import type { V1Deployment } from '@kubernetes/client-node';
import { type ApiError, isStatus } from '../cluster/api-error.ts';
import type { ClusterClient } from '../cluster/client.ts';
import type { Fence } from '../cluster/lease.ts';
import { drainText } from './drain-note.ts';
import { manager, names } from './names.ts';
import type { Write } from './write.ts';

/**
 * What became of a write. `exists`: our own object is there already, as it is; `conflict`: the object has changed since,
 * so decide anew; `gone`: it is not there any more; `taken`: the name belongs to somebody else; `forbidden`: a PodDisruptionBudget forbids the
 * eviction for now; `fenced`: this process does not lead any more, nothing was sent.
 */
export type Outcome =
  | { readonly state: 'done' | 'exists'; readonly object: unknown }
  | { readonly state: 'conflict' | 'gone' | 'taken' | 'fenced' | 'forbidden' }
  | { readonly state: 'refused'; readonly status: number; readonly reason: string };

/** Longest wait for one write, ms: well under the time that a lease outlives its last renewal. */
const writeTimeoutMs = 4_000;

/**
 * Sends one write. Idempotent: everything that is changed is bound to the version that it was planned for, so that a
 * write sent twice changes nothing the second time. Throws when no answer came; the next pass will look what happened.
 */
export async function applyWrite(write: Write, client: ClusterClient, fence: Fence): Promise<Outcome> {
  if (!fence.holds()) return { state: 'fenced' };
  try {
    return { state: 'done', object: await send(write, client) };
  } catch (error) {
    if (isStatus(error, 409)) {
      return error.reason === 'AlreadyExists' ? namesake(write, client) : { state: 'conflict' };
    }
    if (isStatus(error, 404)) return { state: 'gone' };
    if (write.kind === 'EvictPod' && isStatus(error, 429)) return { state: 'forbidden' };
    if (isRefusal(error)) return { state: 'refused', status: error.status, reason: error.reason };
    throw error;
  }
}

/** What stands under the name that a companion was to get: one that an earlier leader made, or somebody else's. */
async function namesake(write: Write, client: ClusterClient): Promise<Outcome> {
  if (write.kind !== 'CreateCompanion') return { state: 'taken' };
  const object = (await client.request('GET', `${deploymentsOf(write)}/${write.name}`)) as V1Deployment;
  const [wanted] = write.manifest.metadata?.ownerReferences ?? [];
  const ours = object.metadata?.ownerReferences?.some(
    ({ uid, controller }) => controller && uid === wanted?.uid,
  );
  return ours === true ? { state: 'exists', object } : { state: 'taken' };
}

function deploymentsOf({ namespace }: Write): string {
  return `/apis/apps/v1/namespaces/${namespace}/deployments`;
}

function isRefusal(error: unknown): error is ApiError {
  return isStatus(error, 400) || isStatus(error, 403) || isStatus(error, 422);
}

function send(write: Write, client: ClusterClient): Promise<unknown> {
  const deployments = deploymentsOf(write);
  const patch = (path: string, body: unknown): Promise<unknown> =>
    client.request('PATCH', `${path}?fieldManager=${manager}`, {
      body,
      contentType: 'application/merge-patch+json',
      timeoutMs: writeTimeoutMs,
    });
  const marked = { [names.decision]: write.decisionId };
  switch (write.kind) {
    case 'ScaleTarget':
    case 'ScaleCompanion':
      return patch(`${deployments}/${write.name}`, {
        metadata: { resourceVersion: write.resourceVersion, annotations: marked },
        spec: { replicas: write.to },
      });
    case 'CreateCompanion':
      return client.request('POST', `${deployments}?fieldManager=${manager}`, {
        body: write.manifest,
        timeoutMs: writeTimeoutMs,
      });
    case 'MendCompanion':
      return patch(`${deployments}/${write.name}`, {
        metadata: {
          resourceVersion: write.resourceVersion,
          labels: write.manifest.metadata?.labels,
          annotations: marked,
        },
        spec: { template: write.manifest.spec?.template },
      });
    case 'DeleteCompanion':
      return client.request('DELETE', `${deployments}/${write.name}`, {
        body: {
          propagationPolicy: 'Background',
          preconditions: { uid: write.uid, resourceVersion: write.resourceVersion },
        },
        timeoutMs: writeTimeoutMs,
      });
    case 'SetDrain':
      return patch(`/api/v1/namespaces/${write.namespace}/pods/${write.name}`, {
        metadata: {
          resourceVersion: write.resourceVersion,
          annotations: { ...marked, ...drainAnnotations(write) },
        },
      });
    case 'AdmitPod':
      return patch(`/api/v1/namespaces/${write.namespace}/pods/${write.name}`, {
        metadata: {
          resourceVersion: write.resourceVersion,
          annotations: {
            ...marked,
            [names.rescued]: write.decisionId,
            [names.deletionCost]: String(write.cost),
          },
        },
        spec: { tolerations: write.tolerations },
      });
    case 'DeletePod':
      return client.request('DELETE', `/api/v1/namespaces/${write.namespace}/pods/${write.name}`, {
        body: { preconditions: { uid: write.uid, resourceVersion: write.resourceVersion } },
        timeoutMs: writeTimeoutMs,
      });
    case 'EvictPod':
      return client.request('POST', `/api/v1/namespaces/${write.namespace}/pods/${write.name}/eviction`, {
        body: {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { name: write.name, namespace: write.namespace },
          deleteOptions: { preconditions: { uid: write.uid, resourceVersion: write.resourceVersion } },
        },
        timeoutMs: writeTimeoutMs,
      });
    case 'SetFinalizers':
      return patch(`/apis/spillway.dev/v1alpha1/namespaces/${write.namespace}/burstpolicies/${write.name}`, {
        metadata: {
          resourceVersion: write.resourceVersion,
          finalizers: write.finalizers,
          // The policy is its owner's: the mark goes with the finalizer that it explains.
          annotations: { [names.decision]: write.holds ? write.decisionId : null },
        },
      });
  }
}

/** What says on a pod that it is to leave; null: it is not, and the annotations go. */
function drainAnnotations({
  drain,
  restCost,
  released,
}: Write & { kind: 'SetDrain' }): Readonly<Record<string, string | null>> {
  const cost = drain?.cost ?? restCost;
  return {
    [names.drain]: drain === undefined ? null : drainText(drain.note),
    [names.deletionCost]: cost === undefined ? null : String(cost),
    ...(released === true ? { [names.rescued]: null } : {}),
  };
}
