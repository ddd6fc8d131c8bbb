import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DrainEnd } from '../../../src/act/drain-note.ts';
import type { LimitName } from '../../../src/decide/decision.ts';
import type { ReasonCode } from '../../../src/decide/reasons.ts';
import { createMetrics, type Metrics } from '../../../src/report/metrics.ts';
import { metricDefinitions } from '../../../src/report/metric-definitions.ts';
import { labelValues, scopeOf, seriesPer } from '../../../src/report/series.ts';
import { decided, decisionAt } from '../report/given.ts';

/** Sources of a policy at most (scaling-schema.ts). */
const sources = 16;

/** Everything that the metrics of a policy can ever show. */
function recordAll(metrics: Metrics, policy: string): void {
  const [source] = decided().sources;
  assert.ok(source);
  const known = { backlog: 1, active: 1, oldestAgeSeconds: 1, arrivalsPerSecond: 1, serviceSeconds: 1 };
  metrics.recordDecision(
    decisionAt(
      0,
      { limitedBy: labelValues.limit as readonly LimitName[] },
      {
        policy,
        sources: Array.from({ length: sources }, (_, index) => ({
          ...source,
          ...known,
          name: `source-${index}`,
        })),
        reasons: labelValues.reason.map((code) => ({ code: code as ReasonCode, message: '', numbers: {} })),
        cost: { ratePerHour: 1, spentToday: 2, leftToday: 3, exhaustedInSeconds: 4 },
      },
    ),
  );
  for (const outcome of labelValues.outcome) metrics.recordDrain(policy, outcome, 1);
  metrics.countWithheld(policy, 1);
}

describe('how many series there are', () => {
  test('a policy has no more series than docs/metrics.md says', async () => {
    const metrics = createMetrics({ version: '0.1.0' });
    for (const name of ['one', 'two']) recordAll(metrics, `media/${name}`);
    for (let again = 0; again < 3; again += 1) recordAll(metrics, 'media/one');
    const lines = (await metrics.text()).split('\n');
    const ofPolicy = (name: string): number =>
      lines.filter((line) => line.includes(`policy="${name}"`)).length;
    assert.equal(ofPolicy('one'), seriesPer('policy') + sources * seriesPer('source'));
    assert.equal(ofPolicy('two'), ofPolicy('one'));
  });

  test('a replica has as many series of its own, a pool and a resource too', async () => {
    const metrics = createMetrics({ version: '0.1.0' });
    const amount = { cpuMillicores: 1, memoryBytes: 1, pods: 1 };
    metrics.recordVmPool(amount, amount);
    metrics.setPolicies(1);
    for (const pool of ['one', 'two']) {
      for (const cause of labelValues.cause) metrics.countBurstFailure(pool, cause);
    }
    const pools = ['one', 'two'].map((name) => ({ name, breaker: 'closed', creationTokens: 1 }) as const);
    metrics.recordLimits({ pools, ratePerHour: 1, spentToday: 1, leftToday: 1 });
    metrics.recordWatchEvent('pods', 1);
    metrics.countWatchRestart('pods');
    const usages = [{ name: 'StandardCores', limit: 1, used: 1, free: 1 }];
    metrics.recordAzure({ usages, usageAtMs: 1, orphans: 1, orphansPerHour: 1 });
    const lines = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const having = (label: string): number => lines.filter((line) => line.includes(label)).length;
    assert.equal(having('pool="one"'), seriesPer('pool'));
    assert.equal(having('resource="pods"'), seriesPer('resource'));
    assert.equal(having('{name="StandardCores"}'), seriesPer('quota'));
    const others = having('pool=') + having('resource=') + having('{name=');
    assert.equal(lines.length - others, seriesPer('controller'));
  });

  test('every label is the name of an object of ours or has a fixed list of values', () => {
    const names = ['namespace', 'policy', 'source', 'pool', 'resource', 'name', 'version', 'node_version'];
    const bounded = new Set([...names, ...Object.keys(labelValues)]);
    const unbounded = Object.entries(metricDefinitions)
      .filter(([, definition]) => scopeOf(definition) !== 'calls')
      .flatMap(([metric, { labels }]) =>
        labels.filter((label) => !bounded.has(label)).map((label) => `${metric}: ${label}`),
      );
    assert.deepEqual(unbounded, []);
  });

  test('the outcomes of drains are those that are counted', () => {
    const outcomes: Readonly<Record<DrainEnd['outcome'], true>> = {
      drained: true,
      idle_guess: true,
      timeout: true,
    };
    assert.deepEqual(Object.keys(outcomes), labelValues.outcome);
  });
});
