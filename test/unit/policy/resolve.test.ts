import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolvePolicy } from '../../../src/policy/resolve.ts';
import type { BurstPolicy, BurstPolicySpec } from '../../../src/policy/schema.ts';
import { validatePolicy } from '../../../src/policy/validate.ts';
import { smallest, whole } from './specs.ts';

const object = (spec: Readonly<Record<string, unknown>>): BurstPolicy => ({
  apiVersion: 'spillway.dev/v1alpha1',
  kind: 'BurstPolicy',
  metadata: {
    name: 'thumbnails',
    namespace: 'media',
    uid: 'u-1',
    generation: 7,
    creationTimestamp: '2026-01-02T03:04:05Z',
  },
  spec: spec as unknown as BurstPolicySpec,
});

void test('the smallest policy gets every default', () => {
  assert.deepEqual(resolvePolicy(object(smallest)), {
    key: 'media/thumbnails',
    namespace: 'media',
    name: 'thumbnails',
    uid: 'u-1',
    generation: 7,
    createdAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    deleting: false,
    target: { kind: 'Deployment', name: 'thumbnail-worker' },
    suspend: false,
    dryRun: false,
    priority: 0,
    scaling: undefined,
    burst: {
      strategy: 'Companion',
      vmPool: 'Grow',
      delay: { alwaysSeconds: 0, whilePoolGrowsSeconds: 0 },
      maxReplicas: 10,
      reclaim: { afterSeconds: 60, readyTimeoutSeconds: 600 },
      withoutVmNodes: 'Forbid',
      budget: { maxRatePerHour: undefined, maxSpendPerDay: undefined, onExhausted: 'Keep' },
      drain: { timeoutSeconds: 600 },
    },
  });
});

void test('a policy with every field keeps every one, in seconds and numbers', () => {
  const { scaling, burst, priority, dryRun } = resolvePolicy(object(whole));
  assert.equal(priority, -5);
  assert.equal(dryRun, true);
  assert.deepEqual(scaling, {
    minReplicas: 2,
    maxReplicas: 400,
    combine: 'Max',
    scaleDownStabilizationSeconds: 90,
    sources: [
      {
        name: 'thumbnails',
        sizing: { rule: 'drainWithin', drainWithinSeconds: 300, expectedJobSeconds: 3 },
        workerConcurrency: 4,
        feed: {
          type: 'BullMQ',
          queue: 'thumbnails',
          prefix: '{bull}',
          redis: { secretName: 'redis', urlKey: 'url', caKey: 'ca.crt' },
        },
      },
      {
        name: 'list',
        sizing: { rule: 'backlogPerReplica', jobs: 20 },
        workerConcurrency: 1,
        feed: {
          type: 'RedisList',
          key: 'jobs',
          redis: { secretName: 'redis', urlKey: 'url', caKey: undefined },
        },
      },
      {
        name: 'stream',
        sizing: { rule: 'drainWithin', drainWithinSeconds: 3600, expectedJobSeconds: 0.05 },
        workerConcurrency: 1,
        feed: {
          type: 'RedisStream',
          key: 'jobs',
          group: 'workers',
          redis: { secretName: 'redis', urlKey: 'url', caKey: undefined },
        },
      },
      {
        name: 'metric',
        sizing: { rule: 'drainWithin', drainWithinSeconds: 5400, expectedJobSeconds: 60 },
        workerConcurrency: 1,
        feed: {
          type: 'Prometheus',
          connection: 'main',
          query: 'sum(waiting)',
          arrivalRateQuery: 'sum(rate(arrived[1m]))',
        },
      },
    ],
    onSignalLoss: { afterSeconds: 120, replicas: 10, behavior: 'Static' },
  });
  assert.equal(burst.vmPool, 'Fixed');
  assert.equal(burst.delay.whilePoolGrowsSeconds, 30);
  assert.deepEqual(burst.budget, { maxRatePerHour: 20, maxSpendPerDay: 200.25, onExhausted: 'Drain' });
});

void test('Jobs are named by their labels', () => {
  const { target } = resolvePolicy(
    object({
      jobSelector: { matchLabels: { app: 'nightly' } },
      burst: { strategy: 'Rescue', maxReplicas: 1 },
    }),
  );
  assert.deepEqual(target, { kind: 'Jobs', matchLabels: { app: 'nightly' } });
});

void test('a policy from a file needs no more than a name', () => {
  const policy = resolvePolicy({ ...object(smallest), metadata: { name: 'thumbnails' } });
  assert.equal(policy.key, 'default/thumbnails');
  assert.equal(policy.uid, '');
});

void test('a policy that is being deleted says so', () => {
  const metadata = { name: 'thumbnails', deletionTimestamp: '2026-01-02T03:04:05Z' };
  assert.equal(resolvePolicy({ ...object(smallest), metadata }).deleting, true);
});

void test('an unknown field is passed over by resolve, and named with the nearest known one by validate', () => {
  const spec = { ...smallest, suspended: true, burst: { maxReplicas: 10, maxReplica: 3, zebra: 1 } };
  assert.doesNotThrow(() => resolvePolicy(object(spec)));
  const problems = validatePolicy(object(spec)).map(({ path, message }) => `${path}: ${message}`);
  assert.equal(problems.length, 3);
  assert.match(problems.join('\n'), /spec\.suspended: unknown field.*did you mean suspend\?/);
  assert.match(problems.join('\n'), /spec\.burst\.maxReplica: .*did you mean maxReplicas\?/);
  assert.match(problems.join('\n'), /spec\.burst\.zebra: .*known here are strategy, vmPool/);
});

void test('names that every object inherits are unknown fields too', () => {
  const spec = JSON.parse('{"constructor": 1, "__proto__": {"a": 1}}') as Record<string, unknown>;
  const paths = validatePolicy(object({ ...smallest, constructor: spec['constructor'] })).map(
    ({ path }) => path,
  );
  assert.deepEqual(paths, ['spec.constructor']);
});

void test('what is no policy at all is refused', () => {
  for (const value of [null, undefined, 3, 'x', [], {}, { spec: 3 }, { metadata: 3, spec: [] }]) {
    assert.ok(validatePolicy(value).length > 0, JSON.stringify(value));
  }
});

void test('a mistyped choice gets the nearest one', () => {
  const [problem] = validatePolicy(object({ ...smallest, burst: { maxReplicas: 1, strategy: 'companion' } }));
  assert.match(problem?.message ?? '', /did you mean Companion\?/);
});

void test('a number where a text belongs is told to stand in quotes', () => {
  const [problem] = validatePolicy(
    object({ ...smallest, burst: { maxReplicas: 1, budget: { maxRatePerHour: 20 } } }),
  );
  assert.match(problem?.message ?? '', /write it in quotes, "20"/);
});

void test('a name that no object can have is refused', () => {
  const named = (metadata: unknown) =>
    validatePolicy({ ...object(smallest), metadata }).map(({ path }) => path);
  for (const name of ['Thumbnails', 'a..b', '-a', '', 'a'.repeat(254), 3]) {
    assert.deepEqual(named({ name }), ['metadata.name'], String(name));
  }
  assert.deepEqual(named({}), ['metadata.name']);
  assert.deepEqual(named({ generateName: 'thumbnails-' }), []);
  assert.deepEqual(named({ name: 'a.b-c.1' }), []);
});
