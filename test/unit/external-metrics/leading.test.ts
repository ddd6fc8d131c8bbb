import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { type Clock, systemClock } from '../../../src/clock.ts';
import { SpillwayError } from '../../../src/errors.ts';
import type { Certificate } from '../../../src/external-metrics/certificate/certificate.ts';
import { selfSigned } from '../../../src/certificate/self-signed.ts';
import {
  ExternalMetrics,
  type ExternalMetricsOptions,
} from '../../../src/external-metrics/external-metrics.ts';
import { authority } from './certificates.ts';
import { FakeApi } from './fake-api.ts';
import { apiService, bundleOf, cluster, dayMs, holds, host, secret, service } from './fake-cluster.ts';
import { knownOf, policyWith } from './given.ts';
import { ask } from './served.ts';

const configMap = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';

interface Served {
  readonly metrics: ExternalMetrics;
  readonly problems: unknown[];
  /** Resolves when this certificate is shown. */
  shows(certificate?: string): Promise<Certificate>;
  /** Leads until the test ends. */
  lead(fence?: { holds(): boolean }): void;
}

async function served(
  t: TestContext,
  api: FakeApi,
  more: Partial<ExternalMetricsOptions> = {},
): Promise<Served> {
  const events = new EventEmitter();
  const problems: unknown[] = [];
  const shown: Certificate[] = [];
  const metrics = await ExternalMetrics.start({
    client: api,
    clock: systemClock,
    known: knownOf(policyWith()),
    host: '127.0.0.1',
    port: 0,
    certDir: undefined,
    service,
    namespace: 'spillway',
    onCertificate: (certificate) => {
      shown.push(certificate);
      events.emit('shown');
    },
    onProblem: (error) => {
      problems.push(error);
      events.emit('problem');
    },
    ...more,
  });
  const stop = new AbortController();
  t.after(async () => {
    stop.abort();
    await metrics.close();
    await api.close();
  });
  return {
    metrics,
    problems,
    async shows(certificate) {
      for (;;) {
        const found = shown.findLast((one) => certificate === undefined || one.certificate === certificate);
        if (found !== undefined) return found;
        await once(events, 'shown');
      }
    },
    lead: (fence = holds) => void metrics.lead(fence, stop.signal),
  };
}

