import type { Clock } from '../clock.ts';
import type { OkSample, Sample } from '../decide/observation.ts';
import type { Feed } from '../policy/policy.ts';
import type { Answer, Value } from './prometheus-answer.ts';
import { PrometheusConnection } from './prometheus-connection.ts';
import type { PrometheusSettings } from './prometheus-settings.ts';
import { detailsOf, type Report, reportTo } from './report.ts';
import type { Demand, WatchRequest } from './source.ts';
import { Watches } from './watches.ts';

type PrometheusFeed = Extract<Feed, { readonly type: 'Prometheus' }>;

/**
 * Demand that is asked of Prometheus, at the addresses of the configuration and at no other. Of other sources it gives
 * nothing.
 * @param random in [0, 1); spreads questions
 */
export function prometheusDemand(
  connections: readonly PrometheusSettings[],
  clock: Clock,
  random: () => number = Math.random,
): Demand {
  return new PrometheusDemand(connections, clock, random);
}

class PrometheusDemand implements Demand {
  readonly #connections: ReadonlyMap<string, PrometheusConnection>;
  readonly #watches = new Watches();
  readonly #clock: Clock;

  constructor(connections: readonly PrometheusSettings[], clock: Clock, random: () => number) {
    this.#connections = new Map(
      connections.map((settings) => [settings.name, new PrometheusConnection(settings, clock, random)]),
    );
    this.#clock = clock;
  }

  watch(request: WatchRequest, signal: AbortSignal): AsyncIterable<Sample> {
    return this.#watches.start(signal, (put, until) => this.#follow(request, put, until));
  }

  async close(): Promise<void> {
    await this.#watches.close();
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()));
  }

  async #follow(request: WatchRequest, put: (sample: Sample) => void, signal: AbortSignal): Promise<void> {
    const { feed } = request.source;
    if (feed.type !== 'Prometheus') return;
    const report = reportTo(put, detailsOf(request), this.#clock);
    const connection = this.#connections.get(feed.connection);
    if (connection === undefined) {
      report.lost('PROMETHEUS_CONNECTION_UNKNOWN');
      return;
    }
    const endings = followBoth(connection, feed, report, this.#clock);
    await aborted(signal);
    for (const end of endings) end();
  }
}

/** A number, or why it is missing, and when that was learnt. */
type Learnt<T extends Answer = Answer> = T & { readonly learntMs: number };

/**
 * Puts the answers of a source's queries together: a sample is good only while all of them are. Each new answer makes
 * a sample, whose time is that of the backlog.
 */
function followBoth(
  connection: PrometheusConnection,
  feed: PrometheusFeed,
  report: Report,
  clock: Clock,
): readonly (() => void)[] {
  const texts = { query: feed.query, arrivalRateQuery: feed.arrivalRateQuery };
  const fields = (['query', 'arrivalRateQuery'] as const).filter((field) => texts[field] !== undefined);
  const learnt: { query?: Learnt; arrivalRateQuery?: Learnt } = {};
  const tell = (): void => {
    const wrong = fields.find((field) => learnt[field]?.state === 'failed');
    const failure = wrong === undefined ? undefined : learnt[wrong];
    if (failure?.state === 'failed') {
      report.lost(failure.code, { ...failure.details, field: wrong ?? '' });
      return;
    }
    const { query: backlog, arrivalRateQuery: rate } = learnt;
    if (backlog?.state !== 'value' || (fields.length > 1 && rate?.state !== 'value')) return;
    report.ok(sampleOf(backlog, rate?.state === 'value' ? rate.value : undefined));
  };
  return fields.map((field) =>
    connection.follow(texts[field] ?? '', (answer) => {
      learnt[field] = { ...answer, learntMs: clock.now() };
      tell();
    }),
  );
}

/** A query knows how much waits, and how fast it comes where it was asked; nothing of who is at work. */
function sampleOf(backlog: Learnt<Value>, arrivalsPerSecond: number | undefined): OkSample {
  return {
    state: 'ok',
    atMs: backlog.learntMs,
    backlog: backlog.value,
    active: 0,
    oldestAgeSeconds: undefined,
    arrivalsTotal: undefined,
    completionsTotal: undefined,
    arrivalsPerSecond,
    paused: false,
    rateLimited: false,
    concurrencyLimit: undefined,
    rateLimitPerSecond: undefined,
    busy: {},
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
