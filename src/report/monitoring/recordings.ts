import { metric, quantile } from './query.ts';

const max = (labels: string, query: string): string => `max by (${labels}) (${query})`;
/** What is left of a budget as a share of it; the budget itself is what is left and what was spent. */
const share = (left: string, spent: string): string => `${left} / (${left} + ${spent})`;

const ofPolicy = 'namespace, policy';

/**
 * Recording rules by name, `level:metric:operation` as on https://prometheus.io/docs/practices/rules/. Only a leader
 * shows policies; where two replicas do for a moment, the higher value counts.
 */
export const recordings = {
  'namespace_policy:spillway_burst_waiting_replicas:max': max(
    ofPolicy,
    `${metric('spillway_burst_wanted_replicas')} - ${metric('spillway_burst_granted_replicas')}`,
  ),
  'namespace_policy:spillway_backlog_jobs:sum': `sum by (${ofPolicy}) (${max(`${ofPolicy}, source`, metric('spillway_backlog_jobs'))})`,
  'namespace_policy:spillway_oldest_job_age_seconds:max': max(
    ofPolicy,
    metric('spillway_oldest_job_age_seconds'),
  ),
  'namespace_policy:spillway_burst_budget_left:ratio': share(
    max(ofPolicy, metric('spillway_burst_budget_left')),
    max(ofPolicy, metric('spillway_burst_spent_24h')),
  ),
  'cluster:spillway_budget_left:ratio': share(
    `max(${metric('spillway_cluster_budget_left')})`,
    `max(${metric('spillway_cluster_spent_24h')})`,
  ),
  'cluster:spillway_burst_running_replicas:sum': `sum(${max(ofPolicy, metric('spillway_burst_running_replicas'))})`,
  'cluster:spillway_reaction_seconds:p50_10m': quantile(0.5, 'spillway_reaction_seconds', '10m'),
  'cluster:spillway_reaction_seconds:p99_10m': quantile(0.99, 'spillway_reaction_seconds', '10m'),
  'name:spillway_azure_quota_used:ratio': `1 - ${max('name', metric('spillway_azure_quota_free'))} / (${max('name', metric('spillway_azure_quota_limit'))} > 0)`,
} as const satisfies Readonly<Record<`${string}:${string}:${string}`, string>>;

/** The name of a recording rule: alerts may only use those that exist. */
export function recorded(name: keyof typeof recordings): string {
  return name;
}
