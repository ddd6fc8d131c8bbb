import { Queue } from 'bullmq';
import type { BurstPolicy } from '../../src/policy/schema.ts';
import { type ClusterOptions, kubectlOrThrow, type OwnCluster, startOwnCluster } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/wait-for.ts';
import { startRedis, type TestRedis } from '../redis.ts';
import { type Api, connectApi } from './api.ts';
import { type ControllerProcess, startControllerProcess } from './controller-process.ts';
import { History } from './history.ts';
import { app, namespace, queueName, redisSecret, vmNode } from './objects.ts';
import { startWorkforce, type Workforce } from './workforce.ts';
import type { WorkforceOptions } from './workforce-process.ts';

export * from './objects.ts';

/** A control plane with VM nodes and a virtual node, a Redis and the CRD: what every story begins with. */
export interface Scene {
  readonly cluster: OwnCluster;
  readonly api: Api;
  readonly redis: TestRedis;
  readonly queue: Queue;
  /** Another queue. */
  queueOf(name: string): Promise<Queue>;
  /** Starts a controller with a pod name of its own; all of them end with the scene. `config`: more of its configuration. */
  controller(podName: string, config?: object): Promise<ControllerProcess>;
  /** Workers for the pods of the scene, on the queue of the scene. */
  workforce(
    jobMs: number,
    more?: Pick<WorkforceOptions, 'uneven' | 'drains' | 'killsBurst'>,
  ): Promise<Workforce>;
  /** Records what happens to a target and its companions from now on. */
  history(target?: string): Promise<History>;
  kubectl(args: string, input?: object): Promise<string>;
  apply(...objects: readonly object[]): Promise<void>;
  deployment(name: string): Promise<DeploymentView | undefined>;
  /** All Deployments that say they are Spillway's. */
  companions(): Promise<readonly DeploymentView[]>;
  policy(name?: string): Promise<BurstPolicy>;
  /** Waits until a condition of a policy has this status and, where named, this reason; resolves to its message. */
  condition(type: string, status: string, reason?: string, policy?: string): Promise<string>;
  patchDeployment(name: string, patch: object): Promise<void>;
  patchPolicy(patch: object, name?: string): Promise<void>;
  /** Takes all policies, Deployments and jobs away, and waits until no pod is left. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** What tests look at in a Deployment. */
export interface DeploymentView {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

interface ListOf<T> {
  readonly items: readonly T[];
}

const deploymentsPath = `/apis/apps/v1/namespaces/${namespace}/deployments`;
const policiesPath = `/apis/spillway.dev/v1alpha1/namespaces/${namespace}/burstpolicies`;
const podsPath = `/api/v1/namespaces/${namespace}/pods`;

export async function startScene(
  options: ClusterOptions & { readonly vmNodes?: number; readonly cpus?: number } = {},
): Promise<Scene> {
  const cluster = await startOwnCluster(options);
  const redis = await startRedis();
  const api = connectApi(cluster);
  const closers: (() => Promise<void>)[] = [];
  const closing = <T extends { close(): Promise<void> }>(one: T): T => {
    closers.push(() => one.close());
    return one;
  };

  const queues: Queue[] = [];
  const queueOf = async (name: string): Promise<Queue> => {
    const queue = closing(await connectQueue(name, redis));
    queues.push(queue);
    return queue;
  };
  const kubectl = (args: string, input?: object): Promise<string> =>
    kubectlOrThrow(cluster.kubectl, args.split(' '), input === undefined ? undefined : JSON.stringify(input));
  const apply = async (...items: readonly object[]): Promise<void> => {
    await kubectl('apply --server-side --force-conflicts -f -', { apiVersion: 'v1', kind: 'List', items });
  };
  const listed = async <T>(path: string): Promise<readonly T[]> =>
    (await api.get<ListOf<T>>(path))?.items ?? [];
  const policy = async (name: string = queueName): Promise<BurstPolicy> => {
    const found = await api.get<BurstPolicy>(`${policiesPath}/${name}`);
    if (found === undefined) throw new Error(`There is no policy ${name}.`);
    return found;
  };

  await kubectl('apply --server-side -f charts/spillway/files/burstpolicies.yaml');
  await kubectl('wait --for=condition=Established crd/burstpolicies.spillway.dev');
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, redisSecret(redis.url));
  const { vmNodes = 3, cpus } = options;
  if (vmNodes > 0)
    await cluster.addVmNode(
      ...Array.from({ length: vmNodes }, (_, index) => vmNode(`vm-${index + 1}`, cpus)),
    );

  return {
    cluster,
    api,
    redis,
    queue: await queueOf(queueName),
    queueOf,
    async controller(podName, config = {}) {
      const controller = await startControllerProcess({ cluster, podName, config });
      closers.push(() => controller.end());
      return controller;
    },
    async workforce(jobMs, more) {
      const { kubeconfigPath } = cluster;
      const connection = { host: '127.0.0.1', port: redis.port };
      return closing(
        await startWorkforce({
          kubeconfigPath,
          namespace,
          app,
          redis: connection,
          queue: queueName,
          jobMs,
          ...more,
        }),
      );
    },
    history: async (target) => closing(await History.of(cluster.kubeconfigPath, target)),
    kubectl,
    apply,
    deployment: (name) => api.get<DeploymentView>(`${deploymentsPath}/${name}`),
    companions: () => listed(`${deploymentsPath}?labelSelector=app.kubernetes.io/managed-by=spillway`),
    policy,
    condition: (type, status, reason, name) =>
      waitFor(`condition ${type}=${status} ${reason ?? ''} of ${name ?? 'the policy'}`, async () => {
        const found = (await policy(name)).status?.conditions?.find((one) => one.type === type);
        const right = found?.status === status && (reason === undefined || found.reason === reason);
        return right ? found.message : undefined;
      }),
    patchDeployment: (name, patch) => api.patch(`${deploymentsPath}/${name}`, patch),
    patchPolicy: (patch, name = queueName) => api.patch(`${policiesPath}/${name}`, patch),
    async clear() {
      for (const path of [policiesPath, deploymentsPath]) await api.call('DELETE', path);
      // Where no controller runs nobody else lets a policy with burst go.
      for (const { metadata } of await listed<BurstPolicy>(policiesPath)) {
        await api.call('PATCH', `${policiesPath}/${metadata.name}`, { metadata: { finalizers: null } });
      }
      for (const queue of queues) await queue.drain(true).catch(() => undefined);
      await waitFor('all pods to be gone', async () => (await listed(podsPath)).length === 0, 60_000);
    },
    async close() {
      // Whatever fails, the rest has to end: what runs on would keep the test from ending.
      const ends = [...closers.toReversed(), () => api.close(), () => redis.stop(), () => cluster.stop()];
      const failures: unknown[] = [];
      for (const end of ends) await end().catch((error: unknown) => failures.push(error));
      if (failures.length > 0) throw new AggregateError(failures, 'The scene did not end well.');
    },
  };
}

/** A queue on a Redis, connected. */
export async function connectQueue(name: string, { port }: TestRedis): Promise<Queue> {
  const queue = new Queue(name, { connection: { host: '127.0.0.1', port, maxRetriesPerRequest: null } });
  queue.on('error', () => {});
  await queue.waitUntilReady();
  return queue;
}
