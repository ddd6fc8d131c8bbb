import type { Address } from './endpoint.ts';

/** What a Sentinel URL says, percent-decoded. */
export interface SentinelUrl {
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly sentinels: readonly Address[];
  readonly master: string;
  readonly database: number;
  readonly sentinelUsername: string | undefined;
  readonly sentinelPassword: string | undefined;
}

/** So many Sentinels are asked at most. */
const mostSentinels = 15;
const defaultPort = 26379;

const shape =
  /^(rediss?)\+sentinel:\/\/(?:([^@/:]*)(?::([^@/]*))?@)?([^@/?#]+)\/([^/?#]+)(?:\/(\d{0,5}))?(?:\?([^#]*))?$/;

/** Whether the text is meant to be one. */
export function isSentinelUrl(text: string): boolean {
  return /^rediss?\+sentinel:/.test(text);
}

/**
 * Reads `redis[s]+sentinel://[user[:password]@]host[:port],…/master[/database][?sentinelUsername=…&sentinelPassword=…]`.
 * `URL` cannot: it knows one host. Undefined: it is none.
 */
export function parsedSentinelUrl(text: string): SentinelUrl | undefined {
  const parts = shape.exec(text);
  if (parts === null) return undefined;
  const [, scheme, username = '', password = '', hosts = '', master = '', database = '', query = ''] = parts;
  const named = hosts.split(',').map(parsedHost);
  const sentinels = named.filter((sentinel) => sentinel !== undefined);
  const options = parsedQuery(query);
  if (options === undefined || sentinels.length < named.length || named.length > mostSentinels)
    return undefined;
  try {
    return {
      tls: scheme === 'rediss',
      username: decoded(username),
      password: decoded(password),
      sentinels,
      master: decodeURIComponent(master),
      database: Number(database),
      sentinelUsername: decoded(options.get('sentinelUsername') ?? ''),
      sentinelPassword: decoded(options.get('sentinelPassword') ?? ''),
    };
  } catch {
    return undefined;
  }
}

function parsedHost(text: string): Address | undefined {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(text);
  if (parts === null) return undefined;
  const port = Number(parts[3] ?? defaultPort);
  return port < 1 || port > 65_535 ? undefined : { host: parts[1] ?? parts[2] ?? '', port };
}

/** By hand, because `+` is a plus in a password and not a space; undefined where there is anything else in it. */
function parsedQuery(query: string): ReadonlyMap<string, string> | undefined {
  const pairs =
    query === '' ? [] : query.split('&').map((pair) => /^(sentinel(?:Username|Password))=(.*)$/.exec(pair));
  const options = new Map<string, string>();
  for (const pair of pairs) {
    if (pair === null) return undefined;
    options.set(pair[1] ?? '', pair[2] ?? '');
  }
  return options;
}

function decoded(part: string): string | undefined {
  return part === '' ? undefined : decodeURIComponent(part);
}
