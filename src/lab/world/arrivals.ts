import type { Random } from './random.ts';
import type { Arrivals } from './types.ts';

/** Arrivals at given times, milliseconds since the epoch, in order. */
export function arrivalsAt(timesMs: Iterable<number>): Arrivals {
  const times = timesMs[Symbol.iterator]();
  return {
    next() {
      const next = times.next();
      return next.done === true ? undefined : next.value;
    },
  };
}

/** So many jobs at once. */
export function burstAt(atMs: number, jobs: number): Arrivals {
  let left = jobs;
  return {
    next() {
      left -= 1;
      return left < 0 ? undefined : atMs;
    },
  };
}

/** A Poisson stream with a constant rate, from `fromMs` until `untilMs`. */
export function poisson(jobsPerSecond: number, fromMs: number, untilMs: number, random: Random): Arrivals {
  let atMs = fromMs;
  return {
    next() {
      if (jobsPerSecond <= 0) return undefined;
      atMs += (-Math.log(1 - random.next()) / jobsPerSecond) * 1000;
      return atMs < untilMs ? atMs : undefined;
    },
  };
}

/** Several streams as one, in order. */
export class MergedArrivals {
  #streams: { readonly arrivals: Arrivals; nextMs: number }[] = [];

  /** When the next job arrives; infinity: none will. */
  nextMs = Number.POSITIVE_INFINITY;

  add(arrivals: Arrivals): void {
    this.#streams.push({ arrivals, nextMs: arrivals.next() ?? Number.POSITIVE_INFINITY });
    this.#settle();
  }

  /** Takes the next arrival away. */
  shift(): void {
    const first = this.#streams.find(({ nextMs }) => nextMs === this.nextMs);
    if (first !== undefined) first.nextMs = first.arrivals.next() ?? Number.POSITIVE_INFINITY;
    this.#settle();
  }

  #settle(): void {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const stream of this.#streams) if (stream.nextMs < nextMs) nextMs = stream.nextMs;
    this.nextMs = nextMs;
    if (nextMs === Number.POSITIVE_INFINITY) this.#streams = [];
  }
}
