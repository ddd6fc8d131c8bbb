import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { kubectlOrThrow, type OwnCluster, startOwnCluster } from '../cluster/cluster.ts';
import { chartDir, helm, helmOrThrow } from './helm.ts';
import { matrix } from './matrix.ts';
import { releaseNamespace, template, valuesText } from './render.ts';

/** Resources of the Prometheus operator, as far as an API server has to know them to take objects of them. */
const monitoring = ['ServiceMonitor', 'PodMonitor', 'PrometheusRule'];

function monitoringCrd(kind: string): object {
  const plural = `${kind.toLowerCase()}s`;
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.monitoring.coreos.com` },
    spec: {
      group: 'monitoring.coreos.com',
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
}

describe('a real API server takes the chart', () => {
  let cluster: OwnCluster;
  before(async () => {
    cluster = await startOwnCluster();
    const namespaces = [releaseNamespace, 'media', 'ops'].map((name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      // The strictest of the Pod Security Standards: every pod of the chart has to meet it.
      metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    }));
    const items = [...namespaces, ...monitoring.map(monitoringCrd)];
    await kubectlOrThrow(
      cluster.kubectl,
      ['create', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    );
    await kubectlOrThrow(cluster.kubectl, ['wait', '--for=condition=Established', 'crd', '--all']);
  });
  after(() => cluster?.stop());

  for (const [name, values] of Object.entries(matrix)) {
    test(`with ${name}`, async () => {
      const { stdout, stderr, code } = await template(values);
      assert.equal(code, 0, stderr);
      const applied = await cluster.kubectl(
        // Strict: a field that the API server does not know is an error.
        ['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'],
        { input: stdout },
      );
      assert.equal(applied.code, 0, applied.stderr);
      assert.doesNotMatch(applied.stderr, /Warning/, applied.stderr);
    });
  }

  test('a pod that is not safe would be refused there', async () => {
    const { stdout } = await template({ podSecurityContext: { runAsNonRoot: false, seccompProfile: null } });
    const applied = await cluster.kubectl(['apply', '--dry-run=server', '-f', '-'], {
      input: stdout,
    });
    assert.match(applied.stderr, /violates? PodSecurity|violate PodSecurity/);
  });

  test('the notes tell where policies are seen, and what to do next', async () => {
    const notes = async (values: object): Promise<string> => {
      const out = await helmOrThrow(
        ['install', 'spillway', chartDir, '-n', releaseNamespace, '--dry-run=server', '--values', '-'],
        { input: valuesText(values), kubeconfigPath: cluster.kubeconfigPath, home: cluster.dir },
      );
      return out.replace(/^[^]*\nNOTES:\n/, '');
    };
    assert.match(await notes({}), /policies of: spillway\. Policies elsewhere are not seen/);
    const wide = await notes({ clusterWide: true, secrets: [{ namespace: 'media', name: 'redis' }] });
    assert.match(wide, /policies of every namespace/);
    assert.match(wide, /1\. [^]*helm test[^]*2\. [^]*media\/redis[^]*3\. [^]*dryRun: true/);
  });

  test('an APIService that belongs to somebody else is left to him', async () => {
    const service = { name: 'keda-operator-metrics-apiserver', namespace: 'keda', port: 443 };
    const metadata = { name: 'v1beta1.external.metrics.k8s.io' };
    await kubectlOrThrow(
      cluster.kubectl,
      ['create', '-f', '-'],
      JSON.stringify({
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata,
        spec: {
          group: 'external.metrics.k8s.io',
          version: 'v1beta1',
          groupPriorityMinimum: 100,
          versionPriority: 100,
          insecureSkipTLSVerify: true,
          service,
        },
      }),
    );
    const { code, stderr } = await helm(
      ['install', 'spillway', chartDir, '-n', releaseNamespace, '--dry-run=server', '--values', '-'],
      {
        input: valuesText({ externalMetrics: { enabled: true } }),
        kubeconfigPath: cluster.kubeconfigPath,
        home: cluster.dir,
      },
    );
    assert.notEqual(code, 0);
    assert.match(stderr, /belongs to the Service keda\/keda-operator-metrics-apiserver/);
  });
});
