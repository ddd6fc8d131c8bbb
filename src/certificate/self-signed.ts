import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import {
  bitString,
  der,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  truth,
  utf8String,
} from './der.ts';

export interface SelfSignedOptions {
  /** What its subject begins with. */
  readonly name: string;
  /** Host names and IPv4 addresses that it is valid for; at least one. */
  readonly hosts: readonly [string, ...string[]];
  /** Milliseconds since the epoch. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** PEM of a certificate and of its key. */
export interface SelfSigned {
  readonly certificate: string;
  readonly key: string;
}

const ecdsaWithSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));

/**
 * A certificate of a server that vouches for itself: ECDSA on P-256, no authority for others (RFC 5280). Whoever trusts it
 * trusts this one certificate.
 */
export function selfSigned({ name, hosts, notBeforeMs, notAfterMs }: SelfSignedOptions): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const serial = randomBytes(16);
  // Names differ, so that a bundle with two of them has no two authorities of one name.
  const subject = nameOf(`${name}-${serial.toString('hex', 0, 4)}`);
  const toBeSigned = sequence(
    der(0xa0, integer(Buffer.from([2]))), // version 3
    integer(serial),
    ecdsaWithSha256,
    subject,
    sequence(time(notBeforeMs), time(notAfterMs)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensionsFor(hosts))),
  );
  const signature = sign('sha256', toBeSigned, { key: privateKey, dsaEncoding: 'der' });
  return {
    certificate: pem(sequence(toBeSigned, ecdsaWithSha256, bitString(signature))),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

/** What it may be used for (RFC 5280, 4.2.1): as a server of these names, and for nothing else. */
function extensionsFor(hosts: readonly string[]): readonly Buffer[] {
  const names = sequence(...hosts.map(generalName));
  return [
    extension('2.5.29.17', names), // subjectAltName
    extension('2.5.29.19', sequence(), true), // basicConstraints: no authority
    extension('2.5.29.15', bitString(Buffer.from([0x80]), 7), true), // keyUsage: digitalSignature
    extension('2.5.29.37', sequence(objectIdentifier('1.3.6.1.5.5.7.3.1'))), // extKeyUsage: serverAuth
  ];
}

/** A host name, or an address in its bytes (RFC 5280, 4.2.1.6). */
function generalName(host: string): Buffer {
  return isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host));
}

function extension(identifier: string, value: Buffer, critical = false): Buffer {
  const parts = [objectIdentifier(identifier), ...(critical ? [truth()] : []), octetString(value)];
  return sequence(...parts);
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(objectIdentifier('2.5.4.3'), utf8String(commonName))));
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
