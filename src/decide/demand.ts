import type { Scaling, Source } from '../policy/policy.ts';
import type { SourceDemand } from './decision.ts';
import type { SourceMemory } from './memory.ts';
import type { OkSample, PodsObservation, SourceObservation } from './observation.ts';
import { measured, noRates, type Rates } from './rates.ts';
import {
  assumedStartLatencySeconds,
  readyOf,
  replicasFor,
  shareOf,
  type Work,
  type Workforce,
  workforceOf,
  workOf,
} from './sizing.ts';

/** What one source asks for, before anybody else is heard. */
interface Asked {
  readonly replicas: number;
  readonly memory: SourceMemory | undefined;
  readonly told: SourceDemand;
}

export interface Demand {
  /** Replicas wanted by all sources together (not yet rounded, bounded or stabilised). */
  readonly replicas: number;
  /** A job has waited for so long that its time begins to run short. */
  readonly late: boolean;
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
    late: read.some((one) => one !== undefined && isLate(one.source, one.work)),
    sources: asked.map((one) => one.told),
    memory: Object.fromEntries(
      asked.flatMap((one) => (one.memory === undefined ? [] : [[one.told.name, one.memory]])),
    ),
    fallback: lostFor.some((seconds) => seconds !== undefined && seconds >= after),
    secondsToFallback: Math.min(Number.POSITIVE_INFINITY, ...secondsToFallback),
  };
}

/** Whether the oldest job has waited for half of its time; without a deadline, for longer than a new replica takes. */
function isLate({ sizing }: Source, { ageSeconds }: Work): boolean {
  return (
    ageSeconds > (sizing.rule === 'drainWithin' ? sizing.drainWithinSeconds / 2 : assumedStartLatencySeconds)
  );
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
