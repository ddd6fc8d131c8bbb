import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { keepCertificate } from '../../../src/external-metrics/certificate/kept.ts';
import { FakeApi } from './fake-api.ts';
import { dayMs, holds, host, keptIn, secret } from './fake-cluster.ts';

describe('the certificate that the leader keeps', () => {
  const options = (api: FakeApi, announced: string[] = []) => ({
    client: api,
    fence: holds,
    namespace: 'spillway',
    host,
    announce: async (bundle: string) => {
      announced.push(bundle);
      return true;
    },
    settle: async () => true,
  });

  test('is made once, for the name that the API server asks for', async () => {
    const api = new FakeApi();
    const trusted = await keepCertificate(options(api), Date.now());
    const kept = keptIn(api);
    const read = new X509Certificate(kept['tls.crt'] ?? '');
    assert.equal(read.checkHost(host), host);
    assert.deepEqual([kept['ca.crt'], trusted], [kept['tls.crt'], kept['tls.crt']]);
    assert.equal(await keepCertificate(options(api), Date.now()), trusted);
    assert.deepEqual(api.writes, ['POST spillway-external-metrics-tls']);
  });

  test('is renewed with a third of its life left; the new one is trusted before it is written, the old one still', async () => {
    const api = new FakeApi();
    const nowMs = Date.now();
    const old = await keepCertificate(options(api), nowMs);
    assert.equal(await keepCertificate(options(api), nowMs + 59 * dayMs), old);
    const announced: string[] = [];
    const writesBefore = api.writes.length;
    const announce = async (bundle: string): Promise<boolean> => {
      assert.equal(api.writes.length, writesBefore, 'nothing is written yet');
      announced.push(bundle);
      return true;
    };
    const settle = async (): Promise<boolean> => {
      assert.deepEqual(
        [announced.length, api.writes.length],
        [1, writesBefore],
        'announced, and not yet written',
      );
      return true;
    };
    const late = nowMs + 61 * dayMs;
    assert.equal(await keepCertificate({ ...options(api), settle: async () => false }, late), undefined);
    const renewed = await keepCertificate({ ...options(api), announce, settle }, late);
    assert.deepEqual(announced, [renewed]);
    assert.equal(renewed, `${keptIn(api)['tls.crt'] ?? ''}${old ?? ''}`);
    // The old one has run out when the next is made.
    const third = await keepCertificate(options(api), nowMs + 122 * dayMs);
    assert.equal(third, `${keptIn(api)['tls.crt'] ?? ''}${(renewed ?? '').split(old ?? 'none')[0] ?? ''}`);
  });

  test('is made anew where the Service has another name, or where the Secret holds something else', async () => {
    const api = new FakeApi();
    await keepCertificate({ ...options(api), host: 'old.spillway.svc' }, Date.now());
    await keepCertificate(options(api), Date.now());
    assert.equal(new X509Certificate(keptIn(api)['tls.crt'] ?? '').checkHost(host), host);
    api.put(secret, { data: { 'tls.crt': 'eA==', 'tls.key': 'eA==', 'ca.crt': 'eA==' } });
    await keepCertificate(options(api), Date.now());
    assert.equal(new X509Certificate(keptIn(api)['tls.crt'] ?? '').checkHost(host), host);
  });

  test('is not written by one who does not lead any more, nor over what another has written', async () => {
    const api = new FakeApi();
    const given = options(api);
    assert.equal(await keepCertificate({ ...given, fence: { holds: () => false } }, Date.now()), undefined);
    assert.equal(api.objects.has(secret), false);
    const other = { metadata: { name: 'x' }, data: {} };
    const announce = async (): Promise<boolean> => {
      api.put(secret, other);
      return true;
    };
    assert.equal(await keepCertificate({ ...given, announce }, Date.now()), undefined);
    assert.deepEqual(keptIn(api), {});
  });
});
