import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Queue, QueueEvents } from 'bullmq';
import { startRedis } from '../../redis.ts';
import { folderWithPackage } from '../worker/packed.ts';

test('the example worker is named after its pod, ends its job before SIGTERM ends it, and counts it', {
  timeout: 20_000,
}, async (t) => {
  const folder = folderWithPackage(t);
  cpSync('docs/examples/worker/worker.js', join(folder, 'worker.js'));
  cpSync('docs/examples/worker/package.json', join(folder, 'package.json'));
  const redis = await startRedis();
  const connection = { url: redis.url, maxRetriesPerRequest: null };
  const queue = new Queue('thumbnails', { connection });
  const events = new QueueEvents('thumbnails', { connection, lastEventId: '0' });
  await events.waitUntilReady();

  const env = { ...process.env, REDIS_URL: redis.url, POD_NAME: 'thumbnail-worker-x', QUEUE: 'thumbnails' };
  const worker = spawn(process.execPath, [join(folder, 'worker.js')], { env, stdio: 'ignore' });
  t.after(async () => {
    worker.kill('SIGKILL');
    await Promise.all([queue.close(), events.close()]);
    await redis.stop();
  });
  const ended = once(worker, 'exit');
  const active = new Promise((resolve) => events.once('active', resolve));
  const { id = '' } = await queue.add('thumbnail', { image: 'a.png' });
  await active;
  worker.kill('SIGTERM');

  assert.deepEqual(await ended, [0, null]);
  const job = await queue.getJob(id);
  assert.equal(await job?.getState(), 'completed');
  assert.equal(job?.processedBy, 'thumbnail-worker-x');
  assert.equal((await queue.getMetrics('completed')).meta.count, 1);
});
