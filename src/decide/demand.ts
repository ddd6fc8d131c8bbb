import type { Scaling, Source } from '../policy/policy.ts';
import type { SourceDemand } from './decision.ts';
import type { SourceMemory } from './memory.ts';
import type { OkSample, PodsObservation, SourceObservation } from './observation.ts';
import {
  arrivalsPerSecond,
  measured,
  noRates,
  oldestAgeSeconds,
  type Rates,
  serviceSeconds,
} from './rates.ts';

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

/** What one source asks for, before anybody else is heard. */
interface Asked {
  readonly replicas: number;
  readonly memory: SourceMemory | undefined;
  readonly told: SourceDemand;
}

export interface Demand {
  /** Replicas wanted by all sources together (not yet rounded, bounded or stabilised). */
  readonly replicas: number;
  readonly sources: readonly SourceDemand[];
  readonly memory: Readonly<Record<string, SourceMemory>>;
  /** Sources lost for longer than `onSignalLoss.after`, and seconds until the next one is. */
  readonly fallback: boolean;
  readonly secondsToFallback: number;
}

/**
 * Replicas wanted now, over all sources of a policy. A lost source counts with its last known demand until
 * `onSignalLoss.after`, then with the fallback; one that was never read keeps the demand from before the restart.
 */
export function demandOf(
  scaling: Scaling,
  observations: readonly SourceObservation[],
  memory: Readonly<Record<string, SourceMemory>>,
  pods: PodsObservation,
  restoredDemand: number,
  atMs: number,
): Demand {
  const workforce = workforceOf(pods);
  const pairs = scaling.sources.map((source) => ({
    source,
    sample: observations.find((observation) => observation.name === source.name)?.sample,
    before: memory[source.name],
  }));
  const read = pairs.map(({ source, sample, before }) => {
    if (sample?.state !== 'ok') return undefined;
    const rates = measured(before?.rates ?? noRates(sample.atMs), sample, readyOf(workforce));
    return { source, sample, rates, work: workOf(source, sample, rates) };
  });
  const shared =
    scaling.combine === 'Sum' ? read.reduce((total, one) => total + (one?.work.seconds ?? 0), 0) : 0;

  const lostFor = pairs.map(({ sample }) =>
    sample?.state === 'lost' ? (atMs - sample.sinceMs) / 1000 : undefined,
  );
  const after = scaling.onSignalLoss.afterSeconds;
  const asked = pairs.map(({ source, before }, index): Asked => {
    const one = read[index];
    if (one === undefined) return askedWhileLost(scaling, source, before, (lostFor[index] ?? 0) >= after);
    const share = shared > 0 ? one.work.seconds / shared : 1;
    return askedBy(source, one.sample, one.rates, one.work, shareOf(workforce, share));
  });

  const combined =
    scaling.combine === 'Sum'
      ? asked.reduce((total, one) => total + one.replicas, 0)
      : Math.max(0, ...asked.map((one) => one.replicas));
  const unheard = asked.some((one) => one.memory === undefined);
  const secondsToFallback = lostFor.flatMap((seconds) =>
    seconds !== undefined && seconds < after ? [after - seconds] : [],
  );
  return {
    replicas: unheard ? Math.max(combined, restoredDemand) : combined,
    sources: asked.map((one) => one.told),
    memory: Object.fromEntries(
      asked.flatMap((one) => (one.memory === undefined ? [] : [[one.told.name, one.memory]])),
    ),
    fallback: lostFor.some((seconds) => seconds !== undefined && seconds >= after),
    secondsToFallback: Math.min(Number.POSITIVE_INFINITY, ...secondsToFallback),
  };
}

/** A source's rates in the units of the rule. */
interface Work {
  /** λ, jobs per second. */
  readonly arrivals: number;
  /** μ, jobs per second of one replica. */
  readonly perReplica: number;
  /** Replica-seconds of work at hand: the backlog's, and a second's arrivals so that an idle source has a weight. */
  readonly seconds: number;
  readonly ageSeconds: number;
  readonly jobSeconds: number;
}

