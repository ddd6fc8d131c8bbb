/** Each bucket is so much wider than the one before: a quantile is off by at most 1 %. */
const growth = 1.01;
const logGrowth = Math.log(growth);
/** Up to 31 years. */
const buckets = 2780;

/** Waiting times, counted in buckets that grow with the time, so that a million cost no more than one. */
export class WaitHistogram {
  readonly #counts = new Float64Array(buckets);
  #total = 0;

  add(waitMs: number): void {
    // The first bucket is everything below 1 ms.
    const bucket = waitMs < 1 ? 0 : 1 + Math.floor(Math.log(waitMs) / logGrowth);
    const index = Math.min(buckets - 1, bucket);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total += 1;
  }

  /** Milliseconds that a share of `quantile` waited at most; undefined: nobody has. */
  quantileMs(quantile: number): number | undefined {
    if (this.#total === 0) return undefined;
    const rank = Math.max(1, Math.ceil(quantile * this.#total));
    let seen = 0;
    for (let index = 0; index < buckets; index += 1) {
      seen += this.#counts[index] ?? 0;
      if (seen >= rank) return index === 0 ? 0 : growth ** (index - 0.5);
    }
    return undefined;
  }
}
