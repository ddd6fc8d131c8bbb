import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { certificateIn } from '../../../src/external-metrics/certificate/certificate.ts';
import { objectIdentifier, time } from '../../../src/certificate/der.ts';
import { selfSigned } from '../../../src/certificate/self-signed.ts';
import { SpillwayError } from '../../../src/errors.ts';

const host = 'spillway-external-metrics.spillway.svc';
const notBeforeMs = Date.UTC(2026, 0, 2, 3, 4, 5);
const notAfterMs = Date.UTC(2055, 5, 6, 7, 8, 9);
const made = selfSigned({ name: 'test', hosts: [host, 'localhost'], notBeforeMs, notAfterMs });

describe('a certificate that vouches for itself', () => {
  const read = new X509Certificate(made.certificate);

  test('is read by Node: names, times on both sides of 2050, use, signature, key', () => {
    assert.equal(read.subjectAltName, `DNS:${host}, DNS:localhost`);
    assert.equal(read.checkHost(host), host);
    assert.equal(read.checkHost('elsewhere.svc'), undefined);
    assert.equal(read.validFromDate.getTime(), notBeforeMs);
    assert.equal(read.validToDate.getTime(), notAfterMs);
    assert.equal(read.ca, false);
    assert.deepEqual(read.keyUsage, ['1.3.6.1.5.5.7.3.1']);
    assert.equal(read.issuer, read.subject);
    assert.equal(read.verify(read.publicKey), true);
    assert.equal(read.checkPrivateKey(createPrivateKey(made.key)), true);
  });

  test('is another one each time', () => {
    const other = new X509Certificate(
      selfSigned({ name: 'test', hosts: [host], notBeforeMs, notAfterMs }).certificate,
    );
    assert.notEqual(other.serialNumber, read.serialNumber);
    assert.notEqual(other.subject, read.subject);
  });

  test('is read and verified by openssl, in strict mode as a server of its name', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-certificate-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'tls.crt');
    writeFileSync(file, made.certificate);
    const openssl = (...args: readonly string[]): string =>
      execFileSync('openssl', [...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    const verified = openssl(
      'verify',
      '-CAfile',
      file,
      '-purpose',
      'sslserver',
      '-verify_hostname',
      host,
      file,
    );
    assert.match(verified, /: OK\n$/);
    const text = openssl('x509', '-in', file, '-noout', '-text');
    for (const part of [
      /Version: 3 /,
      /Signature Algorithm: ecdsa-with-SHA256/,
      /Not Before: Jan {2}2 03:04:05 2026 GMT/,
      /Not After : Jun {2}6 07:08:09 2055 GMT/,
      /NIST CURVE: P-256/,
      /X509v3 Basic Constraints: critical\s+CA:FALSE/,
      /X509v3 Key Usage: critical\s+Digital Signature\n/,
      /X509v3 Extended Key Usage: \s+TLS Web Server Authentication/,
    ]) {
      assert.match(text, part);
    }
    // Every byte where openssl expects it: no length is too long, nothing trails.
    assert.doesNotMatch(openssl('asn1parse', '-in', file), /error/i);
  });
});

describe('DER', () => {
  test('object identifiers are those of the standards', () => {
    assert.equal(objectIdentifier('1.2.840.10045.4.3.2').toString('hex'), '06082a8648ce3d040302');
    assert.equal(objectIdentifier('2.5.29.17').toString('hex'), '0603551d11');
  });

  test('times have two digits of the year until 2050, then four', () => {
    assert.equal(time(Date.UTC(2049, 11, 31, 23, 59, 59, 999)).toString('latin1', 2), '491231235959Z');
    assert.equal(time(Date.UTC(2050, 0, 1)).toString('latin1', 2), '20500101000000Z');
  });

  test('certificates of any names and times are read back', () => {
    const label = fc.stringMatching(/^[a-z]([-a-z0-9]{0,40}[a-z0-9])?$/);
    const seconds = fc.integer({ min: 0, max: 4_000_000_000 });
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 6 }), seconds, (hosts, atSeconds) => {
        const [first = '', ...more] = hosts;
        const one = selfSigned({
          name: 'test',
          hosts: [first, ...more],
          notBeforeMs: atSeconds * 1000,
          notAfterMs: atSeconds * 1000 + 1000,
        });
        const read = new X509Certificate(one.certificate);
        assert.equal(read.subjectAltName, hosts.map((name) => `DNS:${name}`).join(', '));
        assert.equal(read.validFromDate.getTime(), atSeconds * 1000);
        assert.equal(read.verify(read.publicKey), true);
      }),
      { numRuns: 30 },
    );
  });
});

describe('the certificate of a Secret', () => {
  const problemOf = (texts: Readonly<Record<string, string>>): string => {
    try {
      certificateIn(texts, 'here');
    } catch (error) {
      assert.ok(error instanceof SpillwayError);
      return error.message;
    }
    return '';
  };

  test('is taken with and without an authority', () => {
    const pair = { 'tls.crt': made.certificate, 'tls.key': made.key };
    assert.equal(certificateIn(pair, 'here').authority, undefined);
    assert.equal(certificateIn({ ...pair, 'ca.crt': 'x' }, 'here').authority, 'x');
  });

  test('is refused where it is no pair, and the key is not quoted', () => {
    const other = selfSigned({ name: 'test', hosts: [host], notBeforeMs, notAfterMs });
    assert.match(problemOf({}), /is missing/);
    assert.match(problemOf({ 'tls.crt': made.certificate, 'tls.key': other.key }), /not the key of/);
    const broken = problemOf({ 'tls.crt': made.certificate, 'tls.key': 'secret words' });
    assert.match(broken, /not PEM/);
    assert.doesNotMatch(broken, /secret words/);
  });
});
