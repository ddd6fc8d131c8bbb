import type { PolicyReading, SourceReading } from './readings.ts';
import type { Labels } from './selector.ts';

/** One value under its labels. */
export interface Series {
  readonly labels: Labels;
  /** Undefined: not known. */
  readonly value: number | undefined;
  /** Its source cannot be read. */
  readonly lost: boolean;
  readonly atMs: number | undefined;
}

/** The metrics that are served, by name, and what each makes of a policy (docs/hpa.md). */
const metrics = {
  spillway_backlog_jobs: ofSources((source) => source.backlog),
  spillway_oldest_job_age_seconds: ofSources((source) => source.oldestSeconds),
  spillway_source_demand_replicas: ofSources((source) => source.replicas),
  spillway_stuck_pods: ofPolicy((policy) => policy.stuck),
  spillway_burst_running_replicas: ofPolicy((policy) => policy.burst),
} as const;

/** The names of all metrics that are served. */
export const metricNames = Object.keys(metrics) as readonly (keyof typeof metrics)[];

/** The series of a metric over these policies; undefined: there is no metric of this name. */
export function seriesOf(metric: string, policies: readonly PolicyReading[]): readonly Series[] | undefined {
  const make = metricNames.find((name) => name === metric);
  return make === undefined ? undefined : policies.flatMap((policy) => metrics[make](policy));
}

function ofSources(valueOf: (source: SourceReading) => number | undefined) {
  return ({ name, atMs, sources }: PolicyReading): readonly Series[] =>
    sources.map((source) => ({
      labels: { policy: name, ...source.labels },
      value: valueOf(source),
      lost: source.lost,
      atMs,
    }));
}

function ofPolicy(valueOf: (policy: PolicyReading) => number | undefined) {
  return (policy: PolicyReading): readonly Series[] => [
    { labels: { policy: policy.name }, value: valueOf(policy), lost: false, atMs: policy.atMs },
  ];
}
