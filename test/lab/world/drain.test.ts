import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { constant } from '../../../src/lab/world/distribution.ts';
import type { Queue, QueueSpec, World } from '../../../src/lab/world/types.ts';
import { deployment, pods, run, world } from './given.ts';

function queued(replicas: number, spec: Partial<QueueSpec> = {}): readonly [World, Queue, string] {
  const cluster = world({
    objects: [deployment(replicas)],
    queues: [
      {
        name: 'jobs',
        namespace: 'media',
        workers: { app: 'worker' },
        serviceMs: constant(10_000),
        drains: true,
        ...spec,
      },
    ],
  });
  const queue = cluster.queues.get('jobs');
  assert.ok(queue !== undefined);
  run(cluster, 5);
  return [cluster, queue, pods(cluster)[0]?.metadata.name ?? ''];
}

describe('a worker with the drain library', () => {
  test('finishes its jobs, takes no more and says so; the others go on', () => {
    const [cluster, queue, pod] = queued(2, { concurrency: 2 });
    queue.add(20);
    queue.mark(pod, 'm1');
    const report = () => queue.reports().find((each) => each.pod === pod);
    assert.deepEqual(report(), { pod, state: 'draining', mark: 'm1', busy: 2 });
    run(cluster, 10);
    assert.deepEqual(report(), { pod, state: 'drained', mark: 'm1', busy: 0 });
    assert.deepEqual([queue.stats.completed, queue.sample().active], [4, 2]);
    run(cluster, 100);
    assert.deepEqual([queue.stats.completed, queue.stats.restarted], [20, 0]);
  });

  test('works again with all its hands when the mark is lifted, busy or idle', () => {
    const [cluster, queue, pod] = queued(1, { concurrency: 3 });
    queue.add(4);
    queue.mark(pod, 'm1');
    run(cluster, 10);
    assert.deepEqual([queue.stats.completed, queue.sample().active], [3, 0]);
    queue.mark(pod, undefined);
    assert.equal(queue.sample().active, 1);
    assert.equal(queue.reports()[0]?.state, 'working');
    queue.add(2);
    assert.equal(queue.sample().active, 3);
  });

  test('is marked only where it has the library', () => {
    const [, queue, pod] = queued(1, { drains: false });
    queue.mark(pod, 'm1');
    queue.add(1);
    assert.equal(queue.sample().active, 1);
    assert.deepEqual(queue.reports(), []);
  });
});
