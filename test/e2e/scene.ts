import { Queue } from 'bullmq';
import { type ClusterOptions, kubectlOrThrow, type OwnCluster, startOwnCluster } from '../cluster/cluster.ts';
import { startRedis, type TestRedis } from '../redis.ts';
import { type ControllerProcess, startControllerProcess } from './controller-process.ts';
import { startWorkforce, type Workforce } from './workforce.ts';

export const namespace = 'media';
export const app = 'thumbnails';
export const target = 'thumbnail-worker';
export const queueName = 'thumbnails';

/** A control plane, a Redis, the CRD and a worker Deployment: what every story begins with. */
export interface Scene {
  readonly cluster: OwnCluster;
  readonly redis: TestRedis;
  readonly queue: Queue;
  /** Starts a controller with a pod name of its own; all of them end with the scene. */
  controller(podName: string): Promise<ControllerProcess>;
  workforce(jobMs: number): Promise<Workforce>;
  kubectl(args: string, input?: object): Promise<string>;
  apply(...objects: readonly object[]): Promise<void>;
  /** `spec.replicas` and what else a Deployment says; undefined: it is not there. */
  deployment(name: string): Promise<DeploymentView | undefined>;
  companions(): Promise<readonly DeploymentView[]>;
  policy(name?: string): Promise<PolicyView>;
  close(): Promise<void>;
}

export interface DeploymentView {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  };
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
  readonly status: { readonly readyReplicas?: number };
}

export interface PolicyView {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly demand?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
    }[];
    readonly burst?: { readonly wanted: number; readonly granted: number; readonly running: number };
    readonly lastDecision?: { readonly id: string; readonly summary: string };
  };
}

export async function startScene(
  options: ClusterOptions & { readonly vmNodes?: number; readonly cpus?: number } = {},
): Promise<Scene> {
  const cluster = await startOwnCluster(options);
  const redis = await startRedis();
  const queue = new Queue(queueName, {
    connection: { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null },
  });
  queue.on('error', () => {});
  await queue.waitUntilReady();
  const closers: (() => Promise<void>)[] = [];

  const kubectl = (args: string, input?: object): Promise<string> =>
    kubectlOrThrow(cluster.kubectl, args.split(' '), input === undefined ? undefined : JSON.stringify(input));
  const apply = async (...objects: readonly object[]): Promise<void> => {
    await kubectl('apply --server-side --force-conflicts -f -', {
      apiVersion: 'v1',
      kind: 'List',
      items: objects,
    });
  };
  const get = async <T>(args: string): Promise<T> =>
    JSON.parse(await kubectl(`get -o json -n ${namespace} ${args}`)) as T;

  await kubectl('apply --server-side -f charts/spillway/crds/burstpolicies.yaml');
  await kubectl('wait --for=condition=Established crd/burstpolicies.spillway.dev');
  await apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'redis', namespace },
      stringData: { url: redis.url },
    },
  );
  const vmNodes = options.vmNodes ?? 3;
  await cluster.addVmNode(
    ...Array.from({ length: vmNodes }, (_, index) => vmNode(`vm-${index + 1}`, options.cpus)),
  );

  return {
    cluster,
    redis,
    queue,
    kubectl,
    apply,
    async controller(podName) {
      const process = await startControllerProcess({ cluster, podName });
      closers.push(() => process.end());
      return process;
    },
    async workforce(jobMs) {
      const workforce = await startWorkforce({
        kubeconfigPath: cluster.kubeconfigPath,
        namespace,
        app,
        redis: { host: '127.0.0.1', port: redis.port },
        queue: queueName,
        jobMs,
      });
      closers.push(() => workforce.close());
      return workforce;
    },
    async deployment(name) {
      const { items } = await get<{ items: DeploymentView[] }>(
        `deployments --field-selector=metadata.name=${name}`,
      );
      return items[0];
    },
    async companions() {
      const { items } = await get<{ items: DeploymentView[] }>(
        'deployments -l app.kubernetes.io/managed-by=spillway',
      );
      return items;
    },
    policy: (name = 'thumbnails') => get<PolicyView>(`burstpolicy ${name}`),
    async close() {
      for (const end of closers.toReversed()) await end();
      await queue.close();
      await redis.stop();
      await cluster.stop();
    },
  };
}

/** A VM node of 4 cores unless told. */
export function vmNode(name: string, cpus = 4): { name: string; cpu: string; memory: string } {
  return { name, cpu: String(cpus), memory: `${cpus * 4}Gi` };
}

/** The worker Deployment: one core a pod. */
export function workerDeployment(
  more: { replicas?: number; image?: string; name?: string; spec?: object } = {},
): object {
  const labels = { app };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: more.name ?? target, namespace },
    spec: {
      replicas: more.replicas ?? 2,
      selector: { matchLabels: { ...labels, worker: more.name ?? target } },
      template: {
        metadata: { labels: { ...labels, worker: more.name ?? target } },
        spec: {
          containers: [
            {
              name: 'worker',
              image: more.image ?? 'example.com/thumbnails:1',
              resources: { requests: { cpu: '1', memory: '256Mi' } },
            },
          ],
          ...more.spec,
        },
      },
    },
  };
}

/** The policy of the story: drained within a minute. `scaling` and `burst` say what differs. */
export function burstPolicy(
  more: {
    name?: string;
    target?: string;
    queue?: string;
    spec?: object;
    scaling?: object;
    burst?: object;
  } = {},
): object {
  return {
    apiVersion: 'spillway.dev/v1alpha1',
    kind: 'BurstPolicy',
    metadata: { name: more.name ?? 'thumbnails', namespace },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: more.target ?? target },
      scaling: {
        minReplicas: 2,
        maxReplicas: 400,
        scaleDownStabilization: '10s',
        sources: [
          {
            name: 'queue',
            type: 'BullMQ',
            bullmq: {
              queue: more.queue ?? queueName,
              urlFrom: { secretKeyRef: { name: 'redis', key: 'url' } },
            },
            drainWithin: '1m',
            expectedJobDuration: '100ms',
          },
        ],
        ...more.scaling,
      },
      burst: { maxReplicas: 100, reclaim: { after: '5s' }, ...more.burst },
      ...more.spec,
    },
  };
}
