import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { page, pageWithOutput } from './example.ts';

test('docs/simulate.md shows what the example prints: else run node test/lab/simulate/write-example.ts', async () => {
  assert.equal(await pageWithOutput(), readFileSync(page, 'utf8'));
});
