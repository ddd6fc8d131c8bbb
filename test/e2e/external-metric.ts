import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Scene } from './scene.ts';

const apiVersion = 'external.metrics.k8s.io/v1beta1';

/** A metric that a real HPA reads through the API server, as an adapter serves it; its value is what the test says. */
export interface Metric {
  value: number;
  close(): Promise<void>;
}

/** Serves it as `wanted`. The API server must run with `--enable-aggregator-routing=false`: it resolves no external names otherwise. */
export async function serveMetric(scene: Scene): Promise<Metric> {
  const trust = join(scene.cluster.dir, 'trust');
  const metric = { value: 0 };
  const server: Server = createServer(
    { cert: readFileSync(join(trust, 'apiserver.crt')), key: readFileSync(join(trust, 'apiserver.key')) },
    ({ url = '' }, response) => {
      const item = {
        metricName: 'wanted',
        metricLabels: {},
        value: String(metric.value),
        timestamp: new Date().toISOString(),
      };
      const answer = url.includes('/namespaces/')
        ? { kind: 'ExternalMetricValueList', apiVersion, metadata: {}, items: [item] }
        : { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersion, resources: [] };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    },
  ).listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const service = { name: 'metrics', namespace: 'default' };
  await scene.apply(
    // The aggregator takes a Service for its name where that is external: there is no network of pods here.
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: service,
      spec: { type: 'ExternalName', externalName: 'localhost' },
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta1.external.metrics.k8s.io' },
      spec: {
        group: 'external.metrics.k8s.io',
        version: 'v1beta1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
        service: { ...service, port },
      },
    },
    // An HPA asks with its own rights.
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'external-metrics' },
      rules: [{ apiGroups: ['external.metrics.k8s.io'], resources: ['*'], verbs: ['get', 'list'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'external-metrics' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'external-metrics' },
      subjects: [{ kind: 'ServiceAccount', name: 'horizontal-pod-autoscaler', namespace: 'kube-system' }],
    },
  );
  await scene.kubectl(
    'wait --for=condition=Available apiservice/v1beta1.external.metrics.k8s.io --timeout=30s',
  );
  return Object.assign(metric, {
    async close() {
      server.close();
      server.closeAllConnections();
    },
  });
}
