import { ApiError, isStatus } from './api-error.ts';
import { Backoff } from './backoff.ts';
import type { ReflectorTuning } from './reflector-options.ts';

/** What a reflector asks for. */
export type Asking = 'list' | 'watch';

/**
 * How long a reflector waits before it goes on. What costs the server much (a listing, or anything that it refused) is
 * tried ever less often; opening a cut watch again costs it little and is tried every few seconds, so that caches are
 * whole again soon after a fault. Only a watch that lived for a while makes the waits short again: a listing that
 * succeeds proves nothing while every watch after it expires.
 */
export class Pace {
  readonly #backoff: Backoff;
  readonly #redial: Backoff;
  readonly #random: () => number;

  constructor({ backoff, redialMaxMs }: Pick<ReflectorTuning, 'backoff' | 'redialMaxMs'>) {
    this.#backoff = new Backoff(backoff);
    this.#redial = new Backoff({ ...backoff, maxMs: Math.min(backoff.maxMs, redialMaxMs) });
    this.#random = backoff.random ?? Math.random;
  }

  /** A watch has lived for a while: trouble from now on is new trouble. */
  steady(): void {
    this.#backoff.reset();
    this.#redial.reset();
  }

  /**
   * Milliseconds after a listing or a watch that failed, or that the server ended too early (no error), when a listing or
   * a watch comes next. Retry-After is obeyed, stretched by up to a quarter so that all watches of all controllers do not
   * come back at one moment.
   */
  after(error: unknown, failed: Asking, next: Asking): number {
    if (!(error instanceof ApiError)) return (next === 'list' ? this.#backoff : this.#redial).next();
    // A watch that expired is everyday life the first time; a second one so soon is a storm.
    const everyday = isStatus(error, 410) && failed === 'watch' && this.#backoff.fresh;
    const waitMs = this.#backoff.next();
    const askedMs = (error.retryAfterSeconds ?? 0) * 1000 * (1 + this.#random() / 4);
    return Math.max(everyday ? 0 : waitMs, askedMs);
  }
}
