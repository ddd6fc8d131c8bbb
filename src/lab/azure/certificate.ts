import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate that vouches for itself, and its key, as PEM. */
export interface SelfSigned {
  readonly key: string;
  readonly certificate: string;
}

const dayMs = 86_400_000;

/**
 * Makes a certificate for `localhost` and 127.0.0.1, valid for two days: X.509 version 3 (RFC 5280) with a key on P-256. Node makes
 * keys and signatures but no certificates, so its few fields are written here.
 */
export function selfSigned(nowMs: number): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(oid.commonName, tagged(0x0c, Buffer.from('localhost')))));
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    sequence(oid.ecdsaWithSha256),
    name,
    sequence(time(nowMs - dayMs), time(nowMs + dayMs)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(
      0xa3,
      sequence(extension(oid.basicConstraints, sequence(yes)), extension(oid.alternativeName, names)),
    ),
  );
  const signature = bits(sign('sha256', body, privateKey));
  return {
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    certificate: pem(sequence(body, sequence(oid.ecdsaWithSha256), signature)),
  };
}

/** Object identifiers, in DER. */
const oid = {
  commonName: Buffer.from('0603550403', 'hex'),
  ecdsaWithSha256: Buffer.from('06082a8648ce3d040302', 'hex'),
  basicConstraints: Buffer.from('0603551d13', 'hex'),
  alternativeName: Buffer.from('0603551d11', 'hex'),
} as const;

const yes = tagged(0x01, Buffer.from([0xff]));
const names = sequence(tagged(0x82, Buffer.from('localhost')), tagged(0x87, Buffer.from([127, 0, 0, 1])));

/** One value of DER: its tag, its length, its bytes. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const bytes: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  const header = length < 128 ? [length] : [128 + bytes.length, ...bytes];
  return Buffer.concat([Buffer.from([tag, ...header]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function set(...parts: readonly Buffer[]): Buffer {
  return tagged(0x31, Buffer.concat(parts));
}

function integer(content: Buffer): Buffer {
  return tagged(0x02, content);
}

function bits(content: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.from([0]), content]));
}

function extension(id: Buffer, value: Buffer): Buffer {
  return sequence(id, tagged(0x04, value));
}

/** `20260102030405Z`. */
function time(atMs: number): Buffer {
  const text = `${new Date(atMs).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`;
  return tagged(0x18, Buffer.from(text));
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
