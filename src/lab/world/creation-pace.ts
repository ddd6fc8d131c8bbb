/** How many may be created in a rolling span. */
interface Bound {
  readonly spanMs: number;
  readonly count: number;
}

/** Rolling limits on creations, as a provider keeps them: each creation counts until its span is over. */
export class CreationPace {
  #createdAtMs: number[] = [];

  /** When the next creation is allowed, milliseconds since the epoch: `nowMs` or later. */
  nextAtMs(nowMs: number, bounds: readonly Bound[]): number {
    let atMs = nowMs;
    for (const { spanMs, count } of bounds) {
      const inTheWay = this.#createdAtMs.at(-count);
      if (inTheWay !== undefined) atMs = Math.max(atMs, inTheWay + spanMs);
    }
    return atMs;
  }

  /** Notes a creation; those older than `keepMs` are forgotten. */
  created(nowMs: number, keepMs: number): void {
    if ((this.#createdAtMs[0] ?? nowMs) < nowMs - 2 * keepMs) {
      this.#createdAtMs = this.#createdAtMs.filter((atMs) => atMs >= nowMs - keepMs);
    }
    this.#createdAtMs.push(nowMs);
  }
}
