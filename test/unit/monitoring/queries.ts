import { azureRow } from '../../../src/report/monitoring/dashboards/azure-row.ts';
import { clusterDashboard } from '../../../src/report/monitoring/dashboards/cluster.ts';
import type { Dashboard, Panel } from '../../../src/report/monitoring/dashboards/dashboard.ts';
import { policyDashboard } from '../../../src/report/monitoring/dashboards/policy.ts';
import { recordings } from '../../../src/report/monitoring/recordings.ts';
import { alerts } from '../../../src/report/monitoring/rules-file.ts';

/** A query and where it stands, for messages. */
export interface PlacedQuery {
  readonly place: string;
  readonly expr: string;
  /** Whether it asks of Azure, so that it is empty without one. */
  readonly azure: boolean;
}

export const dashboards: readonly Dashboard[] = [clusterDashboard, policyDashboard];

export function panelsOf({ rows }: Dashboard): readonly Panel[] {
  return rows.flatMap(({ panels }) => panels);
}

/** The queries of all panels, with their variables. */
export function panelQueries(): readonly PlacedQuery[] {
  return dashboards.flatMap((dashboard) =>
    panelsOf(dashboard).flatMap((panel) =>
      panel.queries.map(({ expr, legend }) => ({
        place: `${dashboard.title}: ${panel.title}: ${legend}`,
        expr,
        azure: azureRow.panels.includes(panel),
      })),
    ),
  );
}

/** The expressions of all recording and alerting rules. */
export function ruleQueries(): readonly PlacedQuery[] {
  return [
    ...Object.entries(recordings).map(([place, expr]) => ({ place, expr })),
    ...alerts.map(({ name, expr }) => ({ place: name, expr })),
  ].map((query) => ({ ...query, azure: query.expr.includes('azure') }));
}

/** A panel's query as Grafana sends it, with its variables filled in. */
export function filledIn(
  expr: string,
  values: { readonly namespace: string; readonly policy: string; readonly rate: string },
): string {
  return expr
    .replaceAll('$namespace', values.namespace)
    .replaceAll('$policy', values.policy)
    .replaceAll('$__rate_interval', values.rate);
}
