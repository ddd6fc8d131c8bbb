import type { DrainPort, WorkersSample } from './drain.ts';
import { drainKeys } from './drain-keys.ts';
import { DrainSource } from './drain-source.ts';
import { followSecret, type RedisUser, type SourceParts } from './redis-source.ts';
import { detailsOf } from './report.ts';
import type { WatchRequest } from './source.ts';
import type { Watches } from './watches.ts';

/**
 * The drain over Redis, for workers that use the drain library: marks are fields of a hash beside the source's keys,
 * and so are the reports. A source that is not in Redis has nobody to drain, and its watch gives nothing.
 */
export class RedisDrain implements DrainPort {
  readonly #parts: SourceParts;
  readonly #watches: Watches;
  readonly #sources = new Map<string, DrainSource>();

  constructor(parts: SourceParts, watches: Watches) {
    this.#parts = parts;
    this.#watches = watches;
  }

  workers(request: WatchRequest, signal: AbortSignal): AsyncIterable<WorkersSample> {
    return this.#watches.start(signal, (put, until) => this.#follow(request, put, until));
  }

  mark(request: WatchRequest, marks: ReadonlyMap<string, string>): void {
    this.#sources.get(keyOf(request))?.mark(marks);
  }

  async #follow(
    request: WatchRequest,
    put: (sample: WorkersSample) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { feed } = request.source;
    if (feed.type === 'Prometheus') return;
    const { links, clock, random } = this.#parts;
    const source = new DrainSource(drainKeys(feed), detailsOf(request), put, clock, random);
    this.#sources.set(keyOf(request), source);
    const user: RedisUser = {
      attach: (endpoint) => {
        const { release, ...line } = links.open(endpoint);
        const detach = source.attach(line);
        return () => {
          detach();
          release();
        };
      },
      lose: (code) => source.lose(code),
    };
    await Promise.all([
      followSecret(request.namespace, feed.redis, user, this.#parts, signal),
      source.run(signal),
    ]);
    if (this.#sources.get(keyOf(request)) === source) this.#sources.delete(keyOf(request));
  }
}

function keyOf({ policy, source }: WatchRequest): string {
  return `${policy} ${source.name}`;
}
