import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorTable } from '../../../src/errors.ts';
import { errorsPage } from '../../docs/errors-page.ts';

test('docs/errors.md is what the table says: else run node test/docs/write-errors.ts', () => {
  assert.equal(readFileSync('docs/errors.md', 'utf8'), errorsPage());
});

test('every code has its own heading and its sentence', () => {
  const page = errorsPage();
  for (const [code, sentence] of Object.entries(errorTable)) {
    assert.equal(page.split(`\n### ${code}\n`).length, 2, code);
    assert.ok(page.includes(sentence.replaceAll('<', '\\<')), code);
  }
});
