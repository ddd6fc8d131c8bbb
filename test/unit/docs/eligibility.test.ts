import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ruleCodes, rules } from '../../../src/act/eligibility/rules.ts';
import { defaultVirtualPools } from '../../../src/cluster/virtual-nodes.ts';
import { parseConfig } from '../../../src/config.ts';
import { errorTable } from '../../../src/errors.ts';
import { eligibilityPage } from '../../docs/eligibility-page.ts';
import { blocksOf } from '../../docs/pages.ts';

test('docs/eligibility.md is what the table says: else run node test/docs/write-eligibility.ts', () => {
  assert.equal(readFileSync('docs/eligibility.md', 'utf8'), eligibilityPage());
});

test('the configuration on the page is accepted', () => {
  const [yaml] = blocksOf({ path: 'docs/eligibility.md', text: eligibilityPage() });
  assert.equal(yaml?.language, 'yaml');
  const [pool] = parseConfig(yaml?.code ?? '', 'spillway.yaml', defaultVirtualPools).virtualPools;
  assert.equal(pool?.rules?.TEMPLATE_LIFECYCLE, 'drop');
});

test('every rule has its own heading and its sentences', () => {
  const page = eligibilityPage();
  for (const code of ruleCodes) {
    assert.equal(page.split(`\n### ${code}\n`).length, 2, code);
    assert.ok(page.includes(`${rules[code].says} ${rules[code].remedy}`), code);
  }
});

test('a code is either a rule or an error, so that a reader finds it on one page', () => {
  assert.deepEqual(
    ruleCodes.filter((code) => Object.hasOwn(errorTable, code)),
    [],
  );
  for (const code of ruleCodes) assert.match(code, /^(TEMPLATE|TARGET)_[A-Z_]+$/);
});
