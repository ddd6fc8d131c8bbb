import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import type { Feed } from '../../../src/policy/policy.ts';
import { freePort, startRedis, type TestRedis } from '../../redis.ts';
import { demandOn, hurriedClock } from './harness.ts';
import { startSentinel } from './sentinels.ts';

let folder: string;
let ca: string;
let otherCa: string;
let tlsPort: number;
let redis: TestRedis;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  otherCa = certificate(join(folder, 'other-key.pem'), join(folder, 'other.pem'));
  ca = certificate(key, cert);
  tlsPort = await freePort();
  const tls = ['--tls-port', String(tlsPort), '--tls-auth-clients', 'no'];
  redis = await startRedis([
    ...tls,
    '--tls-cert-file',
    cert,
    '--tls-key-file',
    key,
    '--tls-ca-cert-file',
    cert,
  ]);
  const client = new Redis(redis.port, '127.0.0.1');
  await client.hset('bull:q:meta', 'opts.maxLenEvents', 1);
  client.disconnect();
});
after(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true });
});

/** Makes a certificate that vouches for itself, and answers it as PEM. */
function certificate(key: string, cert: string): string {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const made = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  execFileSync('openssl', ['req', ...made, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return readFileSync(cert, 'utf8');
}

const feed = (caKey: string | undefined): Feed => ({
  type: 'BullMQ',
  queue: 'q',
  prefix: 'bull',
  redis: { secretName: 'redis', urlKey: 'url', caKey },
});

test('rediss:// is trusted with the CA of the Secret', async (t) => {
  const { listen, secrets } = demandOn(t, '');
  secrets.set('redis', { url: `rediss://localhost:${tlsPort}`, ca });
  assert.equal((await listen(feed('ca')).ok()).backlog, 0);
});

test('rediss:// without a CA that vouches for it, or under another name, is refused', async (t) => {
  const { listen, secrets } = demandOn(t, '');
  secrets.set('redis', { url: `rediss://localhost:${tlsPort}`, ca });
  assert.equal((await listen(feed(undefined)).lost()).code, 'REDIS_TLS_FAILED');
  secrets.set('redis', { url: `rediss://127.0.0.1:${tlsPort}`, ca });
  assert.equal((await listen(feed('ca')).lost()).code, 'REDIS_TLS_FAILED');
});

test('rediss:// to a port without TLS is lost by a deadline', async (t) => {
  const { listen, secrets } = demandOn(t, '', hurriedClock);
  secrets.set('redis', { url: `rediss://localhost:${redis.port}`, ca });
  assert.equal((await listen(feed('ca')).lost()).code, 'REDIS_UNREACHABLE');
});

test('a CA that is wrong is lost with its code, and the right one brings the source back', async (t) => {
  const { listen, secrets } = demandOn(t, '');
  const url = `rediss://localhost:${tlsPort}`;
  secrets.set('redis', { url, ca: 'no certificate' });
  const listener = listen(feed('ca'));
  await listener.lost('REDIS_CA_INVALID');
  secrets.set('redis', { url, ca: otherCa });
  await listener.lost('REDIS_TLS_FAILED');
  secrets.set('redis', { url, ca });
  await listener.ok();
});

test('rediss+sentinel:// speaks TLS to the Sentinels and to the master that they name', async (t) => {
  const port = await freePort();
  const sentinel = await startSentinel(tlsPort, [
    `tls-port ${port}`,
    `tls-cert-file ${join(folder, 'cert.pem')}`,
    `tls-key-file ${join(folder, 'key.pem')}`,
    `tls-ca-cert-file ${join(folder, 'cert.pem')}`,
    'tls-auth-clients no',
    'tls-replication yes',
    'sentinel resolve-hostnames yes',
    'sentinel announce-hostnames yes',
  ]);
  t.after(() => sentinel.stop());
  const { listen, secrets } = demandOn(t, '');
  const url = `rediss+sentinel://localhost:${port}/main`;
  secrets.set('redis', { url, ca });
  const listener = listen(feed('ca'));
  // An address is answered, and the certificate is for a name.
  await listener.lost('REDIS_TLS_FAILED');
  await sentinel.client.call('SENTINEL', 'REMOVE', 'main');
  await sentinel.client.call('SENTINEL', 'MONITOR', 'main', 'localhost', tlsPort, 1);
  await listener.ok();
});