function workOf(source: Source, sample: OkSample, rates: Rates): Work {
  const expected =
    (source.sizing.rule === 'drainWithin' ? source.sizing.expectedJobSeconds : undefined) ??
    assumedJobSeconds;
  const believable = serviceSeconds(rates) ?? expected;
  const jobSeconds = Math.min(expected * 10, Math.max(expected / 10, believable));
  const perReplica = source.workerConcurrency / jobSeconds;
  const arrivals = arrivalsPerSecond(rates, sample);
  return {
    arrivals,
    perReplica,
    seconds: (sample.backlog + arrivals) / perReplica,
    ageSeconds: oldestAgeSeconds(rates, sample),
    jobSeconds,
  };
}

function askedBy(source: Source, sample: OkSample, rates: Rates, work: Work, workforce: Workforce): Asked {
  const replicas = replicasFor(source, sample, work, workforce);
  return {
    replicas,
    memory: { rates, lastReplicas: replicas },
    told: {
      name: source.name,
      state: 'ok',
      replicas,
      backlog: sample.backlog,
      active: sample.active,
      oldestAgeSeconds: work.ageSeconds,
      arrivalsPerSecond: work.arrivals,
      serviceSeconds: work.jobSeconds,
    },
  };
}

function askedWhileLost(
  scaling: Scaling,
  source: Source,
  before: SourceMemory | undefined,
  fallen: boolean,
): Asked {
  const { replicas: fallback, behavior } = scaling.onSignalLoss;
  const last = before?.lastReplicas ?? 0;
  const fallenTo = behavior === 'Static' ? fallback : Math.max(last, fallback ?? last);
  const replicas = fallen ? (fallenTo ?? last) : last;
  return {
    replicas,
    memory: before,
    told: {
      name: source.name,
      state: 'lost',
      replicas,
      backlog: undefined,
      active: undefined,
      oldestAgeSeconds: undefined,
      arrivalsPerSecond: undefined,
      serviceSeconds: undefined,
    },
  };
}

/**
 * The rule of DESIGN: the fewest replicas that start every job within its time. `fewest` covers the work at hand in
 * the time left; `hold` keeps those that exist while they are still needed.
 */
function replicasFor(source: Source, sample: OkSample, work: Work, workforce: Workforce): number {
  const { workerConcurrency: c } = source;
  const busy = sample.active / c;
  if (sample.paused) return busy;
  const wanted = source.sizing.rule === 'drainWithin' ? inTime(source.sizing, sample, work, workforce) : 0;
  const asked =
    source.sizing.rule === 'drainWithin' ? wanted : (sample.backlog + sample.active) / source.sizing.jobs;
  const useful = (sample.backlog + sample.active + 10 * work.arrivals) / c;
  const bounded = Math.max(busy, Math.min(asked, useful));
  const queueConcurrency = (sample.concurrencyLimit ?? Number.POSITIVE_INFINITY) / c;
  const queueRate = (sample.rateLimitPerSecond ?? Number.POSITIVE_INFINITY) / work.perReplica;
  return Math.min(bounded, Math.max(busy, Math.min(queueConcurrency, queueRate)));
}

function inTime(
  sizing: { readonly drainWithinSeconds: number },
  sample: OkSample,
  work: Work,
  workforce: Workforce,
): number {
  const { drainWithinSeconds: within } = sizing;
  const { readyInSeconds, startLatencySeconds } = workforce;
  const leftSeconds = Math.max(within - work.ageSeconds, within / 10);
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

function readyOf(workforce: Workforce): number {
  return workforce.readyInSeconds.filter((seconds) => seconds === 0).length;
}

/** The part of the workforce that a source with this share of the work can count on: every so-manieth replica. */
function shareOf(workforce: Workforce, share: number): Workforce {
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
