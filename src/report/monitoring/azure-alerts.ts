import type { Alert } from './alert.ts';
import { metric } from './query.ts';
import { recorded } from './recordings.ts';

/** Alerts on what Azure tells; silent without the key `azure` in the configuration. */
export const azureAlerts: readonly Alert[] = [
  {
    name: 'SpillwayQuotaNearlyReached',
    expr: `${recorded('name:spillway_azure_quota_used:ratio')} > 0.9`,
    after: '10m',
    severity: 'warning',
    summary: 'The Azure quota {{ $labels.name }} is nearly reached',
    description:
      '{{ $value | humanizePercentage }} of the quota {{ $labels.name }} is in use or promised. When nothing is left, bursts wait.',
  },
  {
    name: 'SpillwayAzureUsageStale',
    expr: `time() - max(${metric('spillway_azure_usage_timestamp_seconds')}) > 600`,
    after: '5m',
    severity: 'warning',
    summary: 'Spillway cannot read the usage of Azure',
    description: 'The usage of the subscription was last read {{ $value | humanizeDuration }} ago.',
  },
  {
    name: 'SpillwayOrphans',
    expr: `max(${metric('spillway_azure_orphans')}) > 0`,
    after: '30m',
    severity: 'warning',
    summary: 'Container groups without a pod cost money',
    description:
      'Container groups that run and whose pod is gone: {{ $value }}. They cost until somebody deletes them.',
  },
];
