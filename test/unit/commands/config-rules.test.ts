import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { defaultVirtualPools } from '../../../src/cluster/virtual-nodes.ts';
import { parseConfig } from '../../../src/config.ts';

const parse = (more: string) =>
  parseConfig(
    `virtualPools: [{ name: a, kind: AksAddon, nodeSelector: { type: virtual-kubelet }, ${more} }]`,
    'spillway.yaml',
    defaultVirtualPools,
  ).virtualPools[0];

describe('the configuration of a virtual pool', () => {
  test('takes rules, the version of the provider and the largest group', () => {
    const pool = parse(
      'rules: { TEMPLATE_ARGS: warn, TEMPLATE_LIFECYCLE: drop }, providerVersion: 1.4.0, largestGroup: { cpu: 4, memoryGb: 16 }',
    );
    assert.deepEqual(pool?.rules, { TEMPLATE_ARGS: 'warn', TEMPLATE_LIFECYCLE: 'drop' });
    assert.equal(pool?.providerVersion, '1.4.0');
    assert.deepEqual(pool?.largestGroup, { cpu: 4, memoryGb: 16 });
  });

  for (const [what, more, problem] of [
    [
      'a rule that there is none of',
      'rules: { TEMPLATE_ARG: warn }',
      /no rule TEMPLATE_ARG \(did you mean TEMPLATE_ARGS\?\)/,
    ],
    ['a setting that there is none of', 'rules: { TEMPLATE_ARGS: ignore }', /TEMPLATE_ARGS/],
    [
      'drop where nothing can be left out',
      'rules: { TEMPLATE_ARGS: drop }',
      /rules\.TEMPLATE_ARGS: .*knows nothing to leave out/,
    ],
    ['a version that is none', 'providerVersion: latest', /write a version such as 1\.6\.4/],
    ['a group of no size', 'largestGroup: { cpu: 0, memoryGb: 16 }', /largestGroup\.cpu/],
  ] as const) {
    test(`refuses ${what}`, () =>
      assert.throws(() => parse(more), { code: 'CONFIG_INVALID', message: problem }));
  }
});
