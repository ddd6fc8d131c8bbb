import { setTimeout as sleep } from 'node:timers/promises';
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

// BullMQ does not listen to signals itself. close() takes no new job and waits for those that run.
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    await worker.close();
    process.exit(0);
  });
}
