import { type MetricDefinition, metricDefinitions } from './metric-definitions.ts';

const opening = `# Metrics

Spillway serves Prometheus metrics on \`/metrics\`. This page is generated from the definitions in the code
(\`node src/report/generate-docs.ts\`); a test fails when it is out of date.

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
