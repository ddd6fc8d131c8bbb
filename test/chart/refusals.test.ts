import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { template } from './render.ts';

describe('the chart refuses', () => {
  test('what cannot go together, and tells what is missing', async () => {
    for (const [values, told] of [
      [{ image: { repository: '' } }, /Name the image that you built/],
      [{ clusterWide: true, namespaces: ['media'] }, /not both/],
      [{ azure: { workloadIdentity: { enabled: true } } }, /clientId/],
      [{ serviceAccount: { create: false } }, /Name a ServiceAccount/],
      [{ rbac: { create: false } }, /no rights of its own/],
    ] as const) {
      const { code, stderr } = await template(values);
      assert.notEqual(code, 0);
      assert.match(stderr, told);
    }
    const old = await template({}, '--kube-version', '1.28.0');
    assert.match(old.stderr, /requires kubeVersion/);
    const without = await template({ admission: { authors: true } }, '--kube-version', '1.29.0');
    assert.match(without.stderr, /admission needs Kubernetes 1\.30/);
  });

  test('by its schema what is not a value', async () => {
    for (const values of [
      { replica: 2 },
      { replicas: 0 },
      { replicas: '2' },
      { namespaces: 'media' },
      { namespaces: ['Media'] },
      { secrets: ['redis'] },
      { secrets: [{ namespace: 'media' }] },
      { rescue: true },
      { log: { level: 'loud' } },
      { image: { repository: 'x', tag: 'a b' } },
      { image: { repository: 'x', digest: 'latest' } },
      { config: { namespaces: 'all' } },
      { config: { http: { port: 80 } } },
      { config: { maxCacheAgeSeconds: 5 } },
      { config: { virtualPools: [] } },
      { config: { budget: { onExhausted: 'Stop' } } },
      { uninstall: { timeout: '5 minutes' } },
      { uninstall: { onTimeout: 'Wait' } },
      { prometheus: { serviceMonitor: { interval: 'often' } } },
      { admission: { own: true } },
    ]) {
      const { code, stderr } = await template(values);
      assert.notEqual(code, 0, JSON.stringify(values));
      assert.match(stderr, /values don't meet the specifications of the schema/, JSON.stringify(values));
    }
  });
});
