import { metric, quantile } from '../query.ts';
import type { Row } from './dashboard.ts';

const byName = (query: string): string => `max by (name) (${query})`;

/** What Azure tells; closed until somebody opens it, because without the key `azure` of the configuration it is empty. */
export const azureRow: Row = {
  title: 'Azure',
  collapsed: true,
  panels: [
    {
      title: 'Quotas in use',
      description:
        'Share of each quota of the subscription that is in use or promised. At 100 % bursts wait.',
      kind: 'timeseries',
      unit: 'percentunit',
      thresholds: [{ from: 0.9, color: 'red' }],
      queries: [
        {
          expr: `1 - ${byName(metric('spillway_azure_quota_free'))} / (${byName(metric('spillway_azure_quota_limit'))} > 0)`,
          legend: '{{name}}',
        },
        {
          expr: `${byName(metric('spillway_azure_quota_used'))} / (${byName(metric('spillway_azure_quota_limit'))} > 0)`,
          legend: '{{name}}, as Azure counts',
        },
      ],
    },
    {
      title: 'Start of container groups',
      description: 'Seconds from the creation of a burst pod until its containers ran.',
      kind: 'timeseries',
      unit: 's',
      queries: [
        {
          expr: quantile(0.5, 'spillway_azure_group_start_seconds', '$__rate_interval'),
          legend: 'half within',
        },
        {
          expr: quantile(0.9, 'spillway_azure_group_start_seconds', '$__rate_interval'),
          legend: '9 of 10 within',
        },
      ],
    },
    {
      title: 'Orphans',
      description:
        'Container groups whose pod is gone, and what they cost per hour in the configured currency. 0 is normal.',
      kind: 'timeseries',
      unit: 'short',
      thresholds: [{ from: 1, color: 'red' }],
      queries: [
        { expr: `max(${metric('spillway_azure_orphans')})`, legend: 'groups' },
        { expr: `max(${metric('spillway_azure_orphans_rate_per_hour')})`, legend: 'cost per hour' },
      ],
    },
    {
      title: 'Calls to Azure',
      description: 'Calls to Azure Resource Manager by outcome; "ok" alone is normal.',
      kind: 'timeseries',
      unit: 'reqps',
      queries: [
        {
          expr: `sum by (api, outcome) (rate(${metric('spillway_azure_calls_total')}[$__rate_interval]))`,
          legend: '{{api}} {{outcome}}',
        },
      ],
    },
    {
      title: 'Age of the usage',
      description: 'Seconds since the usage of the subscription was last read.',
      kind: 'timeseries',
      unit: 's',
      thresholds: [{ from: 600, color: 'orange' }],
      queries: [{ expr: `time() - max(${metric('spillway_azure_usage_timestamp_seconds')})`, legend: 'age' }],
    },
  ],
};
