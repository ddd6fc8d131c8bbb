import { createHash, X509Certificate } from 'node:crypto';
import { SpillwayError } from '../../errors.ts';
import type { RedisRef } from '../../policy/policy.ts';
import { isRefusedAddress } from './address.ts';
import { isSentinelUrl, parsedSentinelUrl } from './sentinel-url.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** How to log in to a Redis, wherever it is. */
export interface Login {
  readonly database: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Undefined: no TLS. `ca`: the PEM bundle to trust; undefined: the system's authorities. */
  readonly tls: { readonly ca: string | undefined } | undefined;
}

/** Who knows where a master is. The Sentinels speak TLS where the master does. */
export interface SentinelGroup {
  readonly sentinels: readonly Address[];
  /** The name that they watch it under. */
  readonly master: string;
  /** Of the Sentinels, which is not that of the master; undefined: they want none. */
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** One Redis database. */
export interface Endpoint extends Login {
  /** Hash of everything else: sources with the same one share their connections. */
  readonly id: string;
  readonly at: Address | SentinelGroup;
}

/**
 * The Redis that a source's Secret names.
 * @throws SpillwayError SECRET_KEY_MISSING, REDIS_URL_INVALID, REDIS_CA_INVALID, REDIS_ADDRESS_REFUSED
 */
export function endpointOf(ref: RedisRef, secret: Readonly<Record<string, string>>): Endpoint {
  const text = valueOf(ref, secret, ref.urlKey);
  const ca = ref.caKey === undefined ? undefined : checkedBundle(valueOf(ref, secret, ref.caKey), ref);
  const parts = isSentinelUrl(text) ? behindSentinels(text, ca, ref) : atAddress(text, ca, ref);
  const addresses = 'sentinels' in parts.at ? parts.at.sentinels : [parts.at];
  if (addresses.some(({ host }) => isRefusedAddress(host))) {
    throw new SpillwayError('REDIS_ADDRESS_REFUSED', { secret: ref.secretName });
  }
  return { id: createHash('sha256').update(JSON.stringify(parts)).digest('hex'), ...parts };
}

function atAddress(text: string, ca: string | undefined, ref: RedisRef): Omit<Endpoint, 'id'> {
  const url = parsedUrl(text, ref);
  return {
    at: { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? 6379 : Number(url.port) },
    database: Number(url.pathname.slice(1)),
    username: decoded(url.username, ref),
    password: decoded(url.password, ref),
    tls: url.protocol === 'rediss:' ? { ca } : undefined,
  };
}

function behindSentinels(text: string, ca: string | undefined, ref: RedisRef): Omit<Endpoint, 'id'> {
  const url = parsedSentinelUrl(text);
  if (url === undefined) throw invalidUrl(ref);
  const { sentinels, master, database, username, password } = url;
  return {
    at: { sentinels, master, username: url.sentinelUsername, password: url.sentinelPassword },
    database,
    username,
    password,
    tls: url.tls ? { ca } : undefined,
  };
}

function valueOf(ref: RedisRef, secret: Readonly<Record<string, string>>, key: string): string {
  const value = secret[key]?.trim();
  if (value === undefined || value === '') {
    throw new SpillwayError('SECRET_KEY_MISSING', { secret: ref.secretName });
  }
  return value;
}

/** One server: only `redis[s]://[user[:password]@]host[:port][/database]`: sockets, queries and other schemes are refused. */
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
