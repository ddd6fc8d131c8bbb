import { names } from '../../act/names.ts';
import { explained, isStatus } from '../../cluster/api-error.ts';
import type { ClusterClient, Method } from '../../cluster/client.ts';
import type { LeaseObject } from '../../cluster/lease-object.ts';
import { collectionPath } from '../../cluster/resources.ts';
import { keptName } from '../../external-metrics/certificate/kept.ts';
import { ledgerName } from '../../limits/ledger-store.ts';
import type { BurstPolicy } from '../../policy/schema.ts';

/** An object in a namespace. */
export interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** A companion, as far as it matters that it is there. */
export interface Companion extends Named {
  readonly uid: string;
  readonly replicas: number;
}

/** Annotation of a policy that is suspended only until Spillway is uninstalled. */
export const suspendedMark = 'spillway.dev/suspended-for-uninstall';

/** What uninstalling asks for, as a port. */
export type Uninstallable = Pick<
  UninstallCluster,
  'policies' | 'companions' | 'patchPolicy' | 'deleteCompanion' | 'stop' | 'holder' | 'clear'
>;

const timeoutMs = 10_000;
const pageSize = 500;

/** What uninstalling asks of the API server. Each throws SpillwayError; what is not there (404) is no error. */
export class UninstallCluster {
  readonly #client: ClusterClient;
  readonly #namespaces: readonly (string | undefined)[];

  constructor(client: ClusterClient, namespaces: 'all' | readonly string[]) {
    this.#client = client;
    this.#namespaces = namespaces === 'all' ? [undefined] : namespaces;
  }

  policies(): Promise<readonly BurstPolicy[]> {
    return this.#list<BurstPolicy>('policies', '');
  }

  /** Companions of any policy, those too whose policy is gone. */
  async companions(): Promise<readonly Companion[]> {
    const selector = encodeURIComponent(`${names.managedBy}=spillway,${names.policyUid}`);
    const found = await this.#list<{
      readonly metadata: { readonly namespace: string; readonly name: string; readonly uid: string };
      readonly spec?: { readonly replicas?: number };
    }>('deployments', `&labelSelector=${selector}`);
    return found.map(({ metadata: { namespace, name, uid }, spec }) => ({
      namespace,
      name,
      uid,
      replicas: spec?.replicas ?? 1,
    }));
  }

  /** Merges into a policy. */
  patchPolicy({ namespace = '', name }: BurstPolicy['metadata'], body: object): Promise<unknown> {
    return this.#send('PATCH', `${collectionPath('policies', namespace)}/${name}`, body);
  }

  deleteCompanion({ namespace, name, uid }: Companion): Promise<unknown> {
    return this.#send('DELETE', `${collectionPath('deployments', namespace)}/${name}`, {
      propagationPolicy: 'Background',
      preconditions: { uid },
    });
  }

  /** Sets the replicas of the controller to 0. */
  stop({ namespace, name }: Named): Promise<unknown> {
    const path = `${collectionPath('deployments', namespace)}/${name}/scale`;
    return this.#send('PATCH', path, { spec: { replicas: 0 } });
  }

  /** Who holds the Lease and when it was renewed, in one text that changes with each renewal; undefined: nobody holds it. */
  async holder({ namespace, name }: Named): Promise<string | undefined> {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
    const lease = (await this.#send('GET', path)) as LeaseObject | undefined;
    const { holderIdentity = '', renewTime = '' } = lease?.spec ?? {};
    return holderIdentity === '' ? undefined : `${holderIdentity} ${renewTime}`;
  }

  /** Deletes what the controller has made for itself: Lease, ledger and certificate, all in the namespace of the Lease. */
  async clear({ namespace, name }: Named): Promise<void> {
    await this.#send('DELETE', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`);
    await this.#send('DELETE', `/api/v1/namespaces/${namespace}/configmaps/${ledgerName}`);
    await this.#send('DELETE', `/api/v1/namespaces/${namespace}/secrets/${keptName}`);
  }

  async #list<T>(kind: 'policies' | 'deployments', query: string): Promise<readonly T[]> {
    const items: T[] = [];
    for (const namespace of this.#namespaces) {
      let next = '';
      do {
        const path = `${collectionPath(kind, namespace)}?limit=${pageSize}&continue=${encodeURIComponent(next)}${query}`;
        const page = (await this.#send('GET', path)) as
          | { readonly items?: readonly T[]; readonly metadata?: { readonly continue?: string } }
          | undefined;
        items.push(...(page?.items ?? []));
        next = page?.metadata?.continue ?? '';
      } while (next !== '');
    }
    return items;
  }

  /** Undefined: it is not there. */
  async #send(method: Method, path: string, body?: object): Promise<unknown> {
    try {
      return await this.#client.request(method, path, {
        timeoutMs,
        ...(body === undefined ? {} : { body }),
        ...(method === 'PATCH' ? { contentType: 'application/merge-patch+json' as const } : {}),
      });
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw explained(error);
    }
  }
}
