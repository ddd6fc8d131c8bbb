import type { Clock } from '../clock.ts';
import type { Sample } from '../decide/observation.ts';
import type { Feed } from '../policy/policy.ts';
import { bullmqProbe } from './bullmq.ts';
import { bullmqReader } from './bullmq-reader.ts';
import { Mailbox } from './mailbox.ts';
import { RedisLinks } from './redis/links.ts';
import type { Probe } from './redis/probe.ts';
import { scriptOf } from './redis/script.ts';
import { listReader, redisListProbe } from './redis-list.ts';
import { followSecret, type SourceParts } from './redis-source.ts';
import { redisStreamProbe, streamReader } from './redis-stream.ts';
import { type Report, reportTo } from './report.ts';
import type { SecretReader } from './secret-reader.ts';
import type { Demand, WatchRequest } from './source.ts';

type RedisFeed = Exclude<Feed, { readonly type: 'Prometheus' }>;

/**
 * Demand read from Redis: `BullMQ`, `RedisList` and `RedisStream`. A `Prometheus` source is lost, with a code that says
 * that this version does not read it.
 * @param random between 0 and 1; spreads sweeps and reconnections
 */
export function redisDemand(secrets: SecretReader, clock: Clock, random: () => number = Math.random): Demand {
  return new RedisDemand(secrets, clock, random);
}

class RedisDemand implements Demand {
  readonly #parts: SourceParts;
  readonly #stop = new AbortController();
  readonly #watching = new Set<Promise<void>>();

  constructor(secrets: SecretReader, clock: Clock, random: () => number) {
    const links = new RedisLinks(scriptOf([bullmqReader, listReader, streamReader]), clock, random);
    this.#parts = { secrets, links, clock, random };
  }

  async *watch(request: WatchRequest, signal: AbortSignal): AsyncIterable<Sample> {
    const left = new AbortController();
    const until = AbortSignal.any([signal, this.#stop.signal, left.signal]);
    const mailbox = new Mailbox<Sample>();
    until.addEventListener('abort', () => mailbox.close(), { once: true });
    if (until.aborted) return;
    const watching = this.#start(request, mailbox, until).finally(() => this.#watching.delete(watching));
    this.#watching.add(watching);
    try {
      for (let next = await mailbox.take(); next !== undefined; next = await mailbox.take()) yield next.value;
    } finally {
      left.abort();
      await watching;
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#watching);
    await this.#parts.links.closed();
  }

  async #start(request: WatchRequest, mailbox: Mailbox<Sample>, signal: AbortSignal): Promise<void> {
    const { feed } = request.source;
    const report = reportTo((sample) => mailbox.put(sample), detailsOf(request), this.#parts.clock);
    if (feed.type === 'Prometheus') {
      report.lost('PROMETHEUS_UNAVAILABLE');
      return;
    }
    await followSecret(request.namespace, feed.redis, probeOf(feed, report), this.#parts, signal);
  }
}

function probeOf(feed: RedisFeed, report: Report): Probe {
  switch (feed.type) {
    case 'BullMQ':
      return bullmqProbe(feed, report);
    case 'RedisList':
      return redisListProbe(feed, report);
    case 'RedisStream':
      return redisStreamProbe(feed, report);
  }
}

/** What the sentences of errors.ts name. */
function detailsOf({ namespace, source: { feed } }: WatchRequest): Readonly<Record<string, string>> {
  if (feed.type === 'Prometheus') return {};
  const { secretName, urlKey, caKey = '' } = feed.redis;
  const place = { namespace, secret: secretName, urlKey, caKey };
  switch (feed.type) {
    case 'BullMQ':
      return { ...place, queue: feed.queue, prefix: feed.prefix };
    case 'RedisList':
      return { ...place, redisKey: feed.key };
    case 'RedisStream':
      return { ...place, redisKey: feed.key, group: feed.group };
  }
}
