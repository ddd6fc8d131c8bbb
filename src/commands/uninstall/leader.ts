import type { Clock } from '../../clock.ts';

/** Longer than a Lease holds (15 s) and another replica takes to see it. */
const deadAfterMs = 25_000;

/** Tells from looks at the Lease whether anybody leads, without comparing the clocks of machines. */
export class Leader {
  readonly #clock: Clock;
  #seen: string | undefined;
  #seenAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#seenAtMs = clock.elapsed();
  }

  /** Takes what `UninstallCluster.holder` says now; whether nobody has led for so long that nobody does any more. */
  isGone(holder: string | undefined): boolean {
    const now = this.#clock.elapsed();
    if (holder !== undefined && holder !== this.#seen) {
      this.#seen = holder;
      this.#seenAtMs = now;
    }
    return now - this.#seenAtMs > deadAfterMs;
  }
}
