import { metric } from '../query.ts';
import type { Row } from './dashboard.ts';

const bySource = (query: string): string => `max by (source) (${query})`;

/** The queues of the policy that was chosen, one line a source. */
export function queueRow(chosen: { readonly namespace: string; readonly policy: string }): Row {
  return {
    title: 'Queues',
    panels: [
      {
        title: 'Jobs that wait',
        description: 'Jobs that wait and may start now, and those that are being worked on.',
        kind: 'timeseries',
        unit: 'short',
        queries: [
          { expr: bySource(metric('spillway_backlog_jobs', chosen)), legend: '{{source}} waiting' },
          { expr: bySource(metric('spillway_active_jobs', chosen)), legend: '{{source}} in work' },
        ],
      },
      {
        title: 'Age of the oldest job',
        description: 'With `drainWithin` it should stay below it.',
        kind: 'timeseries',
        unit: 's',
        queries: [
          { expr: bySource(metric('spillway_oldest_job_age_seconds', chosen)), legend: '{{source}}' },
        ],
      },
      {
        title: 'Arrivals',
        description: 'Jobs that arrive per second.',
        kind: 'timeseries',
        unit: 'cps',
        queries: [
          { expr: bySource(metric('spillway_job_arrivals_per_second', chosen)), legend: '{{source}}' },
        ],
      },
      {
        title: 'Time a job takes',
        description: 'Measured time that one job takes a worker.',
        kind: 'timeseries',
        unit: 's',
        queries: [{ expr: bySource(metric('spillway_job_service_seconds', chosen)), legend: '{{source}}' }],
      },
      {
        title: 'Signal',
        description: 'Whether a source can be read. While it is lost, its demand is held or falls back.',
        kind: 'state-timeline',
        unit: 'short',
        width: 24,
        words: { 0: 'lost', 1: 'read' },
        thresholds: [
          { from: 0, color: 'red' },
          { from: 1, color: 'green' },
        ],
        queries: [
          { expr: `min by (source) (${metric('spillway_signal_available', chosen)})`, legend: '{{source}}' },
        ],
      },
    ],
  };
}
