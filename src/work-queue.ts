import type { Clock } from './clock.ts';

/**
 * Keys that want work, each at most once at a time: a key added while it is worked on comes again afterwards, and a
 * hundred events for one key are one piece of work. Failed keys come back with a growing, jittered delay
 * (the semantics of client-go's workqueue).
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #ready = new Set<string>();
  readonly #working = new Set<string>();
  readonly #again = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, { readonly dueMs: number; readonly cancel: () => void }>();
  /** Workers that wait, the longest first. */
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock, random: () => number = Math.random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Keys that wait to be worked on. */
  get depth(): number {
    return this.#ready.size + this.#again.size;
  }

  /** Wants `key` worked on as soon as possible. */
  add(key: string): void {
    this.#cancelTimer(key);
    if (this.#working.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#ready.add(key);
    const [wake] = this.#waiting;
    wake?.();
  }

  /** Wants `key` worked on after a while; an earlier appointment stands. */
  addAfter(key: string, delayMs: number): void {
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    if (this.#ready.has(key) || this.#again.has(key)) return;
    const dueMs = this.#clock.elapsed() + delayMs;
    const appointed = this.#timers.get(key);
    if (appointed !== undefined && appointed.dueMs <= dueMs) return;
    this.#cancelTimer(key);
    const cancel = this.#clock.after(delayMs, () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, { dueMs, cancel });
  }

  /** Wants `key` again after it failed: 20 ms, doubling to 30 s, give or take a fifth. */
  retry(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const delayMs = Math.min(30_000, 20 * 2 ** failures);
    this.addAfter(key, delayMs * (0.8 + 0.4 * this.#random()));
  }

  /** `key` succeeded: its next failure starts small again. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, as soon as there is one; undefined once `signal` has aborted. Hand it back with `done`. */
  async next(signal: AbortSignal): Promise<string | undefined> {
    while (!signal.aborted) {
      const [key] = this.#ready;
      if (key !== undefined) {
        this.#ready.delete(key);
        this.#working.add(key);
        return key;
      }
      await this.#wakened(signal);
    }
    return undefined;
  }

  /** Ends the work on `key`. */
  done(key: string): void {
    this.#working.delete(key);
    if (this.#again.delete(key)) this.add(key);
  }

  /** Forgets everything that waits and clears all timers. */
  close(): void {
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#ready.clear();
    this.#again.clear();
  }

  #cancelTimer(key: string): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }

  #wakened(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        signal.removeEventListener('abort', over);
        this.#waiting.delete(over);
        resolve();
      };
      signal.addEventListener('abort', over);
      this.#waiting.add(over);
    });
  }
}
