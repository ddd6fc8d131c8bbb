import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { policyWarnings } from '../../../src/commands/check-warnings.ts';
import { specCases } from '../policy/specs.ts';

const targetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' };
const urlFrom = { secretKeyRef: { name: 'redis', key: 'url' } };
const metric = {
  name: 'metric',
  type: 'Prometheus',
  prometheus: { connection: 'main', query: 'up' },
  backlogPerReplica: 5,
};
const list = { name: 'list', type: 'RedisList', redisList: { key: 'jobs', urlFrom }, backlogPerReplica: 5 };
const scaling = (...sources: readonly object[]) => ({ scaling: { maxReplicas: 5, sources } });
const noDrain = { drain: { timeout: '0s' } };

function warned(spec: object, burst: object = {}, priced?: boolean): readonly string[] {
  const policy = { spec: { targetRef, ...spec, burst: { maxReplicas: 5, ...burst } } };
  return policyWarnings(policy, priced).map(({ path }) => path);
}

describe('check warns', () => {
  test('of a policy without a source that could drain its workers', () => {
    assert.deepEqual(warned({}), ['spec.burst.drain']);
    assert.deepEqual(warned(scaling(metric)), ['spec.burst.drain']);
    assert.deepEqual(warned(scaling(metric, list)), []);
  });

  test('of no drain where it is meant, where nothing bursts, and where nothing is taken back', () => {
    assert.deepEqual(warned({}, noDrain), []);
    assert.deepEqual(warned({}, { maxReplicas: 0 }), []);
    const jobs = { targetRef: undefined, jobSelector: { matchLabels: { app: 'a' } } };
    assert.deepEqual(warned(jobs, { strategy: 'Rescue' }), []);
    assert.deepEqual(
      warned({ targetRef: { ...targetRef, kind: 'StatefulSet' } }, { strategy: 'Rescue' }),
      [],
    );
  });

  test("of Drain without a day's budget", () => {
    const drain = (budget: object) => ({ ...noDrain, budget: { onExhausted: 'Drain', ...budget } });
    assert.deepEqual(warned({}, drain({ maxRatePerHour: '1' })), ['spec.burst.budget.onExhausted']);
    assert.deepEqual(warned({}, drain({ maxSpendPerDay: '1' })), []);
  });

  test('of budgets where no pool of a known configuration has a price', () => {
    const budget = { ...noDrain, budget: { maxRatePerHour: '1', maxSpendPerDay: '9' } };
    assert.deepEqual(warned({}, budget, false), [
      'spec.burst.budget.maxRatePerHour',
      'spec.burst.budget.maxSpendPerDay',
    ]);
    assert.deepEqual(warned({}, budget, true), []);
    assert.deepEqual(warned({}, budget), []);
  });

  test('of nothing in a policy that is not valid', () => {
    for (const { spec } of specCases.filter(({ valid }) => !valid)) {
      assert.deepEqual(policyWarnings({ spec }, false), []);
    }
  });
});
