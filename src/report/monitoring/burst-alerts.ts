import type { Alert } from './alert.ts';
import { metric } from './query.ts';
import { recorded } from './recordings.ts';

const drainTimeouts = metric('spillway_drains_total', { outcome: '="timeout"' });

/** Alerts on bursts: what holds them back, what they cost and how they end. */
export const burstAlerts: readonly Alert[] = [
  {
    name: 'SpillwayBurstBlocked',
    // Who suspends a policy means it.
    expr:
      `max by (namespace, policy, limit) (${metric('spillway_burst_limited', { limit: '!="Suspended"' })})\n` +
      `* on (namespace, policy) group_left () (${recorded('namespace_policy:spillway_burst_waiting_replicas:max')} > 0)`,
    after: '15m',
    severity: 'warning',
    summary: 'The burst of {{ $labels.namespace }}/{{ $labels.policy }} is held back by {{ $labels.limit }}',
    description:
      'Replicas of {{ $labels.namespace }}/{{ $labels.policy }} that should burst and may not: {{ $value }}. The limit is {{ $labels.limit }}.',
  },
  {
    name: 'SpillwayBudgetNearlyUsed',
    expr: `${recorded('namespace_policy:spillway_burst_budget_left:ratio')} < 0.2`,
    after: '5m',
    severity: 'warning',
    summary: 'The budget of {{ $labels.namespace }}/{{ $labels.policy }} is nearly used',
    description:
      '{{ $value | humanizePercentage }} of the budget for 24 h is left to {{ $labels.namespace }}/{{ $labels.policy }}. When it is gone, nothing more of it bursts.',
  },
  {
    name: 'SpillwayClusterBudgetNearlyUsed',
    expr: `${recorded('cluster:spillway_budget_left:ratio')} < 0.2`,
    after: '5m',
    severity: 'warning',
    summary: "The cluster's budget for bursts is nearly used",
    description:
      '{{ $value | humanizePercentage }} of the budget of all bursts for 24 h is left. When it is gone, nothing more bursts.',
  },
  {
    name: 'SpillwaySignalLost',
    expr: `min by (namespace, policy, source) (${metric('spillway_signal_available')}) == 0`,
    after: '5m',
    severity: 'warning',
    summary: 'Source {{ $labels.source }} of {{ $labels.namespace }}/{{ $labels.policy }} cannot be read',
    description:
      'Demand from {{ $labels.source }} is held as it was last known, or is the fallback of the policy. What arrives now is not seen.',
  },
  {
    name: 'SpillwayBreakerOpen',
    // Above 0: while it is tried again and fails, it goes from open to half-open and back.
    expr: `max by (pool) (${metric('spillway_breaker_open')}) > 0`,
    after: '10m',
    severity: 'warning',
    summary: 'Failures keep bursts off {{ $labels.pool }}',
    description:
      'The virtual pool {{ $labels.pool }} failed burst pods, and one probe at a time is tried. What cannot burst waits for VMs.',
  },
  {
    name: 'SpillwayDrainsTimeOut',
    // The first end of this kind makes the series, and increase() does not see where a series begins.
    expr: `sum by (namespace, policy) (\n  (${drainTimeouts} unless ${drainTimeouts} offset 1h)\n  or increase(${drainTimeouts}[1h])\n) > 0`,
    after: '0m',
    severity: 'warning',
    summary: 'Workers of {{ $labels.namespace }}/{{ $labels.policy }} were deleted before they were empty',
    description:
      '{{ $value | printf "%.0f" }} of the drains of {{ $labels.namespace }}/{{ $labels.policy }} ran out of burst.drain.timeout in the last hour. Jobs may have been interrupted.',
  },
];
