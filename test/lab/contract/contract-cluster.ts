import { randomBytes } from 'node:crypto';
import { ApiError } from '../../../src/cluster/api-error.ts';
import type { ClusterClient, Method, RequestOptions } from '../../../src/cluster/client.ts';
import { waitFor } from '../../cluster/wait-for.ts';

/** What a cluster has to offer so that the contract can be asked of it: the lab and the real control plane do. */
export interface ContractCluster {
  readonly client: ClusterClient;
  /** Adds a VM node of 4 cores and 16 GiB that runs pods at once, and returns its name. */
  addVmNode(): Promise<string>;
  /** Makes watches of policies from version 1 impossible, where they are not already. */
  forgetHistory(): void;
  /** Waits until so much time has passed in the cluster. */
  pass(seconds: number): Promise<void>;
  close(): Promise<void>;
}

/** An object as these tests look at it. */
export interface Seen {
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly uid: string;
      readonly controller?: boolean;
    }[];
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>> & {
    readonly phase?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
    }[];
  };
}

export interface SeenList {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly Seen[];
}

/** A namespace of one test, and short ways to ask for what is in it. */
export class Room {
  readonly client: ClusterClient;
  readonly namespace: string;

  constructor(client: ClusterClient, namespace: string) {
    this.client = client;
    this.namespace = namespace;
  }

  /** Path of a collection of this namespace, or of an object in it. */
  path(plural: string, name?: string): string {
    const root =
      plural === 'pods' || plural === 'configmaps'
        ? '/api/v1'
        : plural === 'burstpolicies'
          ? '/apis/spillway.dev/v1alpha1'
          : plural === 'jobs'
            ? '/apis/batch/v1'
            : plural === 'poddisruptionbudgets'
              ? '/apis/policy/v1'
              : '/apis/apps/v1';
    return `${root}/namespaces/${this.namespace}/${plural}${name === undefined ? '' : `/${name}`}`;
  }

  async get(plural: string, name: string): Promise<Seen> {
    return (await this.client.request('GET', this.path(plural, name))) as Seen;
  }

  async list(plural: string, query = ''): Promise<SeenList> {
    return (await this.client.request('GET', `${this.path(plural)}${query}`)) as SeenList;
  }

  async create(plural: string, body: object): Promise<Seen> {
    return (await this.client.request('POST', this.path(plural), { body })) as Seen;
  }

  /** A merge patch, of the object or of a subresource (`name/scale`). */
  async patch(plural: string, name: string, body: object): Promise<Seen> {
    return (await this.client.request('PATCH', this.path(plural, name), {
      body,
      contentType: 'application/merge-patch+json',
    })) as Seen;
  }

  async put(plural: string, name: string, body: object): Promise<Seen> {
    return (await this.client.request('PUT', this.path(plural, name), { body })) as Seen;
  }

  async remove(plural: string, name: string, body: object = {}): Promise<unknown> {
    return this.client.request('DELETE', this.path(plural, name), { body });
  }

  /** Pods that nobody has deleted, oldest first. */
  async pods(): Promise<readonly Seen[]> {
    const { items } = await this.list('pods');
    return items
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .toSorted((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1));
  }

  /** Waits until the pods that nobody has deleted are so many and all Ready. */
  async readyPods(count: number): Promise<readonly Seen[]> {
    return waitFor(`${count} ready pods`, async () => {
      const pods = await this.pods();
      return pods.length === count && pods.every(isReady) && pods;
    });
  }
}

/** Makes a namespace with a name of its own; pods can be made in it. */
export async function makeRoom(client: ClusterClient): Promise<Room> {
  const namespace = `contract-${randomBytes(4).toString('hex')}`;
  await client.request('POST', '/api/v1/namespaces', {
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  });
  await waitFor('the service account of the namespace', () =>
    client.request('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`).then(
      () => true,
      () => false,
    ),
  );
  return new Room(client, namespace);
}

/** The refusal of a request: its status and reason. Fails where it is not refused. */
export async function refusal(
  client: ClusterClient,
  method: Method,
  path: string,
  options: RequestOptions = {},
): Promise<{ readonly status: number; readonly reason: string }> {
  try {
    await client.request(method, path, options);
  } catch (error) {
    if (error instanceof ApiError) return { status: error.status, reason: error.reason };
    throw error;
  }
  throw new Error(`${method} ${path} was not refused`);
}

export function isReady({ status }: Seen): boolean {
  return conditionOf(status, 'Ready')?.status === 'True';
}

export function conditionOf(
  status: Seen['status'],
  type: string,
): { readonly status: string; readonly reason?: string } | undefined {
  return status?.conditions?.find((each) => each.type === type);
}

/** A Deployment of one small container. */
export function deploymentOf(
  name: string,
  replicas: number,
  podSpec: object = {},
  more: object = {},
): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpecOf(podSpec) },
      ...more,
    },
  };
}

export function podOf(name: string, podSpec: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: podSpecOf(podSpec),
  };
}

/** A Job of one small container. */
export function jobOf(name: string, podSpec: object = {}, more: object = {}): object {
  const labels = { app: name };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, labels },
    spec: {
      template: { metadata: { labels }, spec: podSpecOf({ restartPolicy: 'Never', ...podSpec }) },
      ...more,
    },
  };
}

function podSpecOf(more: object): object {
  return {
    containers: [
      {
        name: 'app',
        image: 'example.com/app:1',
        resources: { requests: { cpu: '100m', memory: '64Mi' } },
      },
    ],
    ...more,
  };
}

export function policyOf(name: string, spec: object): object {
  return { apiVersion: 'spillway.dev/v1alpha1', kind: 'BurstPolicy', metadata: { name }, spec };
}
