import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { demandOn, feed } from './prometheus-given.ts';
import { startPrometheus, type TestPrometheus } from './prometheus-server.ts';

const cleaners: (() => unknown)[] = [];
let prometheus: TestPrometheus;
let growing: NodeJS.Timeout;
let added = 0;
/** Two queues that are served together, and a counter that grows by 40 each second. */
const show = (a: number, b: number): void => {
  prometheus.show(
    `jobs_waiting{queue="a"} ${a}\njobs_waiting{queue="b"} ${b}\njobs_added_total ${Math.round(added)}\n`,
  );
};
before(async () => {
  prometheus = await startPrometheus({ after: (run) => cleaners.push(run as () => unknown) });
  show(30, 12);
  const startMs = performance.now();
  growing = setInterval(() => {
    added = (performance.now() - startMs) / 25;
    show(30, 12);
  }, 50);
  cleaners.push(() => clearInterval(growing));
});
after(async () => {
  for (const clean of cleaners.toReversed()) await clean();
});

test('a real Prometheus is read: what waits, and how fast it comes', { timeout: 20_000 }, async (t) => {
  const listener = demandOn(t, prometheus.url).listen(
    feed('sum(jobs_waiting)', 'sum(rate(jobs_added_total[2s]))'),
  );
  const { arrivalsPerSecond = 0 } = await listener.ok((s) => (s.arrivalsPerSecond ?? 0) > 30);
  assert.ok(arrivalsPerSecond < 50, String(arrivalsPerSecond));
  assert.equal((await listener.ok()).backlog, 42);
  const scalar = demandOn(t, prometheus.url).listen(feed('scalar(sum(jobs_waiting))'));
  assert.equal((await scalar.ok()).backlog, 42);
});

for (const [query, code] of [
  ['jobs_waiting', 'PROMETHEUS_SEVERAL_SERIES'],
  ['sum(jobs_forgotten)', 'PROMETHEUS_NO_DATA'],
  ['sum(jobs_waiting', 'PROMETHEUS_QUERY_INVALID'],
  ['sum(jobs_waiting * on (queue) group_left jobs_waiting * on () jobs_waiting)', 'PROMETHEUS_QUERY_INVALID'],
  ['sum(jobs_waiting) * 0 / 0', 'PROMETHEUS_NUMBER_INVALID'],
  ['sum(jobs_waiting) / 0', 'PROMETHEUS_NUMBER_INVALID'],
  ['-sum(jobs_waiting)', 'PROMETHEUS_NUMBER_INVALID'],
  ['jobs_waiting{queue="a"}[1m]', 'PROMETHEUS_NUMBER_INVALID'],
  ['"many"', 'PROMETHEUS_NUMBER_INVALID'],
] as const) {
  test(`a real Prometheus and ${query}: ${code}`, { timeout: 20_000 }, async (t) => {
    await demandOn(t, prometheus.url).listen(feed('sum(jobs_waiting)')).ok();
    assert.equal((await demandOn(t, prometheus.url).listen(feed(query)).lost(code)).code, code);
  });
}

test('what the docs guard a sum and a zero with does so', { timeout: 20_000 }, async (t) => {
  const { listen } = demandOn(t, prometheus.url);
  const zero = (job: string) => feed(`sum(jobs_absent) or (vector(0) and on () sum(up{job="${job}"}) > 0)`);
  assert.equal((await listen(zero('jobs')).ok()).backlog, 0);
  await listen(zero('gone')).lost('PROMETHEUS_NO_DATA');
  const all = (exporters: number) =>
    feed(`sum(jobs_waiting) and on () count(up{job="jobs"} == 1) == ${exporters}`);
  assert.equal((await listen(all(1)).ok()).backlog, 42);
  await listen(all(3)).lost('PROMETHEUS_NO_DATA');
});

test('an exporter that goes is a lost source and no zero, and comes back', { timeout: 20_000 }, async (t) => {
  const listener = demandOn(t, prometheus.url).listen(feed('sum(jobs_waiting)'));
  await listener.ok();
  clearInterval(growing);
  prometheus.show(undefined);
  await listener.lost('PROMETHEUS_NO_DATA');
  show(0, 0);
  assert.equal((await listener.ok((s) => s.backlog === 0)).backlog, 0);
});
