import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { alerts } from '../../src/report/monitoring/rules-file.ts';
import { seriesPer } from '../../src/report/series.ts';
import { waitFor } from '../cluster/wait-for.ts';
import {
  dashboards,
  filledIn,
  panelQueries,
  type PlacedQuery,
  ruleQueries,
} from '../unit/monitoring/queries.ts';
import type { ControllerProcess } from './controller-process.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';
import {
  fastPool,
  namespace,
  queueName,
  quickPolicy,
  type Scene,
  startScene,
  workerDeployment,
} from './scene.ts';
import { setBacklog } from './spike.ts';
import type { Workforce } from './workforce.ts';

const vmCapacity = 12;
const maxReplicas = 5;
/** A replica costs 100 an hour, so that five use up most of a budget of 2 within seconds. */
const dearPool = { ...fastPool, price: { perCpuHour: 100, perMemoryGbHour: 0 } };
const budget = { maxSpendPerDay: '2' };

/** Nothing is rescued here (rescue.test.ts), no watch ends but as planned, and no cache grows old. */
const notHere = [/Spillway \/ Cluster: Rescue/, /Watches opened anew, writes withheld/];

const filling = { namespace, policy: queueName, rate: '30s' };
const queries: readonly PlacedQuery[] = [...panelQueries(), ...ruleQueries()];
const alertNames = new Set<string>(alerts.map(({ name }) => name));

describe('a Prometheus that scrapes the controller', () => {
  let scene: Scene;
  let controller: ControllerProcess;
  let prometheus: Prometheus;
  let workforce: Workforce;
  /** Queries that had an answer with a number at some time. */
  const answered = new Set<string>();

  before(async () => {
    scene = await startScene();
    await scene.cluster.virtualNode.setDeletion('remove');
    controller = await scene.controller('spillway-0', {
      virtualPools: [dearPool],
      budget: { maxSpendPerDay: 1000 },
    });
    prometheus = await startPrometheus(controller.url);
    // What happens before the first scrape is not seen to happen.
    await waitFor(
      'the first scrape',
      async () => (await prometheus.query('spillway_leader == 1')).length > 0,
    );
    await scene.apply(workerDeployment(), quickPolicy({ burst: { maxReplicas, budget } }));
    await setBacklog(scene.queue, 1_500);
    workforce = await scene.workforce(1_000, { drains: true });
  });
  after(async () => {
    await prometheus?.close();
    await scene?.close();
  });

  const hasNumber = async ({ expr }: PlacedQuery): Promise<boolean> => {
    return (await prometheus.query(filledIn(expr, filling))).some(({ value }) => !Number.isNaN(value));
  };
  /** Asks what had no answer yet; a query that is not valid throws. */
  const look = async (): Promise<void> => {
    for (const query of queries) {
      if (!answered.has(query.place) && (await hasNumber(query))) answered.add(query.place);
    }
  };
  const toAnswer = (what: string, wanted: (place: string) => boolean): Promise<boolean> =>
    waitFor(
      what,
      async () => {
        await look();
        return queries.every(({ place }) => !wanted(place) || answered.has(place));
      },
      60_000,
    ).catch((error: unknown) => {
      const left = queries.filter(({ place }) => wanted(place) && !answered.has(place));
      throw new Error(`no data: ${left.map(({ place }) => place).join(' | ')}`, { cause: error });
    });
  const stateOf = async (alert: string): Promise<string | undefined> =>
    (await prometheus.rules()).find(({ name }) => name === alert)?.state;
  const toBeActive = (alert: string): Promise<boolean> =>
    waitFor(`alert ${alert}`, async () => (await stateOf(alert)) !== 'inactive', 60_000);

  test('a burst that a limit holds back is shown by every panel that is not about its end', async () => {
    await scene.condition('Limited', 'True', 'MaxReplicas');
    await toBeActive('SpillwayBurstBlocked');
    const [blocked] = await prometheus.query('ALERTS{alertname="SpillwayBurstBlocked", limit="MaxReplicas"}');
    assert.equal(blocked?.metric['namespace'], namespace);
    assert.equal(blocked?.metric['policy'], queueName);
    const ofEnds = /Drains|failed on virtual|Azure|azure/;
    const azure = new Set(queries.filter((query) => query.azure).map(({ place }) => place));
    await toAnswer(
      'every panel of a running burst',
      (place) =>
        !alertNames.has(place) &&
        !azure.has(place) &&
        !ofEnds.test(place) &&
        !notHere.some((one) => one.test(place)),
    );
    const running = await prometheus.query('cluster:spillway_burst_running_replicas:sum');
    assert.deepEqual(
      running.map(({ value }) => value),
      [maxReplicas],
    );
  });

  test('the variables of the dashboards offer the policy', async () => {
    const offered = dashboards.flatMap(({ variables }) =>
      variables.map(({ name, metric }) => ({ name, metric: filledIn(metric, filling) })),
    );
    for (const { name, metric } of offered) {
      const found = await prometheus.query(`group by (${name}) (${metric})`);
      assert.deepEqual(
        found.map((series) => series.metric[name]),
        [filling[name === 'policy' ? 'policy' : 'namespace']],
      );
    }
  });

  test('its budget comes to an end, and is told before', async () => {
    await toBeActive('SpillwayBudgetNearlyUsed');
  });

  test('every rule evaluates, and what is well is not alerted', async () => {
    const rules = await prometheus.rules();
    assert.equal(rules.length, ruleQueries().length);
    assert.deepEqual(
      rules.filter(({ health }) => health !== 'ok'),
      [],
    );
    const active = rules.filter(({ type, state }) => type === 'alerting' && state !== 'inactive');
    assert.deepEqual(active.map(({ name }) => name).toSorted(), [
      'SpillwayBudgetNearlyUsed',
      'SpillwayBurstBlocked',
    ]);
  });

  test('a policy has no more series than docs/metrics.md says', async (t) => {
    const [series] = await prometheus.query(`count({__name__=~"spillway_.+", policy="${queueName}"})`);
    assert.ok(series !== undefined && series.value > 20);
    assert.ok(series.value <= seriesPer('policy') + seriesPer('source'), String(series.value));
    const [all] = await prometheus.query('scrape_samples_scraped{job="spillway"}');
    t.diagnostic(`${series.value} series of the policy, ${all?.value} in all`);
  });

  test('a burst that is taken back shows its drains', async () => {
    await scene.queue.drain(true);
    await toAnswer('the panels of drains', (place) => place.includes(': Drains'));
    await waitFor('the burst to be gone', async () => (await scene.companions()).length === 0, 60_000);
    await workforce.close();
  });

  test('a virtual node that fails is shown, and alerted', async () => {
    await scene.cluster.virtualNode.failCreates(
      "api call failed: container group quota 'StandardCores' exceeded in region 'eastus'. Limit: '10', Usage: '10' Requested: '1'",
    );
    await scene.patchPolicy({ spec: { burst: { budget: null } } });
    await setBacklog(scene.queue, vmCapacity + 8);
    await toBeActive('SpillwayBreakerOpen');
    await toAnswer('the panel of failures', (place) => place.includes('failed on virtual'));
  });

  test('a lost queue and a controller that is gone are alerted', async () => {
    await scene.redis.kill();
    await toBeActive('SpillwaySignalLost');
    await controller.end();
    await toBeActive('SpillwayAbsent');
  });
});
