import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { chartFiles } from '../../docs/chart/files.ts';

test('README and schema of the chart are what values.yaml says', () => {
  for (const { file, content } of chartFiles()) {
    assert.equal(readFileSync(file, 'utf8'), content, `${file}: run node test/docs/write-chart.ts`);
  }
});

test('chart, app and package are of one version', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };
  const chart = parse(readFileSync('charts/spillway/Chart.yaml', 'utf8')) as {
    readonly version: string;
    readonly appVersion: string;
  };
  assert.deepEqual([chart.version, chart.appVersion], [version, version]);
});
