import { metric } from '../query.ts';
import type { Dashboard, Panel, Row } from './dashboard.ts';
import { queueRow } from './queue-row.ts';

const chosen = { namespace: '="$namespace"', policy: '="$policy"' };

const demand = `max(${metric('spillway_demand_replicas', chosen)})`;
const placed = `max(${metric('spillway_placed_pods', chosen)})`;
const running = `max(${metric('spillway_burst_running_replicas', chosen)})`;
const wanted = `max(${metric('spillway_burst_wanted_replicas', chosen)})`;
const granted = `max(${metric('spillway_burst_granted_replicas', chosen)})`;

const now: Row = {
  title: 'Now',
  panels: [
    stat('Demand', 'Replicas wanted now.', demand),
    stat('On VMs', 'Pods of the target that are bound to live VM nodes.', placed),
    stat('Bursting', 'Replicas that run on the virtual node.', running),
    {
      ...stat(
        'Held back',
        'Replicas that should burst and may not, because of a limit.',
        `${wanted} - ${granted}`,
      ),
      thresholds: [{ from: 1, color: 'orange' }],
    },
    {
      ...stat(
        'Oldest job',
        'How long the oldest waiting job has waited.',
        `max(${metric('spillway_oldest_job_age_seconds', chosen)})`,
      ),
      unit: 's',
    },
    stat(
      'Cost per hour',
      'What the burst costs per hour, in the configured currency. Empty without a price.',
      `max(${metric('spillway_burst_rate_per_hour', chosen)})`,
    ),
  ],
};

const replicas: Row = {
  title: 'Replicas',
  panels: [
    {
      title: 'Demand, and where it runs',
      description:
        'Replicas wanted, and pods on VMs and on the virtual node, added up. Where they stay below demand, pods wait.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        { expr: demand, legend: 'demand' },
        { expr: placed, legend: 'on VMs' },
        { expr: `${placed} + ${running}`, legend: 'on VMs and bursting' },
      ],
    },
    {
      title: 'Room on VMs',
      description:
        'Pods that still fit, pods that the scheduler found no room for, and the demand that VMs cannot carry.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        { expr: `max(${metric('spillway_headroom_pods', chosen)})`, legend: 'headroom' },
        { expr: `max(${metric('spillway_stuck_pods', chosen)})`, legend: 'stuck' },
        { expr: `max(${metric('spillway_spill_replicas', chosen)})`, legend: 'spill' },
        {
          expr: `${placed} - max(${metric('spillway_placed_ready_pods', chosen)})`,
          legend: 'on VMs, not Ready',
        },
      ],
    },
    {
      title: 'Burst',
      description: 'What should burst, what the limits let burst, and what runs.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        { expr: wanted, legend: 'wanted' },
        { expr: granted, legend: 'granted' },
        { expr: running, legend: 'running' },
      ],
    },
    {
      title: 'Limits',
      description: 'Limits that hold the burst below what is wanted, while they do. Empty: none.',
      kind: 'state-timeline',
      unit: 'short',
      words: { 1: 'bites' },
      thresholds: [{ from: 1, color: 'orange' }],
      queries: [
        { expr: `max by (limit) (${metric('spillway_burst_limited', chosen)})`, legend: '{{limit}}' },
      ],
    },
  ],
};

const ends: Row = {
  title: 'Drains and money',
  panels: [
    {
      title: 'Pods that leave',
      description: 'Pods that were chosen to leave and still run, and those of them that have jobs in work.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        { expr: `max(${metric('spillway_burst_draining_pods', chosen)})`, legend: 'of the burst' },
        { expr: `max(${metric('spillway_target_draining_pods', chosen)})`, legend: 'of the target' },
        { expr: `max(${metric('spillway_busy_draining_pods', chosen)})`, legend: 'busy' },
      ],
    },
    {
      title: 'Drains that ended',
      description: 'By outcome. "timeout" may have interrupted jobs.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        {
          expr: `sum by (outcome) (increase(${metric('spillway_drains_total', chosen)}[$__rate_interval]))`,
          legend: '{{outcome}}',
        },
      ],
    },
    {
      title: 'Spend',
      description:
        'Spent over 24 h and left of the budget, in the configured currency. Empty without a price or a budget.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        { expr: `max(${metric('spillway_burst_spent_24h', chosen)})`, legend: 'spent in 24 h' },
        { expr: `max(${metric('spillway_burst_budget_left', chosen)})`, legend: 'left' },
      ],
    },
    {
      title: 'The budget lasts',
      description: 'How long the budget for 24 h lasts at the rate of now. Empty while nothing is spent.',
      kind: 'timeseries',
      unit: 's',
      queries: [{ expr: `max(${metric('spillway_burst_budget_left_seconds', chosen)})`, legend: 'lasts' }],
    },
    {
      title: 'Reasons',
      description: 'Decisions per second by what they rest on; `spillway explain` says each in words.',
      kind: 'timeseries',
      unit: 'cps',
      width: 24,
      queries: [
        {
          expr: `sum by (reason) (rate(${metric('spillway_decisions_total', chosen)}[$__rate_interval]))`,
          legend: '{{reason}}',
        },
      ],
    },
  ],
};

function stat(title: string, description: string, expr: string): Panel {
  return { title, description, kind: 'stat', unit: 'short', queries: [{ expr, legend: '' }] };
}

/** One policy: what is wanted of it, where it runs, what waits, what holds it back. */
export const policyDashboard: Dashboard = {
  uid: 'spillway-policy',
  title: 'Spillway / Policy',
  description: 'One policy: demand, where it runs, its queues, its limits, drains and money.',
  variables: [
    { name: 'namespace', label: 'Namespace', metric: metric('spillway_demand_replicas'), several: false },
    {
      name: 'policy',
      label: 'Policy',
      metric: metric('spillway_demand_replicas', { namespace: '="$namespace"' }),
      several: false,
    },
  ],
  rows: [now, replicas, queueRow(chosen), ends],
};
