import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { metricDefinitions } from '../../../src/report/metric-definitions.ts';
import { createMetrics, type Metrics } from '../../../src/report/metrics.ts';
import { metricsPage } from '../../../src/report/metrics-page.ts';
import { companion, nodes, observation, policy, sample, startMs } from '../decide/given.ts';
import { decided, decisionAt } from './given.ts';

const amount = { cpuMillicores: 7500, memoryBytes: 2 ** 33, pods: 20 };

/** `name{labels}` → value, of every sample line. */
function samples(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))] as const;
    }),
  );
}

/** Metrics after everything that can happen has happened once. */
function busy(): Metrics {
  const metrics = createMetrics({ version: '0.1.0' });
  metrics.recordDecision(
    decided({
      policy: policy({
        burst: {
          maxReplicas: 100,
          budget: { maxRatePerHour: undefined, maxSpendPerDay: 200, onExhausted: 'Keep' },
        },
      }),
      observation: observation({
        sample: { backlog: 20_000, active: 4, oldestAgeSeconds: 12 },
        vmPool: { groups: [nodes(3, 4)] },
        companions: [companion(10)],
        pods: { burstRunning: 8 },
        limits: { pricePerHour: 0.05, spentToday: 50 },
      }),
    }),
  );
  metrics.recordLimits({
    pools: [{ name: 'aci', breaker: 'half-open', creationTokens: 12 }],
    ratePerHour: 0.4,
    spentToday: 50,
    leftToday: 150,
  });
  metrics.countBurstFailure('aci', 'Quota');
  metrics.recordAzure({
    usages: [{ name: 'StandardCores', limit: 10, used: 4, free: 5 }],
    usageAtMs: startMs,
    orphans: 1,
    orphansPerHour: 0.04,
  });
  metrics.countAzureCall('usage', 'ok');
  metrics.observeGroupStart(25);
  metrics.recordVmPool(amount, { ...amount, cpuMillicores: 12_000 });
  metrics.recordDrain('media/thumbnails', 'drained', 4.2);
  metrics.observeReaction(0.018);
  metrics.observeRescue(31);
  metrics.countApiCall({ verb: 'patch', resource: 'deployments/scale', code: '200' });
  metrics.countWatchRestart('pods');
  metrics.countWithheld('media/thumbnails', 2);
  metrics.recordWatchEvent('pods', startMs);
  metrics.setLeader(true);
  metrics.setWorkQueueDepth(3);
  metrics.setPolicies(1);
  return metrics;
}

