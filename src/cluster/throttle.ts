import type { Clock } from '../clock.ts';
import { ApiError } from './api-error.ts';
import type { Call } from './call.ts';

const reason = 'AskedToWait';
const unheld: ReadonlySet<string> = new Set(['leases', 'pods/eviction']);

/** Whether an error is a refusal of our own: the server had asked to wait, and that was told when it did. */
export function isAskedToWait(error: unknown): boolean {
  return error instanceof ApiError && error.reason === reason;
}

/**
 * Keeps to Retry-After for writes: whoever was told to wait (429, 503) sends no write of this kind before, whatever
 * happens in queues meanwhile. Leases are not held up: the API server flows them by themselves, and a lease that is not
 * renewed costs more than a request. An eviction that has to wait does so for the disruption budget of its own pod
 * (kubernetes.io/docs/concepts/scheduling-eviction/api-eviction), which is no concern of other pods. Readers wait by
 * themselves.
 */
export class Throttle {
  readonly #clock: Clock;
  /** Until when the server wants none of these calls, monotonic milliseconds; by verb and resource. */
  readonly #untilMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws, in the place of the server, what it would answer: 429 and the seconds that are left. */
  check(call: Call): void {
    const untilMs = this.#untilMs.get(key(call));
    if (untilMs === undefined) return;
    const leftSeconds = (untilMs - this.#clock.elapsed()) / 1000;
    if (leftSeconds > 0) throw new ApiError(call, 429, reason, leftSeconds);
    this.#untilMs.delete(key(call));
  }

  /** Takes a refusal of the server. */
  heed(refused: ApiError): void {
    if (refused.retryAfterSeconds === undefined || unheld.has(refused.resource)) return;
    const untilMs = this.#clock.elapsed() + refused.retryAfterSeconds * 1000;
    this.#untilMs.set(key(refused), Math.max(untilMs, this.#untilMs.get(key(refused)) ?? untilMs));
  }
}

function key({ verb, resource }: Call): string {
  return `${verb} ${resource}`;
}
