import type { Random } from '../../world/random.ts';
import type { Arrivals } from '../../world/types.ts';
import { type Slot, spread } from './slot.ts';

/** A built-in course of arrivals. Times count from the start of the simulation, in seconds. */
export type Shape =
  | {
      readonly shape: 'spike';
      readonly jobs: number;
      readonly atSeconds: number;
      /** 0: all at once. */
      readonly overSeconds: number;
      /** Comes again so often; undefined: once. */
      readonly everySeconds: number | undefined;
    }
  | {
      readonly shape: 'ramp';
      readonly fromPerSecond: number;
      readonly toPerSecond: number;
      readonly atSeconds: number;
      readonly overSeconds: number;
    }
  | {
      readonly shape: 'diurnal';
      readonly meanPerSecond: number;
      readonly peakPerSecond: number;
      /** Time of day (UTC) of the peak. */
      readonly peakAtSeconds: number;
    }
  | {
      readonly shape: 'onOff';
      readonly perSecond: number;
      readonly offPerSecond: number;
      readonly onSeconds: number;
      readonly offSeconds: number;
    }
  | { readonly shape: 'poisson'; readonly perSecond: number };

/** A stretch of time with one rate of arrivals. */
interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
  readonly perSecond: number;
}

const dayMs = 86_400_000;
/** Rates that change all the time are taken as constant for so long. */
const stepMs = 5_000;

/** Arrivals of a shape from `startMs` to `endMs`: a spike brings exactly its jobs, all other rates are Poisson. */
export function shapeArrivals(shape: Shape, startMs: number, endMs: number, random: Random): Arrivals {
  if (shape.shape === 'spike') return spread(spikes(shape, startMs, endMs), 1, 0, random);
  return poisson(stretches(shape, startMs, endMs), random);
}

/** Several streams as one, in order. */
export function merged(streams: readonly Arrivals[]): Arrivals {
  const [only] = streams;
  if (streams.length === 1 && only !== undefined) return only;
  const heads = streams.map((stream) => stream.next());
  return {
    next() {
      let first = -1;
      for (const [index, head] of heads.entries()) {
        if (head !== undefined && (first < 0 || head < (heads[first] ?? 0))) first = index;
      }
      const head = heads[first];
      if (head !== undefined) heads[first] = streams[first]?.next();
      return head;
    },
  };
}

function* spikes(
  { jobs, atSeconds, overSeconds, everySeconds }: Extract<Shape, { shape: 'spike' }>,
  startMs: number,
  endMs: number,
): Generator<Slot> {
  const everyMs = (everySeconds ?? Number.POSITIVE_INFINITY) * 1000;
  for (let atMs = startMs + atSeconds * 1000; atMs < endMs; atMs += everyMs) {
    yield { startMs: atMs, lengthMs: Math.min(overSeconds * 1000, endMs - atMs), jobs };
  }
}

function* stretches(
  shape: Exclude<Shape, { shape: 'spike' }>,
  startMs: number,
  endMs: number,
): Generator<Stretch> {
  if (shape.shape === 'poisson') {
    yield { startMs, endMs, perSecond: shape.perSecond };
    return;
  }
  if (shape.shape === 'onOff') {
    const { perSecond, offPerSecond, onSeconds, offSeconds } = shape;
    for (let atMs = startMs; atMs < endMs; atMs += (onSeconds + offSeconds) * 1000) {
      const offMs = atMs + onSeconds * 1000;
      yield { startMs: atMs, endMs: Math.min(offMs, endMs), perSecond };
      yield {
        startMs: Math.min(offMs, endMs),
        endMs: Math.min(offMs + offSeconds * 1000, endMs),
        perSecond: offPerSecond,
      };
    }
    return;
  }
  for (let atMs = startMs; atMs < endMs; atMs += stepMs) {
    const untilMs = Math.min(atMs + stepMs, endMs);
    yield { startMs: atMs, endMs: untilMs, perSecond: rateAt(shape, (atMs + untilMs) / 2, startMs) };
  }
}

function rateAt(shape: Extract<Shape, { shape: 'ramp' | 'diurnal' }>, atMs: number, startMs: number): number {
  if (shape.shape === 'ramp') {
    const { fromPerSecond, toPerSecond, atSeconds, overSeconds } = shape;
    const passed = (atMs - startMs) / 1000 - atSeconds;
    const part = overSeconds === 0 ? Number(passed >= 0) : Math.min(1, Math.max(0, passed / overSeconds));
    return fromPerSecond + (toPerSecond - fromPerSecond) * part;
  }
  const { meanPerSecond, peakPerSecond, peakAtSeconds } = shape;
  const turn = ((atMs - peakAtSeconds * 1000) / dayMs) * 2 * Math.PI;
  return Math.max(0, meanPerSecond + (peakPerSecond - meanPerSecond) * Math.cos(turn));
}

/** Poisson arrivals of a rate that changes: unit-rate gaps are used up as fast as the rate says. */
function poisson(stretches: Iterable<Stretch>, random: Random): Arrivals {
  const iterator = stretches[Symbol.iterator]();
  const gap = (): number => -Math.log(1 - random.next()) * 1000;
  let stretch: Stretch = { startMs: 0, endMs: 0, perSecond: 0 };
  let atMs = 0;
  let needed = gap();
  return {
    next() {
      for (;;) {
        const worth = (stretch.endMs - atMs) * stretch.perSecond;
        if (needed < worth) {
          atMs += needed / stretch.perSecond;
          needed = gap();
          return Math.floor(atMs);
        }
        needed -= worth;
        const { done, value } = iterator.next();
        if (done === true) {
          stretch = { startMs: atMs, endMs: atMs, perSecond: 0 };
          return undefined;
        }
        stretch = value;
        atMs = stretch.startMs;
      }
    },
  };
}
