import type { OkSample } from './observation.ts';

/** What the samples of one source say about its rates, carried from sample to sample. */
export interface Rates {
  /** The latest good sample's time and counters: the next one is measured against them. */
  readonly last: Counters | undefined;
  /** Start of the bucket being filled, milliseconds since the epoch, and the arrivals in it so far. */
  readonly bucketStartMs: number;
  readonly bucketArrivals: number;
  /** Arrivals in the latest full buckets, oldest first. */
  readonly buckets: readonly number[];
  /** Job-seconds worked and jobs ended, older ones fading. */
  readonly workedSeconds: number;
  readonly completions: number;
  /** The same while nothing waited: enough of it can show that jobs have become faster. */
  readonly calm: { readonly workedSeconds: number; readonly completions: number };
  /** Jobs in work as they usually were, fading like the sums: what is more now has begun and not ended yet. */
  readonly usuallyActive: number;
  /** Since when jobs have been waiting; undefined: none is. */
  readonly backlogSinceMs: number | undefined;
  /** When no job was waiting last: none that waits now has waited longer. Undefined: not seen yet. */
  readonly emptyAtMs: number | undefined;
}

interface Counters {
  readonly atMs: number;
  readonly backlog: number;
  readonly active: number;
  readonly arrivalsTotal: number | undefined;
  readonly completionsTotal: number | undefined;
}

const bucketMs = 5_000;
const bucketCount = 6;

/** Old work fades with this time constant, or over ten jobs where these take longer. */
const fadeSeconds = 120;

/** A gap between samples longer than this says nothing about what was worked in it. */
const longestGapSeconds = 30;

export function noRates(atMs: number): Rates {
  return {
    last: undefined,
    bucketStartMs: atMs,
    bucketArrivals: 0,
    buckets: [],
    workedSeconds: 0,
    completions: 0,
    calm: { workedSeconds: 0, completions: 0 },
    usuallyActive: 0,
    backlogSinceMs: undefined,
    emptyAtMs: undefined,
  };
}

/** Takes in one sample. `readyReplicas`: without any, active jobs are stalled and measure nothing. */
export function measured(before: Rates, sample: OkSample, readyReplicas: number): Rates {
  const { last } = before;
  if (last !== undefined && sample.atMs <= last.atMs) return before;
  const backlogSinceMs = sample.backlog > 0 ? (before.backlogSinceMs ?? sample.atMs) : undefined;
  const emptyAtMs = sample.backlog > 0 ? before.emptyAtMs : sample.atMs;
  const counters: Counters = {
    atMs: sample.atMs,
    backlog: sample.backlog,
    active: sample.active,
    arrivalsTotal: sample.arrivalsTotal,
    completionsTotal: sample.completionsTotal,
  };
  if (last === undefined) {
    return { ...before, last: counters, backlogSinceMs, emptyAtMs, bucketStartMs: sample.atMs };
  }
  return {
    ...worked(before, last, sample, readyReplicas),
    ...arrived(before, last, sample),
    last: counters,
    backlogSinceMs,
    emptyAtMs,
  };
}

/**
 * λ, jobs per second: the median bucket, so that a single spike is backlog and not a rate. Buckets from before the
 * first sample count as empty, or a spike that meets a new controller would look like a stream.
 */
export function arrivalsPerSecond(rates: Rates, sample: OkSample): number {
  if (sample.arrivalsPerSecond !== undefined) return sample.arrivalsPerSecond;
  const unknown = Array<number>(bucketCount - rates.buckets.length).fill(0);
  const sorted = [...unknown, ...rates.buckets].sort((a, b) => a - b);
  const median = ((sorted[bucketCount / 2 - 1] ?? 0) + (sorted[bucketCount / 2] ?? 0)) / 2;
  return median / (bucketMs / 1000);
}

/**
 * s, seconds a job takes in work, by Little's law; undefined until as many jobs have ended as are in work (before
 * that, a generation of equally long jobs would look as if none ever ended). Jobs that were begun by new workers are
 * half done on average: without counting them so, a growing burst would look slow and grow further.
 */
export function serviceSeconds(rates: Rates): number | undefined {
  const active = rates.last?.active ?? 0;
  const begun = Math.max(0, active - rates.usuallyActive) / 2;
  return rates.completions >= Math.max(3, active) && rates.workedSeconds > 0
    ? rates.workedSeconds / (rates.completions + begun)
    : undefined;
}

/**
 * Seconds that the oldest job has waited: as the source tells by the job's own time, but no longer than it is since
 * nothing waited. The clock of a producer may be off by minutes, and a job that was delayed on purpose is older than its
 * wait. Where the source does not tell: no longer than there has been a backlog, and than the backlog took to arrive.
 */
