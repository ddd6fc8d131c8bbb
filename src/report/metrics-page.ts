import { type MetricDefinition, metricDefinitions } from './metric-definitions.ts';
import { seriesPer } from './series.ts';

const opening = `# Metrics

Spillway serves Prometheus metrics on \`/metrics\`. This page is generated from the definitions in the code
(\`node src/report/generate-docs.ts\`); a test fails when it is out of date.

What to ask of them is ready: [alerts](alerts.md) with their rules, and two Grafana dashboards, one for the cluster and one for a
policy (\`charts/spillway/files/dashboards/\`). The chart delivers both.

Labels are bounded: \`namespace\` and \`policy\` name a BurstPolicy, \`source\` one of its sources, \`limit\` and \`reason\` come
from fixed lists, \`verb\` and \`resource\` are those that Spillway itself uses. When a policy or a source is deleted its series
go. A series is absent while its value is not known: missing data is never shown as zero.
`;

/** The text of docs/metrics.md. */
export function metricsPage(): string {
  const sections = Object.entries(metricDefinitions).map(([name, definition]) => section(name, definition));
  const rows = Object.entries(metricDefinitions).map(([name, definition]) => row(name, definition));
  return [
    opening,
    '| name | type | labels | meaning | example query |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    ...sections.filter((text) => text !== ''),
    cardinality(),
    '',
  ].join('\n');
}

function row(name: string, { type, labels, help, example }: MetricDefinition): string {
  const labelled = labels.map((label) => `\`${label}\``).join(', ');
  return `| \`${name}\` | ${type} | ${labelled} | ${cell(help)} | \`${cell(example)}\` |`;
}

function section(name: string, { buckets }: MetricDefinition): string {
  return buckets === undefined ? '' : `\nBuckets of \`${name}\`: ${buckets.join(', ')}.`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function cardinality(): string {
  const [policy, source] = [seriesPer('policy'), seriesPer('source')];
  const rows = [
    ['a policy', policy],
    ['a source of a policy', source],
    ['a virtual pool', seriesPer('pool')],
    ['a resource that is watched', seriesPer('resource')],
    ['a quota of Azure', seriesPer('quota')],
    ['a replica of the controller', seriesPer('controller')],
  ] as const;
  return `
## How many series

At most, with every limit, reason, cause and outcome that there is:

| one set for each | series |
| --- | --- |
${rows.map(([what, series]) => `| ${what} | ${series} |`).join('\n')}

So a policy with one source has at most ${policy + source} series, and 100 of them ${100 * (policy + source)}. Only the leader shows policies, pools
and quotas. What stays is one series for each kind of call that was made (\`spillway_api_requests_total\`,
\`spillway_azure_calls_total\`): some tens. Nothing has a label with the name of a pod, a node, a job or a URL.
(\`unit/monitoring/series: a policy has no more series than docs/metrics.md says\`)

## Scraping

The metrics of a policy have the label \`namespace\`. Where a scrape adds that label too, as the Prometheus operator does, it must
keep theirs (\`honorLabels: true\`, in a plain configuration \`honor_labels: true\`); else theirs is renamed to
\`exported_namespace\`, and alerts and dashboards find nothing.`;
}
