import { setTimeout as sleep } from 'node:timers/promises';
import { drainable } from '@spillway/worker';
import { Worker } from 'bullmq';

/** The job itself: put your own work here. */
async function makeThumbnail(job) {
  await sleep(3000);
  return { of: job.data.image };
}

const worker = new Worker(process.env.QUEUE ?? 'thumbnails', makeThumbnail, {
  connection: { url: process.env.REDIS_URL, maxRetriesPerRequest: null },
  // Jobs carry the name of the worker that runs them: so Spillway knows which pods are busy.
  name: process.env.POD_NAME,
  // Completed jobs are counted in Redis, a number a minute: so Spillway measures how long jobs take.
  metrics: { maxDataPoints: 60 },
  // As workerConcurrency in the policy.
  concurrency: 1,
});

worker.on('error', (error) => console.error(error.message));
worker.on('failed', (job, error) => console.error(`job ${job?.id} failed: ${error.message}`));

// Spillway can empty this worker before its pod goes. On SIGTERM it takes no new job, ends those that run, and exits.
drainable(worker, {
  exit: true,
  onDraining: () => console.log('draining'),
  onDrained: () => console.log('drained'),
  onResumed: () => console.log('working again'),
});
