/** A job whose worker died. */
export interface Orphan {
  readonly arrivalMs: number;
  readonly marks: number;
  /** When its lock was last renewed, milliseconds since the epoch. */
  readonly renewedAtMs: number;
  suspected: boolean;
}

/**
 * How BullMQ finds jobs of dead workers: a living worker looks every `intervalMs`; what it finds without a renewal since the last look it suspects, and what
 * it suspected before and whose lock ran out it takes back. Without a living worker nobody looks; the first that starts looks at once.
 */
export class StalledJobs {
  readonly #lockMs: number;
  readonly #intervalMs: number;
  #orphans: Orphan[] = [];
  #firstLookMs = 0;
  #living = 0;
  /** When somebody looks next; infinity: nobody does, or there is nothing to find. */
  nextLookMs = Number.POSITIVE_INFINITY;

  constructor(lockMs: number, intervalMs: number) {
    this.#lockMs = lockMs;
    this.#intervalMs = intervalMs;
  }

  get size(): number {
    return this.#orphans.length;
  }

  workerStarted(nowMs: number): void {
    this.#living += 1;
    if (this.#living > 1) return;
    this.#firstLookMs = nowMs;
    if (this.size > 0) this.nextLookMs = nowMs;
  }

  workerEnded(): void {
    this.#living -= 1;
    if (this.#living === 0) this.nextLookMs = Number.POSITIVE_INFINITY;
  }

  /** A job lost its worker. Locks are renewed whenever half of their time is over. */
  add(arrivalMs: number, marks: number, startMs: number, nowMs: number): void {
    const renewalMs = this.#lockMs / 2;
    const renewedAtMs = startMs + Math.floor((nowMs - startMs) / renewalMs) * renewalMs;
    // The look that suspects may have been before the worker died, if the lock was not renewed in between.
    const looks = Math.floor((nowMs - this.#firstLookMs) / this.#intervalMs);
    const lastLookMs = this.#firstLookMs + looks * this.#intervalMs;
    this.#orphans.push({ arrivalMs, marks, renewedAtMs, suspected: lastLookMs > renewedAtMs });
    this.#planLook(nowMs);
  }

  /** One look; `found` is told of each job to be taken back. */
  look(nowMs: number, found: (orphan: Orphan) => void): void {
    const left: Orphan[] = [];
    for (const orphan of this.#orphans) {
      if (orphan.suspected && nowMs >= orphan.renewedAtMs + this.#lockMs) {
        found(orphan);
        continue;
      }
      orphan.suspected = true;
      left.push(orphan);
    }
    this.#orphans = left;
    this.#planLook(nowMs);
  }

  #planLook(nowMs: number): void {
    if (this.#living === 0 || this.size === 0) {
      this.nextLookMs = Number.POSITIVE_INFINITY;
      return;
    }
    const looks = Math.floor((nowMs - this.#firstLookMs) / this.#intervalMs) + 1;
    this.nextLookMs = this.#firstLookMs + looks * this.#intervalMs;
  }
}
