import type { Clock } from '../clock.ts';
import { Bell } from './bell.ts';
import type { Answer } from './prometheus-answer.ts';
import type { PrometheusClient } from './prometheus-client.ts';

/** The longest pause after failures, ms; or that between two questions, where that is longer. */
const longestPauseMs = 30_000;

/** Told about the numbers, not about the server: the next question may well be answered. */
const aboutNumbers: ReadonlySet<string> = new Set([
  'PROMETHEUS_NO_DATA',
  'PROMETHEUS_SEVERAL_SERIES',
  'PROMETHEUS_NUMBER_INVALID',
  'PROMETHEUS_STALE',
]);

/** How often to ask, and what spreads questions so that they do not come in step. */
export interface Pace {
  readonly everyMs: number;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
}

/** One query that is asked again and again, for everybody who needs its answer. */
export class PrometheusQuery {
  readonly #listeners = new Set<(answer: Answer) => void>();
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #latest: Answer | undefined;

  constructor(text: string, client: PrometheusClient, pace: Pace) {
    this.#ended = this.#run(text, client, pace);
  }

  /** Tells the latest answer at once, if there is one, and each later one. The returned function ends it. */
  follow(listener: (answer: Answer) => void): () => void {
    this.#listeners.add(listener);
    if (this.#latest !== undefined) listener(this.#latest);
    return () => this.#listeners.delete(listener);
  }

  /** Nobody listens any more. */
  get idle(): boolean {
    return this.#listeners.size === 0;
  }

  /** Resolves when nothing is asked any more. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(text: string, client: PrometheusClient, pace: Pace): Promise<void> {
    const { signal } = this.#stop;
    const bell = new Bell(pace.clock);
    let failures = 0;
    while (!signal.aborted) {
      const answer = await client.ask(text, signal);
      if (signal.aborted) return;
      failures = answer.state === 'failed' && !aboutNumbers.has(answer.code) ? failures + 1 : 0;
      this.#latest = answer;
      for (const listener of this.#listeners) listener(answer);
      await bell.wait(pauseMs(failures, pace), signal);
    }
  }
}

/** Until the next question, ms: a tenth sooner or later; after failures twice as long each time, and spread widely. */
export function pauseMs(failures: number, { everyMs, random }: Pace): number {
  if (failures === 0) return everyMs * (0.9 + random() / 5);
  const ceilingMs = Math.max(everyMs, longestPauseMs);
  return Math.min(ceilingMs, everyMs * 2 ** Math.min(failures - 1, 30)) * (0.5 + random() / 2);
}