export function oldestAgeSeconds(rates: Rates, sample: OkSample): number {
  if (sample.backlog === 0) return 0;
  const mostSeconds = (sample.atMs - (rates.emptyAtMs ?? Number.NEGATIVE_INFINITY)) / 1000;
  if (sample.oldestAgeSeconds !== undefined)
    return Math.max(0, Math.min(sample.oldestAgeSeconds, mostSeconds));
  const waitedSeconds = (sample.atMs - (rates.backlogSinceMs ?? sample.atMs)) / 1000;
  const rate = arrivalsPerSecond(rates, sample);
  return rate > 0 ? Math.min(waitedSeconds, sample.backlog / rate) : waitedSeconds;
}

type Worked = Pick<Rates, 'workedSeconds' | 'completions' | 'calm' | 'usuallyActive'>;

function worked(before: Rates, last: Counters, sample: OkSample, readyReplicas: number): Worked {
  const { workedSeconds, completions, calm, usuallyActive } = before;
  const seconds = (sample.atMs - last.atMs) / 1000;
  const atWork = readyReplicas > 0 && !sample.paused && !sample.rateLimited && seconds <= longestGapSeconds;
  const ended = counted(last.completionsTotal, sample.completionsTotal);
  if (!atWork || ended === undefined) return { workedSeconds, completions, calm, usuallyActive };
  if (last.backlog === 0) return { ...calmed(before, last, sample, seconds, ended), usuallyActive };
  const jobSeconds = completions > 0 ? workedSeconds / completions : 0;
  const kept = Math.exp(-seconds / Math.max(fadeSeconds, 10 * jobSeconds));
  return {
    workedSeconds: workedSeconds * kept + ((last.active + sample.active) / 2) * seconds,
    completions: completions * kept + ended,
    calm: noRates(0).calm,
    usuallyActive: completions > 0 ? usuallyActive * kept + sample.active * (1 - kept) : last.active,
  };
}

/** Samples that are further apart than this miss short jobs between them, seconds. */
const densestGapSeconds = 1.5;
/** So many jobs, and so much faster than believed, before a calm measurement is believed. */
const calmJobs = 100;
const calmShare = 0.8;

/**
 * While nothing waits, jobs in work are seen by chance, and a time that is measured so may be too long: it counts only
 * where it is clearly shorter than what is believed. Without it, workers that were slow once would be held for ever:
 * there are so many of them that nothing ever waits again.
 */
function calmed(
  before: Rates,
  last: Counters,
  sample: OkSample,
  seconds: number,
  ended: number,
): Omit<Worked, 'usuallyActive'> {
  const { workedSeconds, completions } = before;
  const seen = seconds <= densestGapSeconds && last.active > 0 && sample.active > 0;
  if (!seen) return { workedSeconds, completions, calm: before.calm };
  const calm = {
    workedSeconds: before.calm.workedSeconds + ((last.active + sample.active) / 2) * seconds,
    completions: before.calm.completions + ended,
  };
  if (calm.completions < calmJobs) return { workedSeconds, completions, calm };
  const jobSeconds = calm.workedSeconds / calm.completions;
  const faster = completions > 0 && jobSeconds < calmShare * (workedSeconds / completions);
  return {
    workedSeconds: faster ? jobSeconds * completions : workedSeconds,
    completions,
    calm: noRates(0).calm,
  };
}

type Arrived = Pick<Rates, 'bucketStartMs' | 'bucketArrivals' | 'buckets'>;

/** Spreads the arrivals since the last sample evenly over the time between, bucket by bucket. */
function arrived(before: Rates, last: Counters, sample: OkSample): Arrived {
  const arrivals = newArrivals(last, sample);
  const spanMs = sample.atMs - last.atMs;
  const buckets = [...before.buckets];
  let { bucketStartMs, bucketArrivals } = before;
  // Buckets that would be pushed out at once need not be filled.
  const firstKeptMs = sample.atMs - (bucketCount + 1) * bucketMs;
  if (bucketStartMs < firstKeptMs) {
    bucketStartMs += Math.floor((firstKeptMs - bucketStartMs) / bucketMs) * bucketMs;
    bucketArrivals = 0;
  }
  let fromMs = Math.max(last.atMs, bucketStartMs);
  while (sample.atMs >= bucketStartMs + bucketMs) {
    const endMs = bucketStartMs + bucketMs;
    buckets.push(bucketArrivals + (arrivals * (endMs - fromMs)) / spanMs);
    bucketArrivals = 0;
    bucketStartMs = endMs;
    fromMs = endMs;
  }
  bucketArrivals += (arrivals * (sample.atMs - fromMs)) / spanMs;
  return { bucketStartMs, bucketArrivals, buckets: buckets.slice(-bucketCount) };
}

function newArrivals(last: Counters, sample: OkSample): number {
  const byCounter = counted(last.arrivalsTotal, sample.arrivalsTotal);
  if (byCounter !== undefined) return byCounter;
  const ended = counted(last.completionsTotal, sample.completionsTotal) ?? 0;
  return Math.max(0, sample.backlog + sample.active - last.backlog - last.active + ended);
}

/** Growth of a counter; a counter that went back was reset and says nothing for this once. */
function counted(before: number | undefined, after: number | undefined): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  return after >= before ? after - before : undefined;
}
