import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duration, fixed, percent } from '../../../src/lab/simulate/report/figures.ts';
import { pageOf } from '../../../src/lab/simulate/report/page.ts';
import { tableOf } from '../../../src/lab/simulate/report/table.ts';
import { run } from './scenes.ts';

const result = run({
  arrivals: [{ shape: 'spike', jobs: 800, at: '2m' }],
  contenders: [
    { type: 'static', name: 'four <&> "more"', replicas: 4 },
    {
      type: 'policy',
      spec: { scaling: { maxReplicas: 50, sources: [{ drainWithin: '2m' }] }, burst: { maxReplicas: 40 } },
    },
  ],
});

test('the table has a line for each contender, and all columns are aligned', () => {
  const lines = tableOf(result);
  const [, , head = '', ...rows] = lines.slice(0, 5);
  assert.match(lines[0] ?? '', /^800 jobs \(shapes\) over 1 h; 95 % should start within 5 min$/);
  assert.match(
    head,
    /wait p50 +p95 +p99 +in time +VM h +burst pod-h +VM cost +burst cost +total +scalings +restarted$/,
  );
  assert.deepEqual(
    rows.map((row) => row.length),
    [head.length, head.length],
  );
  assert.ok(lines.some((line) => line.startsWith('lower bound: ')));
});

test('the report stands alone: no script, nothing fetched, everything escaped', () => {
  const page = pageOf(result);
  assert.doesNotMatch(page, /<script|<link|<img|url\(|@import|https?:/);
  assert.ok(page.includes('four &lt;&amp;&gt; &quot;more&quot;'));
  assert.doesNotMatch(page, /four <&>/);
  assert.doesNotMatch(page, /NaN|undefined|Infinity/);
});

test('the report can be read without seeing it, in the dark and on paper', () => {
  const page = pageOf(result);
  const plots = page.match(/<svg viewBox="0 0 760 200" role="img" aria-labelledby="(\S+) (\S+)">/g) ?? [];
  assert.equal(plots.length, 6);
  for (const id of ['arrivals', 'backlog', 'replicas-0', 'replicas-1', 'vms', 'cost']) {
    assert.match(
      page,
      new RegExp(`<title id="${id}-title">[^<]+</title><desc id="${id}-description">[^<]+</desc>`),
    );
  }
  assert.match(page, /prefers-color-scheme: dark/);
  assert.match(page, /@media print/);
  assert.match(page, /<html lang="en">/);
});

test('figures read well', () => {
  assert.deepEqual([0, 0.44, 9, 61, 3600, 5400, 7325].map(duration), [
    '0 s',
    '0.4 s',
    '9 s',
    '1 min 01 s',
    '1 h',
    '1 h 30 min',
    '2 h 2 min',
  ]);
  assert.deepEqual(
    [1234567.891, 0.5].map((value) => fixed(value, 2)),
    ['1 234 567.89', '0.50'],
  );
  assert.deepEqual([1, 0.99999, 0.955, 0.5012].map(percent), ['100 %', '99.99 %', '95.5 %', '50.12 %']);
});
