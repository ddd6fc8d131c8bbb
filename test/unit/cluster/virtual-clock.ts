import type { Clock } from '../../../src/clock.ts';

/** A clock that moves only when told to. `freeze` shifts time without letting timers run, as SIGSTOP does. */
export class VirtualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>();

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  elapsed(): number {
    return this.#nowMs;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(new Error('aborted'));
      const cancel = this.after(delayMs, () => resolve());
      signal?.addEventListener('abort', () => {
        cancel();
        reject(new Error('aborted'));
      });
    });
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Time passes while nobody runs. */
  freeze(ms: number): void {
    this.#nowMs += ms;
  }

  /** Lets time pass, timers in their order, and everything that they set off settle. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > endMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#timers.delete(next);
      next.run();
      await settle();
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }
}

/** Until all promises that can settle by themselves have. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
