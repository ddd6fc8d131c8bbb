/** Figures over time for the plots, one for each of a fixed number of equal parts of the time. */
export interface Series {
  readonly startMs: number;
  readonly stepMs: number;
  /** Highest in each part. */
  readonly backlog: readonly number[];
  readonly vmReplicas: readonly number[];
  readonly burstReplicas: readonly number[];
  /** VMs that exist at the end of each part. */
  readonly vms: readonly number[];
  /** Cost since the beginning, at the end of each part. */
  readonly cost: readonly number[];
}

/** One look at a run. */
export interface Reading {
  readonly atMs: number;
  readonly backlog: number;
  readonly vmReplicas: number;
  readonly burstReplicas: number;
  readonly vms: number;
  readonly cost: number;
}

/** Collects readings into parts of equal length. */
export class SeriesWriter {
  readonly #startMs: number;
  readonly #stepMs: number;
  readonly #parts: Reading[] = [];

  constructor(startMs: number, stepMs: number) {
    this.#startMs = startMs;
    this.#stepMs = stepMs;
  }

  take(reading: Reading): void {
    const part = Math.max(0, Math.floor((reading.atMs - this.#startMs) / this.#stepMs));
    const before = this.#parts[part];
    // A part without a reading of its own is like the one before it.
    for (let gap = this.#parts.length; gap < part; gap += 1)
      this.#parts.push(this.#parts[gap - 1] ?? reading);
    this.#parts[part] =
      before === undefined
        ? reading
        : {
            ...reading,
            backlog: Math.max(before.backlog, reading.backlog),
            vmReplicas: Math.max(before.vmReplicas, reading.vmReplicas),
            burstReplicas: Math.max(before.burstReplicas, reading.burstReplicas),
          };
  }

  get series(): Series {
    const parts = this.#parts;
    return {
      startMs: this.#startMs,
      stepMs: this.#stepMs,
      backlog: parts.map(({ backlog }) => backlog),
      vmReplicas: parts.map(({ vmReplicas }) => vmReplicas),
      burstReplicas: parts.map(({ burstReplicas }) => burstReplicas),
      vms: parts.map(({ vms }) => vms),
      cost: parts.map(({ cost }) => cost),
    };
  }
}
