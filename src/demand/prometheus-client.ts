import { Agent, type Dispatcher, errors, request } from 'undici';
import type { Clock } from '../clock.ts';
import { type Answer, answerOf, type Failure, failed } from './prometheus-answer.ts';
import { readCredentials } from './prometheus-credentials.ts';
import type { PrometheusSettings } from './prometheus-settings.ts';

/** An answer of one number has a few hundred bytes, and an error may quote a long query. */
const longestAnswerBytes = 65_536;

/** A query that nobody answers holds a connection until its time is over: others must find one all the same. */
const mostConnections = 64;

/** Asks one Prometheus, over connections of its own that are kept open. */
export class PrometheusClient {
  readonly #settings: PrometheusSettings;
  readonly #clock: Clock;
  #agent: { readonly ca: string | undefined; readonly dispatcher: Agent } | undefined;

  constructor(settings: PrometheusSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** One instant query, at the server's own time; never rejects. When `signal` aborts, what it gives means nothing. */
  async ask(query: string, signal: AbortSignal): Promise<Answer> {
    const { staleAfterSeconds } = this.#settings;
    const answer = await this.#ask(query, signal);
    if (answer.state === 'failed') return answer;
    const ageMs = this.#clock.now() - answer.atMs;
    return ageMs > staleAfterSeconds * 1000
      ? failed('PROMETHEUS_STALE', { seconds: staleAfterSeconds })
      : answer;
  }

  /** Closes all its connections, whatever goes on there. */
  async close(): Promise<void> {
    const agent = this.#agent;
    this.#agent = undefined;
    await agent?.dispatcher.destroy();
  }

  async #ask(query: string, signal: AbortSignal): Promise<Answer> {
    const { url, headers, timeoutSeconds } = this.#settings;
    const credentials = await readCredentials(this.#settings);
    if ('state' in credentials) return credentials;
    if (signal.aborted) return failed('PROMETHEUS_UNREACHABLE');
    const { authorization, ca } = credentials;
    const late = new AbortController();
    const calledOff = this.#clock.after(timeoutSeconds * 1000, () => late.abort());
    try {
      const { statusCode, body } = await request(`${url}/api/v1/query`, {
        method: 'POST',
        dispatcher: this.#dispatcher(ca),
        signal: AbortSignal.any([signal, late.signal]),
        headers: {
          ...headers,
          ...(authorization === undefined ? {} : { authorization }),
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: formOf(query, timeoutSeconds),
      });
      return answerOf(statusCode, parsed(await body.text()));
    } catch (error) {
      return late.signal.aborted ? failed('PROMETHEUS_TIMEOUT') : failureOf(error);
    } finally {
      calledOff();
    }
  }

  /** The connections; new ones where the authority was replaced. */
  #dispatcher(ca: string | undefined): Dispatcher {
    if (this.#agent !== undefined && this.#agent.ca === ca) return this.#agent.dispatcher;
    // Questions under way on the old connections may still be answered.
    void this.#agent?.dispatcher.close();
    const timeoutMs = this.#settings.timeoutSeconds * 1000;
    const dispatcher = new Agent({
      allowH2: false,
      connections: mostConnections,
      maxResponseSize: longestAnswerBytes,
      // The question's own deadline is the one that counts.
      headersTimeout: 0,
      bodyTimeout: 0,
      // A server that cannot be reached is told before one that is slow.
      connect: { timeout: timeoutMs / 2, ...(ca === undefined ? {} : { ca }) },
    });
    this.#agent = { ca, dispatcher };
    return dispatcher;
  }
}

/**
 * Two series are enough to know that there are too many (`limit`, which older servers pass over). Thanos is told to
 * fail where a store does not answer: a sum over a part is a number that nobody measured
 * (thanos.io/tip/components/query.md: partial response).
 */
function formOf(query: string, timeoutSeconds: number): string {
  return new URLSearchParams({
    query,
    timeout: `${timeoutSeconds}s`,
    limit: '2',
    partial_response: 'false',
  }).toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Codes of node:tls and OpenSSL. */
const tlsCode = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_|EPROTO/;

function failureOf(error: unknown): Failure {
  // Nothing else that a Prometheus answers to a query is that long.
  if (error instanceof errors.ResponseExceededMaxSizeError) return failed('PROMETHEUS_SEVERAL_SERIES');
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return failed(tlsCode.test(code) ? 'PROMETHEUS_TLS_FAILED' : 'PROMETHEUS_UNREACHABLE');
}
