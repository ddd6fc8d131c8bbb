/** How long to wait between tries. */
export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** A number in [0, 1); `Math.random` unless told. */
  readonly random?: () => number;
}

/** Waits that double up to a maximum, each stretched by up to as much again, so that clients do not come in step. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Whether nothing failed since the last reset. */
  get fresh(): boolean {
    return this.#failures === 0;
  }

  /** Milliseconds to wait before the next try: 1–2×, 2–4×, 4–8× … the first, and never over twice the maximum. */
  next(): number {
    const { firstMs, maxMs, random = Math.random } = this.#options;
    const baseMs = Math.min(maxMs, firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return baseMs * (1 + random());
  }

  /** Something worked: the next wait is the first again. */
  reset(): void {
    this.#failures = 0;
  }
}