describe('metrics', () => {
  test('a decision becomes gauges of its policy and its sources, in base units', async () => {
    const text = samples(await busy().text());
    const ofPolicy = '{namespace="media",policy="thumbnails"}';
    const ofSource = '{namespace="media",policy="thumbnails",source="queue"}';
    assert.equal(text.get(`spillway_backlog_jobs${ofSource}`), 20_000);
    assert.equal(text.get(`spillway_oldest_job_age_seconds${ofSource}`), 12);
    assert.equal(text.get(`spillway_burst_rate_per_hour${ofPolicy}`), 0.4);
    assert.equal(text.get(`spillway_burst_budget_left${ofPolicy}`), 150);
    assert.equal(text.get(`spillway_burst_budget_left_seconds${ofPolicy}`), 1_350_000);
    assert.equal(text.get('spillway_breaker_open{pool="aci"}'), 0.5);
    assert.equal(text.get('spillway_creation_tokens{pool="aci"}'), 12);
    assert.equal(text.get('spillway_cluster_budget_left'), 150);
    assert.equal(text.get(`spillway_headroom_pods${ofPolicy}`), 12);
    assert.equal(text.get(`spillway_burst_granted_replicas${ofPolicy}`), 100);
    assert.equal(text.get(`spillway_burst_running_replicas${ofPolicy}`), 8);
    const limited = '{namespace="media",policy="thumbnails",limit="MaxReplicas"}';
    assert.equal(text.get(`spillway_burst_limited${limited}`), 1);
    const reason = '{namespace="media",policy="thumbnails",reason="Limited"}';
    assert.equal(text.get(`spillway_decisions_total${reason}`), 1);
    assert.equal(text.get('spillway_vm_pool_requested_cpu_cores'), 7.5);
    assert.equal(text.get('spillway_watch_last_event_timestamp_seconds{resource="pods"}'), startMs / 1000);
    assert.equal(text.get('spillway_reaction_seconds_bucket{le="0.025"}'), 1);
    assert.equal(text.get('spillway_reaction_seconds_bucket{le="0.01"}'), 0);
    assert.equal(
      text.get('spillway_api_requests_total{verb="patch",resource="deployments/scale",code="200"}'),
      1,
    );
  });

  test('what is not known is absent, never zero', async () => {
    const metrics = createMetrics({ version: '0.1.0' });
    const sources = decided().sources.map((source) => ({ ...source, oldestAgeSeconds: undefined }));
    metrics.recordDecision(decisionAt(0, {}, { sources }));
    const names = (await metrics.text()).split('\n').filter((line) => !line.startsWith('#'));
    assert.ok(names.some((line) => line.startsWith('spillway_backlog_jobs')));
    for (const unknown of ['spillway_oldest_job_age_seconds', 'spillway_vm_pool', 'spillway_policies']) {
      assert.deepEqual(
        names.filter((line) => line.startsWith(unknown)),
        [],
      );
    }
  });

  test('a value that is lost, a source that is removed and a limit that ends lose their series', async () => {
    const metrics = busy();
    const lost = { name: 'queue', state: 'lost', replicas: 5 } as const;
    const unknown = {
      backlog: undefined,
      active: undefined,
      oldestAgeSeconds: undefined,
      arrivalsPerSecond: undefined,
      serviceSeconds: undefined,
    };
    metrics.recordDecision(decisionAt(1, {}, { sources: [{ ...lost, ...unknown }] }));
    const text = await metrics.text();
    assert.match(text, /spillway_signal_available\{[^}]*\} 0/);
    assert.doesNotMatch(text, /spillway_backlog_jobs\{/);
    assert.doesNotMatch(text, /spillway_burst_limited\{/);
    metrics.recordDecision(decisionAt(2, {}, { sources: [] }));
    assert.doesNotMatch(await metrics.text(), /source="queue"/);
  });

  test('a deleted policy leaves no series, and takes none of another policy along', async () => {
    const metrics = busy();
    metrics.recordDecision({ ...decisionAt(1, { granted: 3 }), policy: 'media/other' });
    metrics.forgetPolicy('media/thumbnails');
    const text = await metrics.text();
    assert.doesNotMatch(text, /policy="thumbnails"/);
    assert.match(text, /spillway_burst_granted_replicas\{namespace="media",policy="other"\} 3/);
    metrics.forgetPolicies();
    assert.doesNotMatch(await metrics.text(), /policy="/);
  });

  test('two sets of metrics in one process do not see each other', async () => {
    const [one, two] = [createMetrics({ version: '1' }), createMetrics({ version: '2' })];
    one.setLeader(true);
    assert.equal(samples(await two.text()).get('spillway_leader'), 0);
  });

  test('every definition has a series once everything has happened', async () => {
    const metrics = busy();
    metrics.recordDecision(
      decided({
        observation: observation({ sources: [{ name: 'queue', sample: sample({ arrivalsPerSecond: 2 }) }] }),
      }),
    );
    const source = decided().sources[0];
    assert.ok(source);
    metrics.recordDecision(
      decisionAt(
        1,
        { limitedBy: ['Breaker'] },
        {
          sources: [{ ...source, arrivalsPerSecond: 2, serviceSeconds: 3 }],
          cost: { ratePerHour: 1, spentToday: 2, leftToday: 3, exhaustedInSeconds: 10_800 },
        },
      ),
    );
    const text = await metrics.text();
    for (const name of Object.keys(metricDefinitions))
      assert.match(text, new RegExp(`^${name}(_bucket)?[{ ]`, 'm'));
  });

  test('promtool finds nothing to say about names, units and help', async () => {
    const input = await busy().text();
    assert.equal(execFileSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' }), '');
  });

  test('promtool parses every example query of the docs', () => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-rules-'));
    try {
      const file = join(folder, 'rules.json');
      const rules = Object.values(metricDefinitions).map(({ example }, index) => ({
        record: `example:${index}`,
        expr: example,
      }));
      writeFileSync(file, JSON.stringify({ groups: [{ name: 'examples', rules }] }));
      execFileSync('promtool', ['check', 'rules', '--lint=none', file], { encoding: 'utf8' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('docs/metrics.md is what the definitions say: else run node src/report/generate-docs.ts', () => {
    const page = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
    assert.ok(page === metricsPage());
  });
});
