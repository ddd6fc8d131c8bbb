import type { Load } from './arrivals/load.ts';
import type { Contender } from './contender.ts';
import { lowerBound } from './lower-bound.ts';
import type { SimulationResult } from './result.ts';
import { runContender } from './run.ts';
import type { ScenarioFile } from './scenario-schema.ts';

export interface SimulateOptions {
  readonly scenario: ScenarioFile;
  readonly contenders: readonly Contender[];
  readonly load: Load;
  /** Told now and then who is tried and how far that is, 0 to 1. */
  readonly onProgress?: (contender: string, share: number) => void;
}

/** Parts that the plots have over the time of the load. */
const parts = 480;

/** Tries all contenders on the same load, one after the other. Same seed, same result. */
export function simulate({ scenario, contenders, load, onProgress }: SimulateOptions): SimulationResult {
  const endMs = load.endMs + scenario.coolDown * 1000;
  const seriesStepMs = Math.max(scenario.resolution * 1000, (endMs - load.startMs) / parts);
  const results = contenders.map((contender) =>
    runContender({
      scenario,
      contender,
      load,
      seriesStepMs,
      onProgress: (share) => onProgress?.(contender.name, share),
    }),
  );
  return {
    seed: scenario.seed,
    origin: load.origin,
    startMs: load.startMs,
    endMs,
    jobs: load.jobs,
    objective: { startWithinSeconds: scenario.slo.startWithin, share: scenario.slo.share },
    currency: scenario.prices.currency,
    lowerBound: lowerBound(scenario, results),
    arrivals: { startMs: load.startMs, stepMs: seriesStepMs, jobs: arrivalsBy(load, seriesStepMs) },
    contenders: results,
  };
}

function arrivalsBy(load: Load, stepMs: number): readonly number[] {
  const jobs = Array<number>(Math.ceil((load.endMs - load.startMs) / stepMs)).fill(0);
  const arrivals = load.open();
  for (let atMs = arrivals.next(); atMs !== undefined; atMs = arrivals.next()) {
    const part = Math.min(jobs.length - 1, Math.floor((atMs - load.startMs) / stepMs));
    jobs[part] = (jobs[part] ?? 0) + 1;
  }
  return jobs;
}
