import { createHash, X509Certificate } from 'node:crypto';
import { SpillwayError } from '../../errors.ts';
import type { RedisRef } from '../../policy/policy.ts';
import { isRefusedAddress } from './address.ts';

/** One Redis database and how to log in. */
export interface Endpoint {
  /** Hash of everything below: sources with the same one share their connections. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Undefined: no TLS. `ca`: the PEM bundle to trust; undefined: the system's authorities. */
  readonly tls: { readonly ca: string | undefined } | undefined;
}

/**
 * The Redis that a source's Secret names.
 * @throws SpillwayError SECRET_KEY_MISSING, REDIS_URL_INVALID, REDIS_CA_INVALID, REDIS_ADDRESS_REFUSED
 */
export function endpointOf(ref: RedisRef, secret: Readonly<Record<string, string>>): Endpoint {
  const url = parsedUrl(valueOf(ref, secret, ref.urlKey), ref);
  const ca = ref.caKey === undefined ? undefined : checkedBundle(valueOf(ref, secret, ref.caKey), ref);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isRefusedAddress(host)) throw new SpillwayError('REDIS_ADDRESS_REFUSED', { secret: ref.secretName });
  const parts = {
    host,
    port: url.port === '' ? 6379 : Number(url.port),
    database: Number(url.pathname.slice(1)),
    username: decoded(url.username, ref),
    password: decoded(url.password, ref),
    tls: url.protocol === 'rediss:' ? { ca } : undefined,
  };
  return { id: createHash('sha256').update(JSON.stringify(parts)).digest('hex'), ...parts };
}

function valueOf(ref: RedisRef, secret: Readonly<Record<string, string>>, key: string): string {
  const value = secret[key]?.trim();
  if (value === undefined || value === '') {
    throw new SpillwayError('SECRET_KEY_MISSING', { secret: ref.secretName });
  }
  return value;
}

/** Only `redis[s]://[user[:password]@]host[:port][/database]`: sockets, queries and other schemes are refused. */
function parsedUrl(text: string, ref: RedisRef): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const fits =
    url !== undefined &&
    (url.protocol === 'redis:' || url.protocol === 'rediss:') &&
    url.hostname !== '' &&
    /^(\/\d{0,5})?$/.test(url.pathname) &&
    url.search === '' &&
    url.hash === '';
  if (!fits) throw invalidUrl(ref);
  return url;
}

function decoded(part: string, ref: RedisRef): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalidUrl(ref);
  }
}

function invalidUrl(ref: RedisRef): SpillwayError {
  return new SpillwayError('REDIS_URL_INVALID', { secret: ref.secretName, urlKey: ref.urlKey });
}

function checkedBundle(bundle: string, ref: RedisRef): string {
  try {
    // Reads the first certificate of the bundle; TLS judges the rest.
    void new X509Certificate(bundle);
    return bundle;
  } catch {
    throw new SpillwayError('REDIS_CA_INVALID', { secret: ref.secretName, caKey: ref.caKey ?? '' });
  }
}
