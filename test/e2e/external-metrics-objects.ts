import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { objectsIn } from '../docs/pages.ts';
import { namespace, queueName, target } from './objects.ts';

/** Where Spillway is installed, as docs/examples has it. */
export const home = 'spillway';
export const service = 'spillway-external-metrics';
export const apiServicePath = '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io';
export const root = '/apis/external.metrics.k8s.io/v1beta1';
export const metrics = `${root}/namespaces/${namespace}`;
/** 3 VM nodes of 4 cores, one core a pod. */
export const vmCapacity = 12;
export const wanted = 20;

export interface ApiService {
  readonly spec: {
    readonly caBundle?: string;
    readonly service?: { readonly namespace: string; readonly name: string };
  };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}

/** The objects of the examples that give Spillway its rights; what runs in pods is started as processes here. */
export function rights(): readonly object[] {
  return ['docs/examples/install.yaml', 'docs/examples/external-metrics.yaml'].flatMap((file) =>
    objectsIn(readFileSync(file, 'utf8'), file)
      .map(({ value }) => value as { readonly kind: string })
      .filter(
        ({ kind }) => kind === 'Namespace' || kind === 'ServiceAccount' || /Role(Binding)?$/.test(kind),
      ),
  );
}

/** May read the Secret of the policy's source: the namespace's owner grants that (docs/permissions.md). */
export function readsSecret(): readonly object[] {
  const metadata = { name: 'spillway-redis', namespace };
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  return [
    {
      apiVersion,
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['redis'], verbs: ['get', 'watch'] }],
    },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'spillway-redis' },
      subjects: [{ kind: 'ServiceAccount', name: 'spillway', namespace: home }],
    },
  ];
}

/** The Service and where its pods would be: processes on this machine, each on a port of its own. */
export function serviceOn(address: string, ports: readonly number[]): readonly object[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: service, namespace: home },
      spec: { ports: [{ name: 'https', port: 443 }] },
    },
    ...ports.map((port, index) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${service}-${index}`,
        namespace: home,
        labels: { 'kubernetes.io/service-name': service },
      },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports: [{ name: 'https', port, protocol: 'TCP' }],
    })),
  ];
}

/** The APIService of the example, or one that leads elsewhere. */
export function apiService(namespaceOfService = home, name = service): object {
  const file = 'docs/examples/external-metrics.yaml';
  const found = objectsIn(readFileSync(file, 'utf8'), file)
    .map(({ value }) => value as { readonly kind: string; readonly spec: object })
    .find(({ kind }) => kind === 'APIService');
  assert.ok(found !== undefined);
  return { ...found, spec: { ...found.spec, service: { namespace: namespaceOfService, name, port: 443 } } };
}

export function autoscaler(): object {
  const selector = { matchLabels: { policy: queueName } };
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: target, namespace },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
      minReplicas: 2,
      maxReplicas: 40,
      behavior: {
        scaleUp: { policies: [{ type: 'Percent', value: 900, periodSeconds: 15 }] },
        scaleDown: { stabilizationWindowSeconds: 0 },
      },
      metrics: [
        {
          type: 'External',
          external: {
            metric: { name: 'spillway_source_demand_replicas', selector },
            target: { type: 'AverageValue', averageValue: '1' },
          },
        },
      ],
    },
  };
}

/** An address of this machine that the API server takes for an endpoint: not loopback, not link-local. */
export function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
  const found = addresses.find(
    ({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('169.254.'),
  );
  assert.ok(found !== undefined, 'the machine has an address besides loopback');
  return found.address;
}
