import type { Clock } from '../clock.ts';
import type { Sample } from '../decide/observation.ts';
import type { Feed } from '../policy/policy.ts';
import { bullmqProbe } from './bullmq.ts';
import { bullmqReader } from './bullmq-reader.ts';
import type { DrainPort, WorkersSample } from './drain.ts';
import { RedisLinks } from './redis/links.ts';
import type { Probe } from './redis/probe.ts';
import { scriptOf } from './redis/script.ts';
import { listReader, redisListProbe } from './redis-list.ts';
import { RedisDrain } from './redis-drain.ts';
import { followSecret, type RedisUser, type SourceParts } from './redis-source.ts';
import { redisStreamProbe, streamReader } from './redis-stream.ts';
import { detailsOf, type Report, reportTo } from './report.ts';
import type { SecretReader } from './secret-reader.ts';
import type { Demand, WatchRequest } from './source.ts';
import { Watches } from './watches.ts';

type RedisFeed = Exclude<Feed, { readonly type: 'Prometheus' }>;

/**
 * Demand read from Redis (`BullMQ`, `RedisList` and `RedisStream`), and the drain of its workers, over the same
 * connections. Of a source that is not in Redis it gives nothing. `close` ends both.
 * @param random between 0 and 1; spreads sweeps and reconnections
 */
export function redisDemand(
  secrets: SecretReader,
  clock: Clock,
  random: () => number = Math.random,
): Demand & DrainPort {
  return new RedisDemand(secrets, clock, random);
}

class RedisDemand implements Demand, DrainPort {
  readonly #parts: SourceParts;
  readonly #watches = new Watches();
  readonly #drain: RedisDrain;

  constructor(secrets: SecretReader, clock: Clock, random: () => number) {
    const links = new RedisLinks(scriptOf([bullmqReader, listReader, streamReader]), clock, random);
    this.#parts = { secrets, links, clock, random };
    this.#drain = new RedisDrain(this.#parts, this.#watches);
  }

  watch(request: WatchRequest, signal: AbortSignal): AsyncIterable<Sample> {
    return this.#watches.start(signal, (put, until) => this.#follow(request, put, until));
  }

  workers(request: WatchRequest, signal: AbortSignal): AsyncIterable<WorkersSample> {
    return this.#drain.workers(request, signal);
  }

  mark(request: WatchRequest, marks: ReadonlyMap<string, string>): void {
    this.#drain.mark(request, marks);
  }

  async close(): Promise<void> {
    await this.#watches.close();
    await this.#parts.links.closed();
  }

  async #follow(request: WatchRequest, put: (sample: Sample) => void, signal: AbortSignal): Promise<void> {
    const { links, clock } = this.#parts;
    const { feed } = request.source;
    if (feed.type === 'Prometheus') return;
    const probe = probeOf(feed, reportTo(put, detailsOf(request), clock));
    const user: RedisUser = {
      attach: (endpoint) => links.attach(endpoint, probe),
      lose: (code) => probe.lose(code),
    };
    await followSecret(request.namespace, feed.redis, user, this.#parts, signal);
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
