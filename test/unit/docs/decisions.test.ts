import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelValues } from '../../../src/report/series.ts';
import { type Page, readPages } from '../../docs/pages.ts';

const page = readPages().find(({ path }) => path === 'docs/decisions.md');

test('the reasons of docs/decisions.md are those that a decision can give, each once', () => {
  assert.ok(page !== undefined);
  assert.deepEqual(namesIn(page, 'Reason').toSorted(), labelValues.reason.toSorted());
});

test('the limits of docs/decisions.md are those that a decision can name, each once', () => {
  assert.ok(page !== undefined);
  assert.deepEqual(namesIn(page, 'Limit').toSorted(), labelValues.limit.toSorted());
});

/** The words in `code` in the first column of the table whose first heading is that. */
function namesIn({ text }: Page, heading: string): readonly string[] {
  const lines = text.split('\n');
  const head = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  assert.notEqual(head, -1, `no table with the heading ${heading}`);
  const body = lines.slice(head + 2);
  const end = body.findIndex((line) => !line.startsWith('|'));
  const rows = end === -1 ? body : body.slice(0, end);
  return rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].flatMap(([, name]) => name ?? []),
  );
}
