import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../src/clock.ts';
import { defaultVirtualPools } from '../../../src/cluster/virtual-nodes.ts';
import { diagnose, type DoctorOptions } from '../../../src/commands/doctor/doctor.ts';
import type { Finding } from '../../../src/commands/doctor/finding.ts';
import { microTime } from '../../../src/cluster/lease-object.ts';
import { parseConfig } from '../../../src/config.ts';
import { kubeconfigFor } from '../../../src/lab/api/kubeconfig.ts';
import type { Scenario } from '../../../src/lab/world/types.ts';
import {
  burstPolicy,
  namespace,
  queueName,
  redisSecret,
  target,
  workerDeployment,
} from '../../e2e/objects.ts';
import { type LabCluster, startLabCluster } from '../api/lab-cluster.ts';
import { type Front, startFront } from './front.ts';

/** A cluster in which everything is well, and what a test breaks in it. */
export interface Clinic {
  readonly lab: LabCluster;
  readonly front: Front;
  readonly kubeconfigPath: string;
  /** Makes an object; its path follows from its kind. */
  readonly create: (object: object) => Promise<void>;
  /** Merges into the object at a path. */
  readonly patch: (path: string, body: object) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
  diagnose(options?: Partial<DoctorOptions>, configuration?: string): Promise<readonly Finding[]>;
  close(): Promise<void>;
}

export const nodePath = '/api/v1/nodes/virtual-node-aci-linux';
export const policyPath = `/apis/spillway.dev/v1alpha1/namespaces/${namespace}/burstpolicies/${queueName}`;
export const targetPath = `/apis/apps/v1/namespaces/${namespace}/deployments/${target}`;
export const secretPath = `/api/v1/namespaces/${namespace}/secrets/redis`;
export const leasePath = '/apis/coordination.k8s.io/v1/namespaces/spillway/leases/spillway';

/** Names by which AKS would know the lab. */
const aks = { 'kubernetes.azure.com/cluster': 'MC_shop_media_eastus' };

const collections: Readonly<Record<string, string>> = {
  Deployment: '/apis/apps/v1/namespaces/NS/deployments',
  Secret: '/api/v1/namespaces/NS/secrets',
  Lease: '/apis/coordination.k8s.io/v1/namespaces/NS/leases',
  BurstPolicy: '/apis/spillway.dev/v1alpha1/namespaces/NS/burstpolicies',
  HorizontalPodAutoscaler: '/apis/autoscaling/v2/namespaces/NS/horizontalpodautoscalers',
  ResourceQuota: '/api/v1/namespaces/NS/resourcequotas',
  PodDisruptionBudget: '/apis/policy/v1/namespaces/NS/poddisruptionbudgets',
  ConfigMap: '/api/v1/namespaces/NS/configmaps',
};

/** Starts a lab like an AKS cluster with Spillway, a worker, its policy and its queue in this Redis. */
export async function startClinic(redisUrl: string, scenario: Partial<Scenario> = {}): Promise<Clinic> {
  const lab = await startLabCluster({
    scenario: { pools: [{ name: 'vm', nodes: 2, cpu: '4', memory: '16Gi', labels: aks }], ...scenario },
  });
  const front = await startFront(lab.url);
  const kubeconfigPath = join(lab.dir, 'front');
  writeFileSync(kubeconfigPath, kubeconfigFor(front.url));
  const { client } = lab;
  const create = async (object: object): Promise<void> => {
    const { kind, metadata } = object as { kind: string; metadata: { namespace: string } };
    await client.request('POST', (collections[kind] ?? '').replace('NS', metadata.namespace), {
      body: object,
    });
  };
  const patch = async (path: string, body: object): Promise<void> => {
    await client.request('PATCH', path, { body, contentType: 'application/merge-patch+json' });
  };
  for (const name of [namespace, 'spillway']) {
    await client.request('POST', '/api/v1/namespaces', {
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    });
  }
  await create(controllerDeployment);
  await create(configurationWith('lease: { name: spillway }'));
  await create(leaseOf(systemClock.now()));
  await create(secretWith(redisUrl));
  await create(worker());
  await create(burstPolicy({ burst: { vmPool: 'Fixed' } }));
  const at = new Date(systemClock.now()).toISOString();
  const conditions = [
    {
      type: 'Accepted',
      status: 'True',
      reason: 'Valid',
      message: 'The policy is valid and in effect.',
      lastTransitionTime: at,
    },
  ];
  await patch(`${policyPath}/status`, { status: { observedGeneration: 1, conditions } });
  return {
    lab,
    front,
    kubeconfigPath,
    create,
    patch,
    remove: async (path) => void (await client.request('DELETE', path)),
    diagnose: (options = {}, configuration) =>
      diagnose(
        {
          policy: undefined,
          namespace: undefined,
          kubeconfigPath,
          serviceAccount: undefined,
          settings:
            configuration === undefined
              ? undefined
              : {
                  config: parseConfig(configuration, 'test', defaultVirtualPools),
                  from: 'test',
                  problem: undefined,
                },
          json: false,
          ...options,
        },
        { clock: systemClock, signal: new AbortController().signal },
      ),
    async close() {
      await front.close();
      await lab.close();
    },
  };
}

/** The ConfigMap with the configuration of Spillway. */
export function configurationWith(text: string): object {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'spillway', namespace: 'spillway' },
    data: { 'spillway.yaml': text },
  };
}

/** The Lease as its leader renewed it then. */
export function leaseOf(renewedAtMs: number): object {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'spillway', namespace: 'spillway' },
    spec: {
      holderIdentity: 'spillway-7d9f-x2k_1b2c',
      leaseDurationSeconds: 15,
      renewTime: microTime(renewedAtMs),
    },
  };
}

/** A worker that the virtual node runs as a VM does. `container`: more of its container. */
export function worker(container: object = {}, spec: object = {}): object {
  const resources = { requests: { cpu: '1', memory: '256Mi' } };
  const containers = [{ name: 'worker', image: 'ghcr.io/shop/thumbnails:1', resources, ...container }];
  return workerDeployment({ spec: { automountServiceAccountToken: false, containers, ...spec } });
}

/** The lab takes `data` alone. */
export function secretWith(url: string, key = 'url'): object {
  const { stringData: _, ...secret } = redisSecret(url) as { stringData: object };
  return { ...secret, data: { [key]: Buffer.from(url).toString('base64') } };
}

const labels = { 'app.kubernetes.io/name': 'spillway' };
const controllerDeployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'spillway', namespace: 'spillway', labels },
  spec: {
    replicas: 1,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: 'spillway',
        volumes: [{ name: 'config', configMap: { name: 'spillway' } }],
        containers: [{ name: 'spillway', image: 'example.com/spillway:1' }],
      },
    },
  },
};
