import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { burstAt, poisson } from '../../../src/lab/world/arrivals.ts';
import { constant, exponential } from '../../../src/lab/world/distribution.ts';
import { createRandom } from '../../../src/lab/world/random.ts';
import type { Queue, QueueSpec, Scenario, World } from '../../../src/lab/world/types.ts';
import { deployment, onVirtualNode, pods, run, scale, startMs, world } from './given.ts';

function queued(
  replicas: number,
  spec: Partial<QueueSpec> = {},
  scenario: Partial<Scenario> = {},
): [World, Queue] {
  const cluster = world({
    objects: [deployment(replicas)],
    queues: [
      {
        name: 'jobs',
        namespace: 'media',
        workers: { app: 'worker' },
        serviceMs: constant(10_000),
        ...spec,
      },
    ],
    ...scenario,
  });
  const queue = cluster.queues.get('jobs');
  assert.ok(queue !== undefined);
  return [cluster, queue];
}

describe('a queue', () => {
  test('hands jobs to the workers in order, so many at once as they take', () => {
    const [cluster, queue] = queued(2, { concurrency: 3 });
    run(cluster, 5);
    queue.add(10);
    const { backlog, active, busy, arrivalsTotal } = queue.sample();
    assert.deepEqual([backlog, active, arrivalsTotal], [4, 6, 10]);
    assert.deepEqual(Object.values(busy), [3, 3]);
    assert.deepEqual(
      Object.keys(busy).sort(),
      pods(cluster).map(({ metadata }) => metadata.name),
    );
    run(cluster, 10);
    assert.deepEqual([queue.sample().active, queue.stats.completed], [4, 6]);
    run(cluster, 10);
    assert.deepEqual([queue.stats.completed, queue.done], [10, true]);
    assert.ok(Math.abs((queue.waitSeconds(1) ?? 0) - 10) < 0.1);
    assert.equal(queue.waitSeconds(0.5), 0);
  });

  test('tells the age of the oldest, and wakes who listens when a quiet queue gets a job', () => {
    const [cluster, queue] = queued(0, { arrivals: burstAt(startMs + 20_000, 5) });
    const heard: number[] = [];
    queue.onArrival(() => heard.push(cluster.now() - startMs));
    run(cluster, 30);
    assert.deepEqual(heard, [20_000]);
    assert.equal(queue.sample().oldestAgeSeconds, 10);
    assert.equal(queue.sample().backlog, 5);
  });

  test('holds everything back while it is paused', () => {
    const [cluster, queue] = queued(2);
    queue.setPaused(true);
    queue.add(4);
    run(cluster, 30);
    assert.deepEqual([queue.sample().backlog, queue.sample().active], [4, 0]);
    queue.setPaused(false);
    assert.equal(queue.sample().active, 2);
  });

  test('loses no job to a graceful end: the worker finishes what it has', () => {
    const [cluster, queue] = queued(2);
    run(cluster, 5);
    queue.add(2);
    scale(cluster, 0);
    run(cluster, 5);
    assert.deepEqual([queue.workers, pods(cluster).length], [0, 2]);
    run(cluster, 6);
    assert.deepEqual([queue.stats.completed, queue.stats.stalled, pods(cluster).length], [2, 0, 0]);
  });

  test('finds jobs of a killed worker a lock and a look later, and puts them first', () => {
    const [cluster, queue] = queued(2, { serviceMs: constant(60_000) });
    run(cluster, 5);
    queue.add(3);
    run(cluster, 1);
    cluster.vmNodes.remove('vm-1');
    assert.deepEqual([queue.sample().active, queue.workers], [2, 1]);
    // The living worker looks 30 s and 60 s after it started; the first look suspects, the second takes back.
    // Meanwhile the replacement of the lost pod has taken the job that waited.
    run(cluster, 53);
    assert.deepEqual([queue.stats.stalled, queue.sample().active, queue.workers], [0, 3, 2]);
    run(cluster, 2);
    assert.deepEqual([queue.stats.stalled, queue.sample().backlog], [1, 1]);
    run(cluster, 200);
    assert.deepEqual([queue.stats.completed, queue.stats.restarted, queue.stats.failed], [3, 1, 0]);
  });

  test('leaves jobs active while no worker lives', () => {
    const [cluster, queue] = queued(1, {}, {});
    run(cluster, 5);
    queue.add(1);
    scale(cluster, 0);
    const [pod] = pods(cluster);
    cluster.vmNodes.remove(pod?.spec.nodeName ?? '');
    run(cluster, 300);
    assert.deepEqual([queue.sample().active, queue.workers], [1, 0]);
    scale(cluster, 1);
    run(cluster, 25);
    assert.deepEqual([queue.workers, queue.stats.stalled], [1, 0], 'the first look only suspects');
    run(cluster, 35);
    assert.deepEqual([queue.stats.stalled, queue.stats.completed], [1, 1]);
  });

  test('finds a job at the first look after its lock ran out, where a look before has seen it unrenewed', () => {
    const [cluster, queue] = queued(2, { serviceMs: constant(600_000) });
    run(cluster, 5);
    queue.add(2);
    // Renewed 15 s after the start, at 20 s; looked at 30 s; dead at 34 s; the lock runs out at 50 s.
    run(cluster, 29);
    cluster.vmNodes.remove('vm-0');
    run(cluster, 25);
    assert.equal(queue.stats.stalled, 0);
    run(cluster, 2);
    assert.equal(queue.stats.stalled, 1);
  });

  test('gives no job to a pod that ends before its worker is up', () => {
    const [cluster, queue] = queued(1, { workerStartMs: constant(10_000) });
    run(cluster, 5);
    scale(cluster, 0);
    run(cluster, 20);
    queue.add(1);
    assert.deepEqual([queue.workers, queue.sample().backlog, pods(cluster).length], [0, 1, 0]);
  });

  test('loses a job that stalls too often', () => {
    const [cluster, queue] = queued(2, { maxStalled: 0, serviceMs: constant(600_000) });
    run(cluster, 5);
    queue.add(2);
    cluster.vmNodes.remove('vm-0');
    run(cluster, 120);
    assert.deepEqual([queue.stats.stalled, queue.stats.failed], [1, 1]);
  });

  test('stalls the jobs of a worker on the virtual node, where the grace period is ignored', () => {
    const [cluster, queue] = queued(
      1,
      {},
      {
        virtualNodes: [{ settings: { startMs: constant(0) } }],
        objects: [deployment(1, { pod: onVirtualNode })],
      },
    );
    run(cluster, 5);
    queue.add(1);
    scale(cluster, 0);
    run(cluster, 40);
    assert.deepEqual([queue.stats.completed, queue.sample().active], [0, 1]);
  });

  test('tries failed jobs again, at the end or after a delay, and gives them up at last', () => {
    const [cluster, queue] = queued(1, {
      failureShare: 1,
      attempts: 2,
      retryDelayMs: 5000,
      serviceMs: constant(1000),
    });
    run(cluster, 5);
    queue.add(1);
    run(cluster, 2);
    assert.deepEqual([queue.sample().delayed, queue.stats.failed], [1, 0]);
    run(cluster, 6);
    assert.deepEqual([queue.stats.failed, queue.stats.completed, queue.done], [1, 0, true]);
    assert.equal(queue.sample().completionsTotal, 1);
  });

  test('waits as queueing theory says: M/M/4 at 75 % load', () => {
    const random = createRandom('mm4');
    const [cluster, queue] = queued(4, {
      serviceMs: exponential(1000),
      arrivals: poisson(3, startMs + 10_000, startMs + 100_010_000, random),
      objectiveMs: 1000,
    });
    run(cluster, 100_100);
    // Erlang C for 4 servers and 3 erlangs: 0.5094 wait; the wait is exponential with rate 1 a second.
    const beyondOneSecond = 1 - queue.stats.within / queue.stats.started;
    assert.ok(Math.abs(beyondOneSecond - 0.5094 * Math.exp(-1)) < 0.01, String(beyondOneSecond));
    assert.ok(Math.abs((queue.waitSeconds(0.95) ?? 0) - Math.log(0.5094 / 0.05)) < 0.1);
  });
});
