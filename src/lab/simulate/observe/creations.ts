const fiveMinutesMs = 300_000;
const hourMs = 3_600_000;

/** Burst pods that were created lately: how many more the provider's pace allows. */
export class Creations {
  readonly #per5Minutes: number;
  readonly #perHour: number;
  #atMs: number[] = [];

  constructor(limits: { readonly createsPer5Minutes: number; readonly createsPerHour: number }) {
    this.#per5Minutes = limits.createsPer5Minutes;
    this.#perHour = limits.createsPerHour;
  }

  add(nowMs: number): void {
    this.#atMs.push(nowMs);
  }

  /** Creations that are still allowed now. */
  tokens(nowMs: number): number {
    if ((this.#atMs[0] ?? nowMs) <= nowMs - hourMs) {
      this.#atMs = this.#atMs.filter((atMs) => atMs > nowMs - hourMs);
    }
    const hour = this.#atMs.length;
    let lately = 0;
    while (lately < hour && (this.#atMs[hour - 1 - lately] ?? 0) > nowMs - fiveMinutesMs) lately += 1;
    return Math.max(0, Math.min(this.#per5Minutes - lately, this.#perHour - hour));
  }
}
