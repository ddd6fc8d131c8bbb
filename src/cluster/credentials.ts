import type { RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import type { ConnectionOptions, SecureContextOptions } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { Clock } from '../clock.ts';
import { SpillwayError } from '../errors.ts';

/** For so long, headers and certificates are used again before KubeConfig is asked anew (it re-reads files each time). */
const freshMs = 10_000;

/** Who we are to the API server: where it is, how to reach it, and the headers that say who asks. */
export interface Credentials {
  /** Origin and path prefix of the API server, without a trailing slash. */
  readonly server: URL;
  /** Namespace of the kubeconfig's context, in a cluster that of the ServiceAccount; undefined: none named. */
  readonly namespace: string | undefined;
  /** Headers and the one dispatcher for the next call; tokens and certificates that were renewed are in them. */
  current(): Promise<{ readonly headers: Readonly<Record<string, string>>; readonly dispatcher: Dispatcher }>;
  /** The server did not accept the headers: ask for new ones next time. */
  invalidate(): void;
  close(): Promise<void>;
}

/**
 * Loads the cluster and its credentials through client-node's KubeConfig (files, exec plugins, tokens).
 * Without a path: the ServiceAccount of the pod that we run in. Throws SpillwayError.
 */
export function loadCredentials(kubeconfigPath: string | undefined, clock: Clock): Credentials {
  const config = loadConfig(kubeconfigPath);
  const file = kubeconfigPath ?? 'of the pod';
  const cluster = config.getCurrentCluster();
  if (cluster === null || cluster === undefined || !URL.canParse(cluster.server)) {
    throw new SpillwayError('KUBECONFIG_INVALID', { file, problem: 'its current context names no cluster' });
  }
  const server = new URL(cluster.server);
  if (server.protocol === 'http:') {
    if (!isLoopback(server.hostname)) {
      throw new SpillwayError('KUBECONFIG_INVALID', {
        file,
        problem: 'its server is plain http, which would show the credentials to the network',
      });
    }
    // KubeConfig refuses http unless the cluster says so; on loopback there is nobody to listen.
    config.clusters = config.clusters.map((each) =>
      each.name === cluster.name ? { ...each, skipTLSVerify: true } : each,
    );
  }
  return credentials(config, server, file, clock);
}

function credentials(config: KubeConfig, server: URL, file: string, clock: Clock): Credentials {
  let fetchedAtMs = Number.NEGATIVE_INFINITY;
  let headers: Readonly<Record<string, string>> = {};
  let dispatcher: Dispatcher | undefined;
  let tlsKey = '';

  async function refresh(): Promise<Dispatcher> {
    const options: RequestOptions = {};
    try {
      await config.applyToHTTPSOptions(options);
    } catch (error) {
      throw new SpillwayError(
        'KUBECONFIG_INVALID',
        { file, problem: 'its credentials cannot be read' },
        error,
      );
    }
    headers = headersOf(options);
    const nextKey = JSON.stringify([options.ca, options.cert, options.key].map(String));
    if (dispatcher === undefined || nextKey !== tlsKey) {
      const old = dispatcher;
      tlsKey = nextKey;
      dispatcher = dispatcherFor(config, options);
      // Certificates were renewed: calls under way on the old connections may still end.
      void old?.close();
    }
    fetchedAtMs = clock.elapsed();
    return dispatcher;
  }

  return {
    server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    async current() {
      const stale = dispatcher === undefined || clock.elapsed() - fetchedAtMs > freshMs;
      const usable = stale || dispatcher === undefined ? await refresh() : dispatcher;
      return { headers, dispatcher: usable };
    },
    invalidate() {
      fetchedAtMs = Number.NEGATIVE_INFINITY;
    },
    async close() {
      await dispatcher?.destroy();
    },
  };
}

function loadConfig(path: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (path !== undefined) {
    try {
      config.loadFromFile(path);
    } catch (error) {
      const problem = 'it cannot be read as a kubeconfig';
      throw new SpillwayError('KUBECONFIG_INVALID', { file: path, problem }, error);
    }
    return config;
  }
  if (process.env.KUBERNETES_SERVICE_HOST === undefined) throw new SpillwayError('NOT_IN_CLUSTER');
  config.loadFromCluster();
  return config;
}

function headersOf(options: RequestOptions): Readonly<Record<string, string>> {
  const given = Object.entries((options.headers ?? {}) as Record<string, unknown>);
  const headers = Object.fromEntries(given.map(([name, value]) => [name, String(value).trim()]));
  if (typeof options.auth === 'string') {
    headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return headers;
}

/**
 * One pool of connections for everything. HTTP/1.1 on purpose: over HTTP/2 all watches and writes would share one
 * connection, and one stalled connection would stall them all.
 */
function dispatcherFor(config: KubeConfig, options: RequestOptions): Dispatcher {
  const tuned = { allowH2: false, keepAliveTimeout: 60_000, headersTimeout: 0, bodyTimeout: 0 };
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const tls = defined({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername });
  const wanted = config.createDispatcherOptions(config.getCurrentCluster(), tls);
  switch (wanted.type) {
    case 'agent':
    case 'none':
      return new Agent({
        ...tuned,
        // A lease is given up after 10 s: a first try that finds nobody must leave time for a second.
        connect: { ...tls, timeout: 4_000, keepAlive: true, keepAliveInitialDelay: 30_000 },
      });
    case 'proxy':
      return new ProxyAgent({ ...tuned, uri: wanted.uri, requestTls: tls });
    case 'socks':
      throw new SpillwayError('KUBECONFIG_INVALID', {
        file: 'given',
        problem: 'SOCKS proxies are not supported, use an HTTP proxy',
      });
  }
}

type Tls = Pick<
  SecureContextOptions & ConnectionOptions,
  'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'
>;

/** The settings that are set. */
function defined(settings: { readonly [Key in keyof Tls]: Tls[Key] | undefined }): Tls {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}
