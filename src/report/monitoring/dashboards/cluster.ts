import { metric } from '../query.ts';
import { azureRow } from './azure-row.ts';
import { controllerRow } from './controller-row.ts';
import type { Dashboard, Panel, Row } from './dashboard.ts';

const chosen = { namespace: '=~"$namespace"' };

/** All policies that were chosen, one line each: a policy is told by its leader alone, and twice for a moment at most. */
const each = (query: string): string => `max by (namespace, policy) (${query})`;
const all = (query: string): string => `sum(${each(query)})`;
const policy = '{{namespace}}/{{policy}}';

const waiting = each(
  `${metric('spillway_burst_wanted_replicas', chosen)} - ${metric('spillway_burst_granted_replicas', chosen)}`,
);

const now: Row = {
  title: 'Now',
  panels: [
    stat(
      'Policies',
      'Policies that Spillway looks after, in all namespaces.',
      `max(${metric('spillway_policies')})`,
    ),
    stat(
      'Burst replicas',
      'Replicas that run on virtual nodes.',
      all(metric('spillway_burst_running_replicas', chosen)),
    ),
    {
      ...stat('Held back', 'Replicas that should burst and may not, because of a limit.', `sum(${waiting})`),
      thresholds: [{ from: 1, color: 'orange' }],
    },
    {
      ...stat(
        'Lost signals',
        'Sources that cannot be read now. Their demand is held or falls back.',
        `sum(min by (namespace, policy, source) (${metric('spillway_signal_available', chosen)}) == bool 0)`,
      ),
      thresholds: [{ from: 1, color: 'red' }],
    },
    stat(
      'Cost per hour',
      'What all bursts cost per hour, in the configured currency. Empty without a price.',
      `max(${metric('spillway_cluster_rate_per_hour')})`,
    ),
    {
      ...stat(
        'Budget left',
        "Share of the cluster's budget for 24 h that is left. Empty without one.",
        `max(${metric('spillway_cluster_budget_left')}) / (max(${metric('spillway_cluster_budget_left')}) + max(${metric('spillway_cluster_spent_24h')}))`,
      ),
      unit: 'percentunit',
      thresholds: [
        { from: 0, color: 'red' },
        { from: 0.2, color: 'green' },
      ],
    },
  ],
};

const bursts: Row = {
  title: 'Bursts',
  panels: [
    {
      title: 'Burst replicas by policy',
      ofPolicies: true,
      description: 'Replicas that run on virtual nodes.',
      kind: 'timeseries',
      unit: 'short',
      stacked: true,
      queries: [{ expr: each(metric('spillway_burst_running_replicas', chosen)), legend: policy }],
    },
    {
      title: 'Wanted, granted, running',
      description:
        'What should burst, what the limits let burst, and what runs. Granted below wanted: a limit bites.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        { expr: all(metric('spillway_burst_wanted_replicas', chosen)), legend: 'wanted' },
        { expr: all(metric('spillway_burst_granted_replicas', chosen)), legend: 'granted' },
        { expr: all(metric('spillway_burst_running_replicas', chosen)), legend: 'running' },
      ],
    },
    {
      title: 'Limits that bite',
      description: 'Policies that each limit holds below what they want.',
      kind: 'timeseries',
      unit: 'short',
      stacked: true,
      queries: [
        {
          expr: `sum by (limit) (max by (namespace, policy, limit) (${metric('spillway_burst_limited', chosen)}))`,
          legend: '{{limit}}',
        },
      ],
    },
    {
      title: 'Jobs that wait, by policy',
      ofPolicies: true,
      description: 'Backlog of all sources of a policy.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        {
          expr: `sum by (namespace, policy) (max by (namespace, policy, source) (${metric('spillway_backlog_jobs', chosen)}))`,
          legend: policy,
        },
      ],
    },
  ],
};

const pools: Row = {
  title: 'Where pods run',
  panels: [
    {
      title: 'VM pool',
      description:
        'Share of what the VM pool offers that pods request. Near 100 % it is full, and what comes next bursts.',
      kind: 'timeseries',
      unit: 'percentunit',
      thresholds: [{ from: 0.95, color: 'orange' }],
      queries: [
        {
          expr: `max(${metric('spillway_vm_pool_requested_cpu_cores')} / ${metric('spillway_vm_pool_allocatable_cpu_cores')})`,
          legend: 'cpu',
        },
        {
          expr: `max(${metric('spillway_vm_pool_requested_memory_bytes')} / ${metric('spillway_vm_pool_allocatable_memory_bytes')})`,
          legend: 'memory',
        },
        {
          expr: `max(${metric('spillway_vm_pool_requested_pods')} / ${metric('spillway_vm_pool_allocatable_pods')})`,
          legend: 'pod slots',
        },
      ],
    },
    {
      title: 'Stuck pods by policy',
      ofPolicies: true,
      description:
        'Pods that the scheduler has called Unschedulable. They should not stay while bursts are allowed.',
      kind: 'timeseries',
      unit: 'short',
      queries: [{ expr: each(metric('spillway_stuck_pods', chosen)), legend: policy }],
    },
    {
      title: 'Breaker',
      description: 'Whether failures keep bursts off a virtual pool.',
      kind: 'state-timeline',
      unit: 'short',
      words: { 0: 'closed', 0.5: 'half-open', 1: 'open' },
      thresholds: [
        { from: 0.5, color: 'orange' },
        { from: 1, color: 'red' },
      ],
      queries: [{ expr: `max by (pool) (${metric('spillway_breaker_open')})`, legend: '{{pool}}' }],
    },
    {
      title: 'Pods that failed on virtual nodes',
      description: 'Burst pods that were given up, by cause.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        {
          expr: `sum by (pool, cause) (increase(${metric('spillway_burst_failures_total')}[$__rate_interval]))`,
          legend: '{{pool}} {{cause}}',
        },
      ],
    },
    {
      title: 'Creations that the pace allows',
      description:
        'Pods that may be created on a virtual pool now. At 0 a burst grows only as fast as its provider creates.',
      kind: 'timeseries',
      unit: 'short',
      queries: [{ expr: `max by (pool) (${metric('spillway_creation_tokens')})`, legend: '{{pool}}' }],
    },
    {
      title: 'Spent in 24 h, by policy',
      ofPolicies: true,
      description: 'What bursts cost over the last 24 h, in the configured currency. Empty without a price.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        { expr: `topk(10, ${each(metric('spillway_burst_spent_24h', chosen))})`, legend: policy },
        { expr: `max(${metric('spillway_cluster_spent_24h')})`, legend: 'all' },
      ],
    },
  ],
};

function stat(title: string, description: string, expr: string): Panel {
  return { title, description, kind: 'stat', unit: 'short', queries: [{ expr, legend: '' }] };
}

/** Everything that Spillway does in a cluster. */
export const clusterDashboard: Dashboard = {
  uid: 'spillway-cluster',
  title: 'Spillway / Cluster',
  description: 'What bursts, why it may not, what it costs, and how the controller fares.',
  variables: [
    { name: 'namespace', label: 'Namespace', metric: metric('spillway_demand_replicas'), several: true },
  ],
  rows: [now, bursts, pools, controllerRow, azureRow],
};
