import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { keptName } from '../../../src/external-metrics/certificate/kept.ts';
import { metricNames } from '../../../src/external-metrics/metrics.ts';
import { metricDefinitions } from '../../../src/report/metric-definitions.ts';
import { objectsIn } from '../../docs/pages.ts';

interface Installed {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly object[];
  readonly spec?: { readonly service?: object; readonly ports?: readonly { readonly targetPort: number }[] };
}

const file = 'docs/examples/external-metrics.yaml';
const installed = objectsIn(readFileSync(file, 'utf8'), file).map(({ value }) => value as Installed);

test('the page names the metrics that there are', () => {
  const page = readFileSync('docs/hpa.md', 'utf8');
  const named = [...page.matchAll(/^\| `(spillway_\w+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(named, metricNames);
});

test('a metric that Prometheus has too has the same name there, and another name means something else', () => {
  assert.deepEqual(
    metricNames.filter((name) => !Object.hasOwn(metricDefinitions, name)),
    ['spillway_source_demand_replicas'],
  );
});

test('the example grants what is used, by name where RBAC can', () => {
  const rules = installed.flatMap(({ rules = [] }) => rules);
  assert.deepEqual(rules, [
    {
      apiGroups: ['apiregistration.k8s.io'],
      resources: ['apiservices'],
      resourceNames: ['v1beta1.external.metrics.k8s.io'],
      verbs: ['get', 'patch'],
    },
    { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
    { apiGroups: [''], resources: ['secrets'], resourceNames: [keptName], verbs: ['get', 'update', 'watch'] },
  ]);
});

test('the APIService of the example leads to its Service, which leads to the default port', () => {
  const service = installed.find(({ kind }) => kind === 'Service');
  const apiService = installed.find(({ kind }) => kind === 'APIService');
  assert.deepEqual(apiService?.spec?.service, {
    name: service?.metadata.name,
    namespace: service?.metadata.namespace,
    port: 443,
  });
  assert.equal(service?.spec?.ports?.[0]?.targetPort, 8443);
});
