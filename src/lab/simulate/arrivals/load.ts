import { createRandom } from '../../world/random.ts';
import type { Arrivals } from '../../world/types.ts';
import { merged, type Shape, shapeArrivals } from './shapes.ts';
import { extentOf, type Slot, spread } from './slot.ts';

/** All jobs of a simulation: every contender gets the same ones, at the same times. */
export interface Load {
  /** The time that is looked at, milliseconds since the epoch. */
  readonly startMs: number;
  readonly endMs: number;
  readonly jobs: number;
  /** Where the jobs come from, in a few words. */
  readonly origin: string;
  /** The arrivals from the beginning. */
  open(): Arrivals;
}

export interface LoadOptions {
  readonly seed: string;
  /** So many times as many jobs. */
  readonly scale: number;
  readonly origin: string;
}

/** The load of slots; moved so that it begins at `startMs` where that is given. Undefined: there are no slots. */
export function loadOfSlots(
  slots: () => Iterable<Slot>,
  startMs: number | undefined,
  { seed, scale, origin }: LoadOptions,
): Load | undefined {
  const extent = extentOf(slots());
  if (extent === undefined) return undefined;
  const shiftMs = startMs === undefined ? 0 : startMs - extent.startMs;
  // Beyond the last arrival, so that a trace of single requests has an end too.
  const endMs = Math.max(extent.endMs, extent.startMs + 1) + shiftMs;
  return counted({
    startMs: extent.startMs + shiftMs,
    endMs,
    origin,
    open: () => spread(slots(), scale, shiftMs, createRandom(`${seed}/arrivals`)),
  });
}

/** The load of shapes that add up, from `startMs` to `endMs`. */
export function loadOfShapes(
  shapes: readonly Shape[],
  startMs: number,
  endMs: number,
  { seed, scale, origin }: LoadOptions,
): Load {
  const random = createRandom(`${seed}/arrivals`);
  const all = shapes.map((shape) => scaled(shape, scale));
  return counted({
    startMs,
    endMs,
    origin,
    open: () =>
      merged(all.map((shape, index) => shapeArrivals(shape, startMs, endMs, random.fork(String(index))))),
  });
}

function counted(load: Omit<Load, 'jobs'>): Load {
  const arrivals = load.open();
  let jobs = 0;
  while (arrivals.next() !== undefined) jobs += 1;
  return { ...load, jobs };
}

function scaled(shape: Shape, factor: number): Shape {
  switch (shape.shape) {
    case 'spike':
      return { ...shape, jobs: shape.jobs * factor };
    case 'ramp':
      return {
        ...shape,
        fromPerSecond: shape.fromPerSecond * factor,
        toPerSecond: shape.toPerSecond * factor,
      };
    case 'diurnal':
      return {
        ...shape,
        meanPerSecond: shape.meanPerSecond * factor,
        peakPerSecond: shape.peakPerSecond * factor,
      };
    case 'onOff':
      return { ...shape, perSecond: shape.perSecond * factor, offPerSecond: shape.offPerSecond * factor };
    case 'poisson':
      return { ...shape, perSecond: shape.perSecond * factor };
  }
}
