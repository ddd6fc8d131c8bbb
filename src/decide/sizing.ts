import type { Source } from '../policy/policy.ts';
import type { OkSample, PodsObservation } from './observation.ts';
import { arrivalsPerSecond, oldestAgeSeconds, type Rates, serviceSeconds } from './rates.ts';

/** What a replica takes from being asked for to its first job until that has been measured, seconds. */
export const assumedStartLatencySeconds = 30;

/** What a job takes where neither a measurement nor `expectedJobDuration` tells, seconds. */
export const assumedJobSeconds = 1;

/** Replicas that exist, as seconds until each is ready, soonest first; and what a new one would take. */
export interface Workforce {
  readonly readyInSeconds: readonly number[];
  readonly startLatencySeconds: number;
}

/** Who is at work or will be. A pod that is overdue is worth no more than a new one. */
export function workforceOf(pods: PodsObservation): Workforce {
  const startLatencySeconds = pods.startLatencySeconds ?? assumedStartLatencySeconds;
  const ready = pods.placedReady + pods.onVirtualReady + pods.burstReady;
  const starting = pods.startingSeconds.map((age) =>
    age < startLatencySeconds ? startLatencySeconds - age : startLatencySeconds,
  );
  return {
    readyInSeconds: [...Array<number>(ready).fill(0), ...starting.sort((a, b) => a - b)],
    startLatencySeconds,
  };
}

/** A source's rates in the units of the rule. */
export interface Work {
  /** λ, jobs per second. */
  readonly arrivals: number;
  /** μ, jobs per second of one replica. */
  readonly perReplica: number;
  /** Replica-seconds of work at hand: the backlog's, and a second's arrivals so that an idle source has a weight. */
  readonly seconds: number;
  readonly ageSeconds: number;
  readonly jobSeconds: number;
  /** What a job was measured to take, whatever was expected; undefined: not measured yet. */
  readonly measuredJobSeconds: number | undefined;
}

/** What a sample and the rates measured so far mean for the rule. */
export function workOf(source: Source, sample: OkSample, rates: Rates): Work {
  const expected =
    (source.sizing.rule === 'drainWithin' ? source.sizing.expectedJobSeconds : undefined) ??
    assumedJobSeconds;
  const measuredJobSeconds = serviceSeconds(rates);
  const believable = measuredJobSeconds ?? expected;
  const jobSeconds = Math.min(expected * 10, Math.max(expected / 10, believable));
  const perReplica = source.workerConcurrency / jobSeconds;
  const arrivals = arrivalsPerSecond(rates, sample);
  return {
    arrivals,
    perReplica,
    seconds: (sample.backlog + arrivals) / perReplica,
    ageSeconds: oldestAgeSeconds(rates, sample),
    jobSeconds,
    measuredJobSeconds,
  };
}

/**
 * The rule of DESIGN: the fewest replicas that start every job within its time. `fewest` covers the work at hand in
 * the time left; `hold` keeps those that exist while they are still needed.
 */
export function replicasFor(source: Source, sample: OkSample, work: Work, workforce: Workforce): number {
  const { workerConcurrency: c } = source;
  const busy = sample.active / c;
  if (sample.paused) return busy;
  const wanted = source.sizing.rule === 'drainWithin' ? inTime(source.sizing, sample, work, workforce) : 0;
  const asked =
    source.sizing.rule === 'drainWithin' ? wanted : (sample.backlog + sample.active) / source.sizing.jobs;
  const useful = (sample.backlog + atWork(sample, work) + 10 * work.arrivals) / c;
  const bounded = Math.max(busy * heldByWork(source, work), Math.min(asked, useful));
  const queueConcurrency = (sample.concurrencyLimit ?? Number.POSITIVE_INFINITY) / c;
  const queueRate = (sample.rateLimitPerSecond ?? Number.POSITIVE_INFINITY) / work.perReplica;
  return Math.min(bounded, Math.max(busy, Math.min(queueConcurrency, queueRate)));
}

/**
 * Jobs in work: as the source tells. One that tells a rate and knows nobody who works (Prometheus) has as many as
 * arrive while one is done (Little's law): without them, a steady stream of long jobs would look like nothing to do.
 */
function atWork(sample: OkSample, work: Work): number {
  return sample.arrivalsPerSecond === undefined ? sample.active : work.arrivals * work.jobSeconds;
}

/**
 * The part of the busy workers that their jobs hold: all of them while nobody knows how long a job takes, hardly any
 * where jobs end long before the work at hand has to. On a deep queue every worker is busy: if each held its own
 * replica, VMs that arrive could never replace a burst, and would ask for as many VMs again.
 */
function heldByWork({ sizing }: Source, { ageSeconds, measuredJobSeconds }: Work): number {
  const withinSeconds =
    sizing.rule === 'drainWithin'
      ? leftSecondsOf(sizing.drainWithinSeconds, ageSeconds)
      : assumedStartLatencySeconds;
  return Math.min(1, (measuredJobSeconds ?? Number.POSITIVE_INFINITY) / withinSeconds);
}

/** R: time left for the oldest waiting job; late work is given a tenth of the deadline. */
function leftSecondsOf(withinSeconds: number, ageSeconds: number): number {
  return Math.max(withinSeconds - ageSeconds, withinSeconds / 10);
}

function inTime(
  sizing: { readonly drainWithinSeconds: number },
  sample: OkSample,
  work: Work,
  workforce: Workforce,
): number {
  const { drainWithinSeconds: within } = sizing;
  const { readyInSeconds, startLatencySeconds } = workforce;
  const leftSeconds = leftSecondsOf(within, work.ageSeconds);
  const horizonSeconds = Math.max(leftSeconds, startLatencySeconds + within / 2);
  const neededSeconds = (sample.backlog + horizonSeconds * work.arrivals) / work.perReplica;
  const grow = fewest(neededSeconds, horizonSeconds, readyInSeconds, startLatencySeconds);
  const steady = (work.arrivals + sample.backlog / leftSeconds) / work.perReplica;
  return Math.max(grow, Math.min(readyInSeconds.length, steady));
}

/** How many replicas it takes until their time within the horizon covers what is needed; the last may be a part. */
function fewest(
  neededSeconds: number,
  horizonSeconds: number,
  readyInSeconds: readonly number[],
  startLatencySeconds: number,
): number {
  let left = neededSeconds;
  let replicas = 0;
  for (const readyIn of readyInSeconds) {
    const worth = horizonSeconds - readyIn;
    if (worth <= 0) break;
    if (left <= worth) return replicas + left / worth;
    left -= worth;
    replicas += 1;
  }
  return replicas + left / (horizonSeconds - startLatencySeconds);
}

/** Replicas that work already. */
export function readyOf(workforce: Workforce): number {
  return workforce.readyInSeconds.filter((seconds) => seconds === 0).length;
}

/** The part of the workforce that a source with this share of the work can count on: every so-manieth replica. */
export function shareOf(workforce: Workforce, share: number): Workforce {
  const { readyInSeconds } = workforce;
  const count = Math.round(readyInSeconds.length * share);
  return {
    ...workforce,
    readyInSeconds: Array.from(
      { length: count },
      (_, index) => readyInSeconds[Math.floor((index * readyInSeconds.length) / count)] ?? 0,
    ),
  };
}
