import { metric, quantile } from '../query.ts';
import type { Row } from './dashboard.ts';

/** How the controller itself fares. */
export const controllerRow: Row = {
  title: 'Controller',
  panels: [
    {
      title: 'Replicas',
      description: 'Replicas that are scraped and those that lead: one.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        { expr: `sum(${metric('spillway_leader')})`, legend: 'leading' },
        { expr: `count by (version) (${metric('spillway_build_info')})`, legend: '{{version}}' },
      ],
    },
    {
      title: 'Reaction',
      description: 'From an event in a queue to the acknowledged write. 0.1 s and less is normal.',
      kind: 'timeseries',
      unit: 's',
      thresholds: [{ from: 1, color: 'orange' }],
      queries: [
        { expr: quantile(0.5, 'spillway_reaction_seconds', '$__rate_interval'), legend: 'half within' },
        { expr: quantile(0.99, 'spillway_reaction_seconds', '$__rate_interval'), legend: '99 of 100 within' },
      ],
    },
    {
      title: 'Age of watches',
      description:
        'Since the API server last said anything of a resource. About a minute is normal; from 180 s on nothing is written.',
      kind: 'timeseries',
      unit: 's',
      thresholds: [{ from: 180, color: 'red' }],
      queries: [
        {
          expr: `max by (resource) (time() - ${metric('spillway_watch_last_event_timestamp_seconds')})`,
          legend: '{{resource}}',
        },
      ],
    },
    {
      title: 'Watches opened anew, writes withheld',
      description:
        'Watches that ended otherwise than planned, and writes that were not made because caches were too old.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        {
          expr: `sum by (resource) (increase(${metric('spillway_watch_restarts_total')}[$__rate_interval]))`,
          legend: '{{resource}}',
        },
        {
          expr: `sum(increase(${metric('spillway_writes_withheld_total')}[$__rate_interval]))`,
          legend: 'withheld',
        },
      ],
    },
    {
      title: 'Calls to the Kubernetes API',
      description: 'Calls per second by verb and HTTP status; "error" is no answer.',
      kind: 'timeseries',
      unit: 'reqps',
      queries: [
        {
          expr: `sum by (verb, code) (rate(${metric('spillway_api_requests_total')}[$__rate_interval]))`,
          legend: '{{verb}} {{code}}',
        },
      ],
    },
    {
      title: 'Decisions',
      description: 'Decisions per second by what they rest on, and policies that wait for one.',
      kind: 'timeseries',
      unit: 'cps',
      queries: [
        {
          expr: `sum by (reason) (rate(${metric('spillway_decisions_total')}[$__rate_interval]))`,
          legend: '{{reason}}',
        },
        { expr: `max(${metric('spillway_work_queue_depth')})`, legend: 'waiting policies' },
      ],
    },
    {
      title: 'Rescue',
      description: 'From a pod that the scheduler called unschedulable to its virtual node.',
      kind: 'timeseries',
      unit: 's',
      queries: [
        { expr: quantile(0.5, 'spillway_rescue_wait_seconds', '$__rate_interval'), legend: 'half within' },
        { expr: quantile(0.9, 'spillway_rescue_wait_seconds', '$__rate_interval'), legend: '9 of 10 within' },
      ],
    },
    {
      title: 'Drains',
      description: 'From choosing a pod to leave until it was empty, or until its time was over.',
      kind: 'timeseries',
      unit: 's',
      queries: [
        { expr: quantile(0.5, 'spillway_drain_duration_seconds', '$__rate_interval'), legend: 'half within' },
        {
          expr: quantile(0.9, 'spillway_drain_duration_seconds', '$__rate_interval'),
          legend: '9 of 10 within',
        },
      ],
    },
  ],
};
