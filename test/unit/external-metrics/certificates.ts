import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
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
} from '../../../src/certificate/der.ts';

/** An authority that vouches for clients, as kube-apiserver's front-proxy-ca. */
export interface Authority {
  readonly pem: string;
  /** A certificate for a client of this common name. */
  client(commonName: string): { readonly cert: string; readonly key: string };
}

const algorithm = sequence(objectIdentifier('1.2.840.10045.4.3.2'));

export function authority(name = 'front-proxy-ca'): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const isAuthority = [extension('2.5.29.19', sequence(truth()), true)];
  const isClient = [extension('2.5.29.37', sequence(objectIdentifier('1.3.6.1.5.5.7.3.2')))];
  const issued = (subject: string, publicKey: KeyObject, extensions: readonly Buffer[]): string =>
    signed(
      sequence(
        der(0xa0, integer(Buffer.from([2]))),
        integer(randomBytes(8)),
        algorithm,
        nameOf(name),
        sequence(time(Date.now() - 60_000), time(Date.now() + 3_600_000)),
        nameOf(subject),
        publicKey.export({ type: 'spki', format: 'der' }),
        der(0xa3, sequence(...extensions)),
      ),
      keys.privateKey,
    );
  return {
    pem: issued(name, keys.publicKey, isAuthority),
    client(commonName) {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return {
        cert: issued(commonName, own.publicKey, isClient),
        key: own.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      };
    },
  };
}

function signed(content: Buffer, key: KeyObject): string {
  const signature = sign('sha256', content, { key, dsaEncoding: 'der' });
  const text = sequence(content, algorithm, bitString(signature)).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${text.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(objectIdentifier('2.5.4.3'), utf8String(commonName))));
}

function extension(identifier: string, value: Buffer, critical = false): Buffer {
  const parts = [objectIdentifier(identifier), ...(critical ? [truth()] : []), octetString(value)];
  return sequence(...parts);
}
