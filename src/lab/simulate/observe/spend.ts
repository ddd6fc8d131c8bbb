const dayMs = 86_400_000;

/** What was spent over a rolling day. */
export class RollingSpend {
  #entries: { readonly atMs: number; readonly total: number }[] = [];
  #forgotten = 0;

  /** Takes the total spent so far. */
  add(atMs: number, total: number): void {
    this.#entries.push({ atMs, total });
  }

  /** Spent within the 24 h before `nowMs`. */
  lastDay(nowMs: number): number {
    let first = 0;
    while ((this.#entries[first]?.atMs ?? nowMs) <= nowMs - dayMs) first += 1;
    if (first > 0) {
      this.#forgotten = this.#entries[first - 1]?.total ?? this.#forgotten;
      // Cut in one piece now and then: this is asked at every decision.
      if (first > 1000) this.#entries = this.#entries.slice(first - 1);
    }
    return (this.#entries.at(-1)?.total ?? 0) - this.#forgotten;
  }
}
