import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { metricDefinitions } from '../../../src/report/metric-definitions.ts';
import { monitoringFiles } from '../../../src/report/monitoring/files.ts';
import { recordings } from '../../../src/report/monitoring/recordings.ts';
import { panelQueries, ruleQueries } from './queries.ts';

for (const [path, text] of Object.entries(monitoringFiles())) {
  test(`${path} is what the code says: else run node src/report/monitoring/generate.ts`, () => {
    assert.ok(readFileSync(path, 'utf8') === text);
  });

  test(`every metric in ${path} exists`, () => {
    const names = new Set([...text.matchAll(/\b(?:[a-z_]+:)?spillway_\w+(?::\w+)?/g)].map(([name]) => name));
    assert.ok(names.size > 10);
    assert.deepEqual(
      [...names].filter((name) => !exists(name)),
      [],
    );
  });
}

/** Whether there is a metric or a recording rule of this name; a histogram is read by its buckets. */
function exists(name: string): boolean {
  if (Object.hasOwn(recordings, name)) return true;
  const base = name.replace(/_bucket$/, '');
  const definition = metricDefinitions[base];
  return definition !== undefined && (definition.type === 'histogram') === (base !== name);
}

test('what is grouped by, matched by and shown in legends is a label of the metrics that are asked', () => {
  const wrong = [...ruleQueries(), ...panelQueries()].flatMap(({ place, expr }) => {
    const metrics = Object.entries(metricDefinitions).filter(([name]) =>
      new RegExp(`\\b${name}(_bucket)?\\b`).test(expr),
    );
    // Recorded series carry the labels in their name; `job` and `namespace` come from the scrape.
    const recorded = [...expr.matchAll(/\b([a-z_]+):spillway/g)].flatMap(([, level = '']) =>
      level.split('_'),
    );
    const labels = new Set([
      ...metrics.flatMap(([, { labels }]) => labels),
      ...recorded,
      'le',
      'job',
      'namespace',
    ]);
    const grouped = [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list = '']) =>
      list.split(', '),
    );
    const matched = [...expr.matchAll(/[{,]\s*(\w+)\s*(?:=|!)/g)].flatMap(([, label]) => label ?? []);
    const shown = [...place.matchAll(/\{\{(\w+)\}\}/g)].flatMap(([, label]) => label ?? []);
    const unknown = [...grouped, ...matched, ...shown].filter((label) => label !== '' && !labels.has(label));
    const notGrouped = shown.filter((label) => !grouped.includes(label));
    return [...unknown, ...notGrouped].map((label) => `${place}: ${label}`);
  });
  assert.deepEqual(wrong, []);
});
