import { once } from 'node:events';
import {
  createServer as createHttp,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { TestContext } from 'node:test';
import type { DrainPort } from '../../../src/demand/drain.ts';
import { openDemand } from '../../../src/demand/demand.ts';
import type { PrometheusSettings } from '../../../src/demand/prometheus-settings.ts';
import type { Demand } from '../../../src/demand/source.ts';
import type { Feed } from '../../../src/policy/policy.ts';
import { hurriedClock, Listener, TestSecrets } from './harness.ts';

type Cleaner = Pick<TestContext, 'after'>;

/** What was asked of the server. */
export interface Asked {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly form: URLSearchParams;
}

/** A server that answers queries as the test says. */
export interface TestServer {
  readonly url: string;
  readonly asked: readonly Asked[];
  /** Of so many questions with this query. */
  count(query: string): number;
  /** Ends it at once, with all connections. */
  stop(): Promise<void>;
}

export type Answering = (asked: Asked, response: ServerResponse) => void;

/** Starts the server on the loopback, with TLS where a key is given; ended after the test. */
export async function serve(
  t: Cleaner,
  answering: Answering,
  tls?: { readonly key: string; readonly cert: string },
  port = 0,
): Promise<TestServer> {
  const asked: Asked[] = [];
  const listener: RequestListener = (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const { method, url: path, headers } = request;
      const one = { method, path, headers, form: new URLSearchParams(body) };
      asked.push(one);
      answering(one, response);
    });
  };
  const server: Server = tls === undefined ? createHttp(listener) : createHttps(tls, listener);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  t.after(stop);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const host = tls === undefined ? 'http://127.0.0.1' : 'https://localhost';
  return {
    url: `${host}:${address.port}`,
    asked,
    count: (query) => asked.filter(({ form }) => form.get('query') === query).length,
    stop,
  };
}

/** Answers with this status and JSON. */
export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** The answer of a Prometheus whose query gives these numbers, one a series. */
export function vector(values: readonly (number | string)[], ageSeconds = 0): unknown {
  const at = Date.now() / 1000 - ageSeconds;
  const result = values.map((value, index) => ({
    metric: { pod: String(index) },
    value: [at, String(value)],
  }));
  return { status: 'success', data: { resultType: 'vector', result } };
}

export function settings(url: string, more: Partial<PrometheusSettings> = {}): PrometheusSettings {
  return {
    name: 'main',
    url,
    bearerTokenFile: undefined,
    basicAuth: undefined,
    caFile: undefined,
    headers: {},
    timeoutSeconds: 10,
    everySeconds: 1,
    staleAfterSeconds: 60,
    ...more,
  };
}

export function feed(query: string, arrivalRateQuery?: string, connection = 'main'): Feed {
  return { type: 'Prometheus', connection, query, arrivalRateQuery };
}

/** Demand over one connection, on a clock that hurries (a second is 50 ms); closed after the test. */
export function demandOn(
  t: Cleaner,
  url: string,
  more: Partial<PrometheusSettings> = {},
): { readonly demand: Demand & DrainPort; readonly listen: (feed: Feed) => Listener } {
  const demand = openDemand({ secrets: new TestSecrets(), prometheus: [settings(url, more)] }, hurriedClock);
  t.after(() => demand.close());
  return { demand, listen: (one) => new Listener(demand, one) };
}