describe('external metrics', () => {
  const proxies = authority();
  const proxy = proxies.client('front-proxy-client');

  function believe(api: FakeApi, clientCa: string): void {
    api.put(configMap, {
      metadata: { name: 'extension-apiserver-authentication' },
      data: {
        'requestheader-client-ca-file': clientCa,
        'requestheader-allowed-names': '["front-proxy-client"]',
      },
    });
  }

  test('the leader makes the certificate, every replica shows it, and the APIService trusts it', async (t) => {
    const api = cluster();
    believe(api, proxies.pem);
    const follower = await served(t, api);
    const leader = await served(t, api);
    leader.lead();
    for (const one of [follower, leader]) {
      const { certificate } = await one.shows();
      assert.equal(bundleOf(api), certificate);
      assert.equal(
        (await ask({ port: one.metrics.port, ca: bundleOf(api), servername: host, ...proxy })).status,
        200,
      );
    }
    assert.deepEqual(leader.problems, []);
    assert.deepEqual(follower.problems, []);
  });

  test('a new certificate in the Secret is shown without a restart', async (t) => {
    const api = cluster();
    believe(api, proxies.pem);
    const replica = await served(t, api);
    replica.lead();
    await replica.shows();
    const made = selfSigned({
      name: 'test',
      hosts: [host],
      notBeforeMs: Date.now() - 1000,
      notAfterMs: Date.now() + dayMs,
    });
    const data = { 'tls.crt': made.certificate, 'tls.key': made.key, 'ca.crt': made.certificate };
    api.put(secret, {
      data: Object.fromEntries(
        Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
      ),
    });
    await replica.shows(made.certificate);
    assert.equal(
      (await ask({ port: replica.metrics.port, ca: made.certificate, ...proxy, servername: host })).status,
      200,
    );
  });

  test('another front-proxy authority in the ConfigMap is believed without a restart', async (t) => {
    const api = cluster();
    const next = authority();
    const nextProxy = next.client('front-proxy-client');
    believe(api, proxies.pem);
    const replica = await served(t, api);
    replica.lead();
    await replica.shows();
    const { port } = replica.metrics;
    assert.deepEqual(
      [(await ask({ port, ...proxy })).status, (await ask({ port, ...nextProxy })).status],
      [200, 401],
    );
    believe(api, next.pem);
    const statuses = async (): Promise<readonly number[]> => [
      (await ask({ port, ...proxy }).catch(() => ({ status: 0 }))).status,
      (await ask({ port, ...nextProxy }).catch(() => ({ status: 0 }))).status,
    ];
    let seen = await statuses();
    for (let tries = 0; tries < 100 && seen[1] !== 200; tries += 1) seen = await statuses();
    assert.deepEqual(seen, [401, 200]);
  });

  test('an APIService that leads to somebody else is left alone, and its owner is named once', async (t) => {
    const api = cluster({
      service: { namespace: 'keda', name: 'keda-operator-metrics-apiserver' },
      caBundle: 'eA==',
    });
    believe(api, proxies.pem);
    const before = api.objects.get(apiService);
    const replica = await served(t, api, { clock: hasty() });
    replica.lead();
    while (replica.problems.length === 0) await systemClock.sleep(5);
    await systemClock.sleep(50);
    const [problem, ...others] = replica.problems;
    assert.ok(problem instanceof SpillwayError);
    assert.equal(problem.code, 'EXTERNAL_METRICS_TAKEN');
    assert.match(problem.message, /keda\/keda-operator-metrics-apiserver, not to spillway\/metrics/);
    assert.deepEqual(others, []);
    assert.equal(api.objects.get(apiService), before);
    assert.deepEqual(api.writes, []);
  });

  test('where there is no APIService none is made, and that is told', async (t) => {
    const api = new FakeApi();
    const replica = await served(t, api, { clock: hasty() });
    replica.lead();
    const codes = () => replica.problems.map((one) => (one instanceof SpillwayError ? one.code : ''));
    while (!codes().includes('EXTERNAL_METRICS_NOT_REGISTERED')) await systemClock.sleep(5);
    assert.deepEqual(api.writes, []);
    // As soon as it is applied all is as it should be.
    api.put(apiService, { metadata: {}, spec: { service } });
    const { certificate } = await replica.shows();
    while (bundleOf(api) !== certificate) await systemClock.sleep(5);
  });

  test('an APIService that cert-manager injects into is left to it', async (t) => {
    const api = cluster();
    const annotations = { 'cert-manager.io/inject-ca-from': 'spillway/metrics' };
    api.put(apiService, { metadata: { annotations }, spec: { service, caBundle: 'eA==' } });
    const replica = await served(t, api);
    replica.lead();
    await replica.shows();
    assert.equal(bundleOf(api), 'x');
  });

  test('certificates of a folder are shown, reloaded and announced; a broken one leaves the last in place', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-certificates-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const write = (): string => {
      const made = selfSigned({
        name: 'test',
        hosts: [host],
        notBeforeMs: Date.now() - 1000,
        notAfterMs: Date.now() + dayMs,
      });
      writeFileSync(join(folder, 'tls.crt'), made.certificate);
      writeFileSync(join(folder, 'tls.key'), made.key);
      writeFileSync(join(folder, 'ca.crt'), made.certificate);
      return made.certificate;
    };
    const api = cluster();
    believe(api, proxies.pem);
    const first = write();
    const replica = await served(t, api, { certDir: folder, clock: hasty() });
    replica.lead();
    await replica.shows(first);
    const second = write();
    await replica.shows(second);
    while (bundleOf(api) !== second) await systemClock.sleep(5);
    const { port } = replica.metrics;
    assert.equal((await ask({ port, ca: second, servername: host, ...proxy })).status, 200);
    writeFileSync(join(folder, 'tls.key'), 'broken');
    while (replica.problems.length === 0) await systemClock.sleep(5);
    assert.equal((await ask({ port, ca: second, servername: host, ...proxy })).status, 200);
    assert.equal(api.objects.has(secret), false);
  });
});

/** A clock on which a second takes a millisecond. */
function hasty(): Clock {
  return {
    ...systemClock,
    sleep: (delayMs, signal) => systemClock.sleep(delayMs / 1000, signal),
    after: (delayMs, run) => systemClock.after(delayMs / 1000, run),
  };
}
