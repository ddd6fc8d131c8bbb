import type { Clock } from '../clock.ts';
import type { Answer } from './prometheus-answer.ts';
import { PrometheusClient } from './prometheus-client.ts';
import { type Pace, PrometheusQuery } from './prometheus-query.ts';
import type { PrometheusSettings } from './prometheus-settings.ts';

/** A named Prometheus, and what is asked of it: queries of the same text are one, whoever needs them. */
export class PrometheusConnection {
  readonly #client: PrometheusClient;
  readonly #pace: Pace;
  readonly #queries = new Map<string, PrometheusQuery>();
  readonly #closing = new Set<Promise<void>>();

  constructor(settings: PrometheusSettings, clock: Clock, random: () => number) {
    this.#client = new PrometheusClient(settings, clock);
    this.#pace = { everyMs: settings.everySeconds * 1000, clock, random };
  }

  /** Tells each answer to a query, the latest at once. The returned function ends it; the last one ends the asking. */
  follow(text: string, listener: (answer: Answer) => void): () => void {
    const query = this.#queries.get(text) ?? new PrometheusQuery(text, this.#client, this.#pace);
    this.#queries.set(text, query);
    const unfollow = query.follow(listener);
    return () => {
      unfollow();
      if (query.idle && this.#queries.get(text) === query) this.#end(text, query);
    };
  }

  /** Resolves when nothing is asked any more and all connections are closed. */
  async close(): Promise<void> {
    for (const [text, query] of this.#queries) this.#end(text, query);
    await Promise.all(this.#closing);
    await this.#client.close();
  }

  #end(text: string, query: PrometheusQuery): void {
    this.#queries.delete(text);
    const closing = query.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
