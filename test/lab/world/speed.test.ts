import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poisson } from '../../../src/lab/world/arrivals.ts';
import { exponential } from '../../../src/lab/world/distribution.ts';
import { createRandom } from '../../../src/lab/world/random.ts';
import { deployment, pool, startMs, world } from './given.ts';

const dayMs = 86_400_000;

test('a day of a million jobs goes by in seconds', (context) => {
  const jobsPerSecond = 1_000_000 / 86_400;
  const cluster = world({
    pools: [pool({ nodes: 12 })],
    autoscaler: {},
    objects: [deployment(44)],
    queues: [
      {
        name: 'jobs',
        namespace: 'media',
        workers: { app: 'worker' },
        serviceMs: exponential(3000),
        arrivals: poisson(jobsPerSecond, startMs, startMs + dayMs, createRandom('arrivals')),
        objectiveMs: 60_000,
      },
    ],
  });
  const began = performance.now();
  cluster.runUntil(startMs + dayMs + 600_000);
  const queue = cluster.queues.get('jobs');
  assert.ok(queue?.done === true);
  assert.equal(queue.stats.completed, queue.stats.added);
  context.diagnostic(
    `${queue.stats.added} jobs in ${Math.round(performance.now() - began)} ms, p95 of waiting ${queue.waitSeconds(0.95)?.toFixed(2)} s, ${Math.round(process.memoryUsage().rss / 1e6)} MB resident`,
  );
});
