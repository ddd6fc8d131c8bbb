import type { Clock } from '../clock.ts';
import type { Sample } from '../decide/observation.ts';
import type { DrainPort, WorkersSample } from './drain.ts';
import { prometheusDemand } from './prometheus-demand.ts';
import type { PrometheusSettings } from './prometheus-settings.ts';
import { redisDemand } from './redis-demand.ts';
import type { SecretReader } from './secret-reader.ts';
import type { Demand, WatchRequest } from './source.ts';

/** Where sources are read: Secrets of policies lead to Redis, names in policies to what the operator configured. */
export interface DemandPlaces {
  readonly secrets: SecretReader;
  readonly prometheus: readonly PrometheusSettings[];
}

/**
 * Demand of every type of source, and the drain of the workers of those in Redis: for a source of Prometheus nobody
 * can be marked, and its watch gives nothing. `close` ends all of it.
 * @param random in [0, 1); spreads questions, sweeps and reconnections
 */
export function openDemand(
  { secrets, prometheus }: DemandPlaces,
  clock: Clock,
  random: () => number = Math.random,
): Demand & DrainPort {
  const queries = prometheusDemand(prometheus, clock, random);
  const redis = redisDemand(secrets, clock, random);
  return {
    watch(request: WatchRequest, signal: AbortSignal): AsyncIterable<Sample> {
      return (request.source.feed.type === 'Prometheus' ? queries : redis).watch(request, signal);
    },
    workers(request: WatchRequest, signal: AbortSignal): AsyncIterable<WorkersSample> {
      return redis.workers(request, signal);
    },
    mark(request: WatchRequest, marks: ReadonlyMap<string, string>): void {
      redis.mark(request, marks);
    },
    async close(): Promise<void> {
      await Promise.all([queries.close(), redis.close()]);
    },
  };
}
