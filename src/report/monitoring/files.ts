import { clusterDashboard } from './dashboards/cluster.ts';
import { policyDashboard } from './dashboards/policy.ts';
import { dashboardJson } from './dashboards/json.ts';
import { rulesFile } from './rules-file.ts';

/** What is committed of all this, by path from the root of the repository. The chart delivers it. */
export function monitoringFiles(): Readonly<Record<string, string>> {
  return {
    'charts/spillway/files/rules.yaml': rulesFile(),
    'charts/spillway/files/dashboards/cluster.json': dashboardJson(clusterDashboard),
    'charts/spillway/files/dashboards/policy.json': dashboardJson(policyDashboard),
  };
}
