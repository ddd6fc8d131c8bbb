import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolvePolicy } from '../../../src/policy/resolve.ts';
import { rules } from '../../../src/policy/rules.ts';
import type { BurstPolicy } from '../../../src/policy/schema.ts';
import { validatePolicy } from '../../../src/policy/validate.ts';
import { changeCases, specCases } from './specs.ts';

const policy = (spec: Readonly<Record<string, unknown>>) => ({
  apiVersion: 'spillway.dev/v1alpha1' as const,
  kind: 'BurstPolicy' as const,
  metadata: { name: 'thumbnails', namespace: 'media' },
  spec,
});

for (const { name, spec, valid, mentions = '' } of specCases) {
  void test(`${valid ? 'accepted' : 'refused'}: ${name}`, () => {
    const problems = validatePolicy(policy(spec)).map(({ path, message }) => `${path}: ${message}`);
    assert.equal(problems.length === 0, valid, problems.join('\n'));
    if (!valid) assert.ok(problems.join('\n').includes(mentions), problems.join('\n'));
    const resolve = () => resolvePolicy(policy(spec) as BurstPolicy);
    if (valid) assert.doesNotThrow(resolve);
    else assert.throws(resolve, { code: 'POLICY_INVALID' });
  });
}

for (const { name, before, after, valid, mentions = '' } of changeCases) {
  void test(`${valid ? 'accepted' : 'refused'} as a change: ${name}`, () => {
    assert.deepEqual(validatePolicy(policy(before)), []);
    const problems = validatePolicy(policy(after), policy(before)).map(({ message }) => message);
    assert.equal(problems.length === 0, valid, problems.join('\n'));
    if (!valid) assert.ok(problems.join('\n').includes(mentions), problems.join('\n'));
  });
}

void test('the names of the cases are unique', () => {
  assert.equal(new Set(specCases.map(({ name }) => name)).size, specCases.length);
});

void test('every rule refuses one of the cases', () => {
  const refusals = new Set(
    specCases.flatMap(({ spec }) => validatePolicy(policy(spec)).map(({ message }) => message)),
  );
  for (const { path, message } of rules) assert.ok(refusals.has(message), `${path}: ${message}`);
});
