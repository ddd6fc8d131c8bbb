import { stringify } from 'yaml';
import { type Alert, runbookOf } from './alert.ts';
import { azureAlerts } from './azure-alerts.ts';
import { burstAlerts } from './burst-alerts.ts';
import { controllerAlerts } from './controller-alerts.ts';
import { recordings } from './recordings.ts';

/** Every alert, in the order of docs/alerts.md. */
export const alerts: readonly Alert[] = [...controllerAlerts, ...burstAlerts, ...azureAlerts];

/**
 * `charts/spillway/files/rules.yaml`: a rules file of Prometheus, and at the same time the spec of a PrometheusRule.
 * Records and the alerts that use them are in one group, which is evaluated in order.
 */
export function rulesFile(): string {
  const records = Object.entries(recordings).map(([record, expr]) => ({ record, expr }));
  const rules = [...records, ...alerts.map(ruleOf)];
  const text = stringify({ groups: [{ name: 'spillway', rules }] }, { lineWidth: 0 });
  return `# Generated: node src/report/monitoring/generate.ts\n${text}`;
}

function ruleOf(alert: Alert): object {
  const { name, expr, after, severity, summary, description } = alert;
  return {
    alert: name,
    expr,
    ...(after === '0m' ? {} : { for: after }),
    labels: { severity },
    annotations: { summary, description, runbook_url: runbookOf(alert) },
  };
}
