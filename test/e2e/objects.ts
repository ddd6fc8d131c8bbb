export const namespace = 'media';
/** The label `app` of all worker pods, whatever their Deployment. */
export const app = 'thumbnails';
/** Name of the worker Deployment, where a test has one. */
export const target = 'thumbnail-worker';
/** Name of the queue and of the policy, where a test has one. */
export const queueName = 'thumbnails';

/** A VM node of 4 cores unless told. */
export function vmNode(name: string, cpus = 4): { name: string; cpu: string; memory: string } {
  return { name, cpu: String(cpus), memory: `${cpus * 4}Gi` };
}

export interface WorkerOptions {
  readonly name?: string;
  readonly replicas?: number;
  readonly image?: string;
  /** More of the pod template's spec. */
  readonly spec?: object;
}

/** A worker Deployment: one core a pod. */
export function workerDeployment(options: WorkerOptions = {}): object {
  const { name = target, replicas = 2, image = 'example.com/thumbnails:1', spec } = options;
  const labels = { app, worker: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [{ name: 'worker', image, resources: { requests: { cpu: '1', memory: '256Mi' } } }],
          ...spec,
        },
      },
    },
  };
}

export interface PolicyOptions {
  readonly name?: string;
  readonly target?: string;
  readonly queue?: string;
  /** Name of the Secret with the URL of the Redis. */
  readonly secret?: string;
  /** How the source is sized: by the story's deadline unless told. */
  readonly sizing?: object;
  /** More of `spec`, `spec.scaling` and `spec.burst`. */
  readonly spec?: object;
  readonly scaling?: object;
  readonly burst?: object;
}

/** The sizing of the story: everything done within a minute. */
export const withinAMinute = { drainWithin: '1m', expectedJobDuration: '100ms' };
/** One replica for each job: a demand that the test says and that nobody works off. */
export const oneForEachJob = { backlogPerReplica: 1 };

export function burstPolicy(options: PolicyOptions = {}): object {
  const { name = queueName, queue = queueName, secret = 'redis', sizing = withinAMinute } = options;
  return {
    apiVersion: 'spillway.dev/v1alpha1',
    kind: 'BurstPolicy',
    metadata: { name, namespace },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: options.target ?? target },
      scaling: {
        minReplicas: 2,
        maxReplicas: 400,
        scaleDownStabilization: '10s',
        sources: [
          {
            name: 'queue',
            type: 'BullMQ',
            bullmq: { queue, urlFrom: { secretKeyRef: { name: secret, key: 'url' } } },
            ...sizing,
          },
        ],
        ...options.scaling,
      },
      burst: { maxReplicas: 100, reclaim: { after: '5s' }, ...options.burst },
      ...options.spec,
    },
  };
}

/** A policy whose demand is the number of jobs in its queue and whose windows are short: for tests that change it. */
export function quickPolicy(options: PolicyOptions = {}): object {
  return burstPolicy({
    sizing: oneForEachJob,
    ...options,
    scaling: { scaleDownStabilization: '1s', ...options.scaling },
    burst: { vmPool: 'Fixed', reclaim: { after: '1s' }, ...options.burst },
  });
}

/** The policy of somebody whose HPA, or who himself, sets the replicas. */
export function observingPolicy(options: PolicyOptions = {}): object {
  return burstPolicy({
    ...options,
    burst: { reclaim: { after: '1s' }, ...options.burst },
    spec: { scaling: undefined, ...options.spec },
  });
}

/** The Secret that holds the URL of a Redis. */
export function redisSecret(url: string, name = 'redis'): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData: { url } };
}

/** A real HPA on the target whose one effect is its minimum: there are no metrics in the test cluster. */
export function autoscaler(replicas: number): object {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: target, namespace },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
      minReplicas: replicas,
      maxReplicas: replicas,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
        },
      ],
    },
  };
}

/** What cluster-autoscaler says of a pool that is as large as it may be. */
export function fullPool(): object {
  const nodes = {
    health: { cloudProviderTarget: 3, minSize: 3, maxSize: 3 },
    scaleUp: { status: 'NoActivity' },
  };
  const status = JSON.stringify({ autoscalerStatus: 'Running', nodeGroups: [{ name: 'vm', ...nodes }] });
  const updated = new Date().toISOString().replace('T', ' ').replace('Z', '000000 +0000 UTC');
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'cluster-autoscaler-status',
      namespace: 'kube-system',
      annotations: { 'cluster-autoscaler.kubernetes.io/last-updated': updated },
    },
    data: { status },
  };
}

/** The virtual node with a provider that creates as fast as anybody wants: ACI lets 100 in 5 min through. */
export const fastPool = {
  name: 'aks-addon',
  kind: 'AksAddon',
  nodeSelector: { type: 'virtual-kubelet' },
  pace: { per5Minutes: 1000, perHour: 1000 },
};
