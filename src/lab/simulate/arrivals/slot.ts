import type { Random } from '../../world/random.ts';
import type { Arrivals } from '../../world/types.ts';

/** Jobs that arrive somewhere in a stretch of time. */
export interface Slot {
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  /** 0: all at once. */
  readonly lengthMs: number;
  /** May be a fraction: what is left over is carried on to later slots, so that totals are kept. */
  readonly jobs: number;
}

/** Totals over some slots. */
export interface Extent {
  readonly startMs: number;
  readonly endMs: number;
  readonly jobs: number;
}

const carrySlack = 1e-9;

/**
 * The single arrivals of slots: within a slot each job comes at a random time, in order, without keeping them all
 * (the first of n uniform times is drawn, then the first of the n − 1 that are left, and so on).
 */
export function spread(slots: Iterable<Slot>, scale: number, shiftMs: number, random: Random): Arrivals {
  const iterator = slots[Symbol.iterator]();
  let carry = 0;
  let left = 0;
  let atMs = 0;
  let endMs = 0;
  return {
    next() {
      while (left === 0) {
        const { done, value } = iterator.next();
        if (done === true) return undefined;
        carry += value.jobs * scale;
        left = Math.floor(carry + carrySlack);
        carry = Math.max(0, carry - left);
        atMs = value.startMs + shiftMs;
        endMs = atMs + value.lengthMs;
      }
      if (endMs > atMs) atMs += (endMs - atMs) * (1 - (1 - random.next()) ** (1 / left));
      left -= 1;
      return Math.floor(atMs);
    },
  };
}

/** From the start of the first slot to the end of the last, and all their jobs; undefined: there are none. */
export function extentOf(slots: Iterable<Slot>): Extent | undefined {
  let startMs = Number.NaN;
  let endMs = 0;
  let jobs = 0;
  for (const slot of slots) {
    if (Number.isNaN(startMs)) startMs = slot.startMs;
    endMs = slot.startMs + slot.lengthMs;
    jobs += slot.jobs;
  }
  return Number.isNaN(startMs) ? undefined : { startMs, endMs, jobs };
}
