import { SpillwayError } from '../../../errors.ts';
import { isRecord } from '../../../policy/schema-tree.ts';
import type { Slot } from './slot.ts';

/** What is asked of a Prometheus. */
export interface PrometheusQuestion {
  /** Its address; user and password in it are sent as such and shown nowhere. */
  readonly url: string;
  /** PromQL that gives arrivals per second; several series are added up. */
  readonly query: string;
  readonly days: number;
  /** The end of the time asked for, milliseconds since the epoch. */
  readonly endMs: number;
  readonly fetch: typeof globalThis.fetch;
}

export interface PrometheusArrivals {
  readonly slots: readonly Slot[];
  /** Steps without a value: no arrivals are taken for them. */
  readonly emptySteps: number;
  readonly stepMs: number;
}

const stepMs = 60_000;
/** A Prometheus refuses more than 11 000 points a series; a day is well below, and quickly answered. */
const chunkMs = 86_400_000;
const timeoutMs = 30_000;

/**
 * Arrivals out of range queries, a day at a time (GET /api/v1/query_range, prometheus.io/docs/prometheus/latest/querying/api).
 * Throws PROMETHEUS_UNREACHABLE, PROMETHEUS_REFUSED, PROMETHEUS_EMPTY, PROMETHEUS_VALUE.
 */
export async function prometheusArrivals(question: PrometheusQuestion): Promise<PrometheusArrivals> {
  const endMs = Math.floor(question.endMs / stepMs) * stepMs;
  const startMs = endMs - Math.ceil((question.days * chunkMs) / stepMs) * stepMs;
  const rates = new Map<number, number>();
  for (let fromMs = startMs; fromMs < endMs; fromMs += chunkMs) {
    const untilMs = Math.min(fromMs + chunkMs, endMs) - stepMs;
    for (const [atMs, perSecond] of await points(question, fromMs, untilMs)) {
      rates.set(atMs, (rates.get(atMs) ?? 0) + perSecond);
    }
  }
  if (rates.size === 0) throw new SpillwayError('PROMETHEUS_EMPTY', { url: publicUrl(question.url) });
  const steps = (endMs - startMs) / stepMs;
  const slots = Array.from({ length: steps }, (_, index): Slot => {
    const atMs = startMs + index * stepMs;
    return { startMs: atMs, lengthMs: stepMs, jobs: ((rates.get(atMs) ?? 0) * stepMs) / 1000 };
  });
  return { slots, emptySteps: steps - rates.size, stepMs };
}

async function points(
  { url, query, fetch }: PrometheusQuestion,
  fromMs: number,
  untilMs: number,
): Promise<readonly (readonly [number, number])[]> {
  const { address, headers } = requestTo(url);
  address.search = new URLSearchParams({
    query,
    start: String(fromMs / 1000),
    end: String(untilMs / 1000),
    step: String(stepMs / 1000),
  }).toString();
  const answer = await ask(url, () => fetch(address, { headers, signal: AbortSignal.timeout(timeoutMs) }));
  if (!answer.ok) {
    throw new SpillwayError('PROMETHEUS_REFUSED', { url: publicUrl(url), status: answer.status });
  }
  const body: unknown = await ask(url, () => answer.json());
  return seriesIn(body).flatMap((series) => valuesIn(series));
}

/** The answer of a call that goes over the network, or a sentence without what the other side said. */
async function ask<T>(url: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw new SpillwayError('PROMETHEUS_UNREACHABLE', { prometheus: `at ${publicUrl(url)}` }, cause);
  }
}

function seriesIn(body: unknown): readonly unknown[] {
  const data = isRecord(body) && isRecord(body['data']) ? body['data'] : {};
  return Array.isArray(data['result']) ? data['result'] : [];
}

function valuesIn(series: unknown): readonly (readonly [number, number])[] {
  const values = isRecord(series) && Array.isArray(series['values']) ? series['values'] : [];
  return values.flatMap((pair: unknown) => {
    const [seconds, text] = Array.isArray(pair) ? pair : [];
    const perSecond = Number(text);
    // A rate over nothing is NaN: no value.
    if (typeof seconds !== 'number' || Number.isNaN(perSecond)) return [];
    if (perSecond < 0 || !Number.isFinite(perSecond)) {
      throw new SpillwayError('PROMETHEUS_VALUE', {
        value: String(text),
        time: new Date(seconds * 1000).toISOString(),
      });
    }
    return [[Math.round(seconds * 1000), perSecond] as const];
  });
}

/** The address of the range query, and its headers: `fetch` takes no user and password in an address. */
function requestTo(url: string): { readonly address: URL; readonly headers: Record<string, string> } {
  const base = parsed(url);
  const { username, password } = base;
  const address = new URL(base);
  address.username = '';
  address.password = '';
  address.pathname = `${base.pathname.replace(/\/+$/, '')}/api/v1/query_range`;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  return { address, headers: username === '' ? {} : { authorization } };
}

function parsed(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address?.protocol === 'http:' || address?.protocol === 'https:') return address;
  throw new SpillwayError('SIMULATE_OPTION', {
    option: '--from-prometheus',
    value: '',
    problem: 'write an address such as http://prometheus:9090',
  });
}

/** The address without user, password and query. */
function publicUrl(url: string): string {
  const { protocol, host, pathname } = parsed(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}
