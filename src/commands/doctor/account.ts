import type { LeaseObject } from '../../cluster/lease-object.ts';
import type { Config } from '../../config.ts';
import { controllers } from './deployments.ts';
import type { Account } from './look.ts';
import type { DoctorPod } from './raw.ts';
import type { Read, Reader } from './reader.ts';

/** Leases that leaders of Spillway may hold: in the configured namespace, else in any. */
export function leasesOf(
  reader: Reader,
  { lease }: Pick<Config, 'lease'>,
): Promise<Read<readonly LeaseObject[]>> {
  const base = '/apis/coordination.k8s.io/v1';
  const scope = lease.namespace === undefined ? '' : `/namespaces/${lease.namespace}`;
  return reader.list<LeaseObject>(`${base}${scope}/leases`, `fieldSelector=metadata.name%3D${lease.name}`);
}

/**
 * Whom Spillway runs as: the account of the pod that holds the Lease, else that of the Deployments that are labelled
 * as Spillway. Undefined: it is not found.
 */
export async function accountOf(reader: Reader, config: Pick<Config, 'lease'>): Promise<Account | undefined> {
  const leases = await leasesOf(reader, config);
  for (const { metadata, spec } of leases.state === 'read' ? leases.value : []) {
    const namespace = metadata?.namespace ?? '';
    const pod = spec?.holderIdentity?.split('_')[0] ?? '';
    if (pod === '') continue;
    const read = await reader.get<DoctorPod>(
      `/api/v1/namespaces/${namespace}/pods/${encodeURIComponent(pod)}`,
    );
    if (read.state === 'read') return { namespace, name: read.value.spec?.serviceAccountName ?? 'default' };
  }
  const [found] = await controllers(reader);
  return found === undefined
    ? undefined
    : {
        namespace: found.metadata?.namespace ?? 'default',
        name: found.spec?.template?.spec?.serviceAccountName ?? 'default',
      };
}
