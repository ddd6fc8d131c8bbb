import type { Clock } from '../clock.ts';

/** Waits for the next look of a schedule, which somebody may ask for sooner. */
export class Alarm {
  readonly #clock: Clock;
  /** `clock.elapsed()` of the latest moment that was asked for while nobody waited; infinite: none. */
  #dueMs = Number.POSITIVE_INFINITY;
  #sooner: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the wait that is under way, or the next one, after so many seconds at the latest. */
  within(seconds: number): void {
    this.#dueMs = Math.min(this.#dueMs, this.#clock.elapsed() + seconds * 1000);
    this.#sooner?.();
  }

  /** Waits for so many seconds, or for less if somebody asks; returns at once when `signal` aborts. Never rejects. */
  async wait(seconds: number, signal: AbortSignal): Promise<void> {
    const endsMs = this.#clock.elapsed() + seconds * 1000;
    for (;;) {
      const leftMs = Math.min(endsMs, this.#dueMs) - this.#clock.elapsed();
      if (signal.aborted || leftMs <= 0) break;
      const interrupted = new AbortController();
      this.#sooner = () => interrupted.abort();
      await this.#clock.sleep(leftMs, AbortSignal.any([signal, interrupted.signal])).catch(() => undefined);
      this.#sooner = undefined;
    }
    this.#dueMs = Number.POSITIVE_INFINITY;
  }
}
