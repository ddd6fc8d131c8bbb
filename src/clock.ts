import { setTimeout as delay } from 'node:timers/promises';

/**
 * Time as a parameter. Everything that waits or asks for the time takes a `Clock`, so that the lab can run
 * the same code in virtual time and a test never sleeps.
 */
export interface Clock {
  /** Wall clock, milliseconds since the epoch: for what is shown, stored or compared with other machines. */
  now(): number;
  /**
   * Monotonic milliseconds from an arbitrary start: for durations and deadlines. It never jumps when the
   * wall clock is set, and on Linux it keeps running while the process is stopped (SIGSTOP).
   */
  elapsed(): number;
  /** Waits; rejects with the signal's reason as soon as `signal` aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Calls `run` once, after `delayMs`; the returned function calls it off. */
  after(delayMs: number, run: () => void): () => void;
}

/** The clock of the machine. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  async sleep(delayMs, signal) {
    await delay(Math.max(0, delayMs), undefined, signal === undefined ? {} : { signal });
  },
  after(delayMs, run) {
    const timer = setTimeout(run, Math.max(0, delayMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
