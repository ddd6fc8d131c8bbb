import type { Alert } from './alert.ts';
import { metric } from './query.ts';
import { recorded } from './recordings.ts';

/** Alerts on the controller itself: whether it runs, leads, sees and writes. */
export const controllerAlerts: readonly Alert[] = [
  {
    name: 'SpillwayAbsent',
    expr: `absent(${metric('spillway_build_info')})`,
    after: '5m',
    severity: 'critical',
    summary: 'Spillway is not there',
    description:
      'No replica of Spillway is scraped: none runs, or Prometheus does not find it. Nothing bursts.',
  },
  {
    name: 'SpillwayNoLeader',
    expr: `max by (namespace, job) (${metric('spillway_leader')}) == 0`,
    after: '2m',
    severity: 'critical',
    summary: 'No replica of Spillway leads',
    description:
      'Replicas of {{ $labels.job }} run and none of them holds the Lease. Nothing is decided and nothing written.',
  },
  {
    name: 'SpillwayWatchStale',
    // A quiet watch speaks once a minute; after 180 s nothing is written on it (maxCacheAgeSeconds).
    expr: `time() - ${metric('spillway_watch_last_event_timestamp_seconds')} > 180`,
    after: '1m',
    severity: 'warning',
    summary: 'Spillway hears nothing of {{ $labels.resource }}',
    description:
      'The last event, bookmark or listing of {{ $labels.resource }} is {{ $value | humanizeDuration }} old. Decisions rest on what was known then, and the leader writes nothing.',
  },
  {
    name: 'SpillwayWritesWithheld',
    expr: `sum by (namespace, policy) (increase(${metric('spillway_writes_withheld_total')}[5m])) > 0`,
    after: '2m',
    severity: 'critical',
    summary: 'Spillway withholds writes of {{ $labels.namespace }}/{{ $labels.policy }}',
    description:
      'The caches are too old to write on, so what was decided for {{ $labels.namespace }}/{{ $labels.policy }} is not done.',
  },
  {
    name: 'SpillwayReactionSlow',
    expr: `${recorded('cluster:spillway_reaction_seconds:p99_10m')} > 1`,
    after: '10m',
    severity: 'warning',
    summary: 'Spillway reacts slowly',
    description:
      'One in a hundred writes is acknowledged {{ $value | humanizeDuration }} or more after the event in the queue that it follows from; 0.1 s is usual.',
  },
];
