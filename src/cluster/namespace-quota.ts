import type { LimitsObservation, PodShape } from '../decide/observation.ts';
import { quotaLeft } from './quota.ts';
import type { Store } from './store.ts';

/** What the ResourceQuotas of a namespace leave, as limits tell it. */
export type NamespaceQuota = Required<Pick<LimitsObservation, 'namespaceQuota' | 'namespaceQuotaName'>>;

/** Pods of this shape that the namespace's quotas still admit, less what companions there wait for already. */
export function namespaceQuotaIn(store: Store, namespace: string, shape: PodShape): NamespaceQuota {
  const left = quotaLeft(store.resourcequotas.by('namespace', namespace), shape);
  if (left === undefined) return { namespaceQuota: undefined, namespaceQuotaName: undefined };
  const waiting = [...store.policies.values()]
    .filter((policy) => policy.namespace === namespace)
    .flatMap(({ uid }) => store.deployments.by('owner', uid))
    // What is refused does not wait for room: it is asked for anew (limits.ts).
    .filter(({ refusal }) => refusal?.cause !== 'QuotaExceeded')
    .reduce((sum, { replicas, status }) => sum + Math.max(0, replicas - status.replicas), 0);
  return { namespaceQuota: Math.max(0, left.pods - waiting), namespaceQuotaName: left.quota };
}
