import { type Dispatcher, request as send } from 'undici';
import { type Clock, systemClock } from '../clock.ts';
import { SpillwayError } from '../errors.ts';
import { ApiError, readStatus } from './api-error.ts';
import { type Call, describeCall } from './call.ts';
import { loadCredentials } from './credentials.ts';
import { Throttle } from './throttle.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Content types of patches; a body without one is sent as `application/json`. */
export type ContentType =
  | 'application/json'
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/apply-patch+yaml';

export interface RequestOptions {
  readonly body?: unknown;
  readonly contentType?: ContentType;
  readonly signal?: AbortSignal;
  /** Until the whole answer is there; 30 000 unless told. */
  readonly timeoutMs?: number;
}

/** One call that has ended, for metrics. */
export interface CallReport extends Call {
  /** HTTP status; `error`: no answer came. */
  readonly code: string;
  /** Until the whole answer, for a stream until its headers. */
  readonly seconds: number;
}

export interface ConnectOptions {
  /** Undefined: the ServiceAccount of the pod that we run in. */
  readonly kubeconfigPath?: string | undefined;
  /** See `userAgentOf`. */
  readonly userAgent: string;
  readonly onCall?: (report: CallReport) => void;
  readonly clock?: Clock;
}

/** The API server, over one shared pool of connections. */
export interface ClusterClient {
  /** Namespace of the context or ServiceAccount; undefined: none named. */
  readonly namespace: string | undefined;
  /**
   * Sends one request and gives the parsed JSON of the answer. Throws ApiError for any other status than 2xx,
   * SpillwayError when no answer came, the signal's reason when aborted. Nothing is tried again here; writes that the
   * server asked to wait with (Retry-After) are refused here until that is over, and not sent.
   */
  request(method: Method, path: string, options?: RequestOptions): Promise<unknown>;
  /** Opens a GET whose answer comes in pieces (a watch). Errors as in `request`; the body ends or throws when cut. */
  stream(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Ends all connections, those of streams too. */
  close(): Promise<void>;
}

/** `spillway/<version> (<pod name>)`: the audit log tells two leaders apart by it. */
export function userAgentOf(version: string, podName: string): string {
  return `spillway/${version} (${podName.replaceAll(/[^\w.-]/g, '_')})`;
}

/** Makes the client. Nothing is sent yet. Throws SpillwayError when there are no usable credentials. */
export function connect(options: ConnectOptions): ClusterClient {
  const clock = options.clock ?? systemClock;
  const credentials = loadCredentials(options.kubeconfigPath, clock);
  const throttle = new Throttle(clock);
  const prefix = credentials.server.pathname.replace(/\/$/, '');

  async function open(
    method: Method,
    path: string,
    call: Call,
    how: { readonly body?: string; readonly contentType?: string; readonly signal: AbortSignal },
  ): Promise<Dispatcher.ResponseData> {
    const { headers, dispatcher } = await credentials.current();
    const response = await send(new URL(prefix + path, credentials.server), {
      method,
      dispatcher,
      signal: how.signal,
      headers: {
        ...headers,
        accept: 'application/json',
        'user-agent': options.userAgent,
        ...(how.body === undefined ? {} : { 'content-type': how.contentType ?? 'application/json' }),
      },
      ...(how.body === undefined ? {} : { body: how.body }),
    });
    if (response.statusCode >= 200 && response.statusCode < 300) return response;
    if (response.statusCode === 401) credentials.invalidate();
    const refused = await refusal(call, response);
    if (method !== 'GET') throttle.heed(refused);
    throw refused;
  }

  /** Runs one call, reports it, and tells its failures apart. */
  async function measured<T>(
    call: Call,
    signal: AbortSignal | undefined,
    run: () => Promise<{ readonly status: number; readonly result: T }>,
  ): Promise<T> {
    const startedMs = clock.elapsed();
    const report = (code: string): void =>
      options.onCall?.({ ...call, code, seconds: (clock.elapsed() - startedMs) / 1000 });
    try {
      const { status, result } = await run();
      report(String(status));
      return result;
    } catch (error) {
      report(error instanceof ApiError ? String(error.status) : 'error');
      signal?.throwIfAborted();
      if (error instanceof ApiError || error instanceof SpillwayError) throw error;
      throw new SpillwayError('CLUSTER_UNREACHABLE', {}, error);
    }
  }

  return {
    namespace: credentials.namespace,
    async request(method, path, { body, contentType, signal, timeoutMs = 30_000 } = {}) {
      const call = describeCall(method, path);
      if (method !== 'GET') throttle.check(call);
      return measured(call, signal, async () => {
        const deadline = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
        const response = await open(method, path, call, {
          signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
          ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
          ...(contentType === undefined ? {} : { contentType }),
        });
        return { status: response.statusCode, result: await response.body.json() };
      });
    },
    stream(path, signal) {
      const call = describeCall('GET', path);
      return measured(call, signal, async () => {
        const response = await open('GET', path, call, { signal });
        return { status: response.statusCode, result: response.body as AsyncIterable<Uint8Array> };
      });
    },
    close: () => credentials.close(),
  };
}

async function refusal(call: Call, response: Dispatcher.ResponseData): Promise<ApiError> {
  const body: unknown = await response.body.json().catch(() => undefined);
  const { reason, retryAfterSeconds } = readStatus(body);
  const header = Number(response.headers['retry-after']);
  return new ApiError(call, response.statusCode, reason, header > 0 ? header : retryAfterSeconds);
}
