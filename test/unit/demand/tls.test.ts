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

let folder: string;
let ca: string;
let tlsPort: number;
let redis: TestRedis;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const made = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  execFileSync('openssl', ['req', ...made, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  ca = readFileSync(cert, 'utf8');
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
