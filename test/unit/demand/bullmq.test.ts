import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Job, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { startRedis, type TestRedis } from '../../redis.ts';
import { bullmqFeed, demandOn } from './harness.ts';

let redis: TestRedis;
let client: Redis;
before(async () => {
  redis = await startRedis();
  client = new Redis(redis.port, '127.0.0.1');
});
after(async () => {
  client.disconnect();
  await redis.stop();
});

const closers: (() => Promise<void>)[] = [];
test.afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function queueOf(name: string): Queue {
  const queue = new Queue(name, { connection: { host: '127.0.0.1', port: redis.port } });
  closers.push(() => queue.close());
  return queue;
}

/** A worker whose jobs end when `finish` is called. */
function heldWorker(name: string, options: { pod?: string; metrics?: boolean; concurrency?: number } = {}) {
  const gates: (() => void)[] = [];
  const run = () => new Promise<void>((resolve) => gates.push(resolve));
  const worker = new Worker(name, run, {
    connection: { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null },
    concurrency: options.concurrency ?? 10,
    ...(options.pod === undefined ? {} : { name: options.pod }),
    ...(options.metrics === true ? { metrics: { maxDataPoints: 60 } } : {}),
  });
  const finish = () => gates.splice(0).forEach((open) => open());
  closers.push(async () => {
    const timer = setInterval(finish, 5);
    await worker.close();
    clearInterval(timer);
  });
  return { worker, finish };
}

test('waiting, prioritized and due delayed jobs are the backlog; those not due yet are not', async (t) => {
  const queue = queueOf('states');
  await queue.addBulk([
    { name: 'j', data: {} },
    { name: 'j', data: {}, opts: { jobId: 'custom' } },
    { name: 'j', data: {}, opts: { priority: 5 } },
    { name: 'j', data: {}, opts: { delay: 1 } },
    { name: 'j', data: {}, opts: { delay: 3_600_000 } },
  ]);
  const sample = await demandOn(t, redis.url)
    .listen(bullmqFeed('states'))
    .ok((s) => s.backlog === 4);
  assert.equal(sample.active, 0);
  assert.equal(sample.arrivalsTotal, 4, 'the job that is not due has not arrived');
  assert.equal(sample.completionsTotal, 0);
  assert.deepEqual([sample.paused, sample.rateLimited, sample.concurrencyLimit], [false, false, undefined]);
});

test('a delayed job is demand at the moment it is due, though nothing is written then', async (t) => {
  const queue = queueOf('delay');
  await queue.waitUntilReady();
  const listener = demandOn(t, redis.url).listen(bullmqFeed('delay'));
  await listener.ok();
  const addedAtMs = Date.now();
  await queue.add('j', {}, { delay: 700 });
  const sample = await listener.ok((s) => s.backlog === 1);
  const lateMs = sample.atMs - (addedAtMs + 700);
  assert.ok(lateMs >= -5 && lateMs < 1_500, `${lateMs} ms after it was due`);
  assert.equal(sample.arrivalsTotal, 1);
});

test('a paused queue has no backlog, and going on is not an arrival (v6)', async (t) => {
  const queue = queueOf('paused');
  await queue.addBulk([1, 2, 3].map((n) => ({ name: 'j', data: n })));
  await queue.pause();
  const listener = demandOn(t, redis.url).listen(bullmqFeed('paused'));
  const paused = await listener.ok();
  assert.deepEqual([paused.paused, paused.backlog, paused.arrivalsTotal], [true, 0, 3]);
  await queue.resume();
  const resumed = await listener.ok((s) => !s.paused);
  assert.deepEqual([resumed.backlog, resumed.arrivalsTotal], [3, 3]);
});

test('the layout of v5 keeps paused jobs in a list of their own', async (t) => {
  const key = (name: string) => `bull:five:${name}`;
  await client.hset(key('meta'), { 'opts.maxLenEvents': 10_000, version: 'bullmq:5.34.0', paused: 1 });
  await client.set(key('id'), 3);
  await client.rpush(key('paused'), '3', '2', '1');
  const listener = demandOn(t, redis.url).listen(bullmqFeed('five'));
  const paused = await listener.ok();
  assert.deepEqual([paused.paused, paused.backlog, paused.arrivalsTotal], [true, 0, 3]);
  await client
    .multi()
    .hdel(key('meta'), 'paused')
    .rename(key('paused'), key('wait'))
    .zadd(key('marker'), 0, '0')
    .xadd(key('events'), '*', 'event', 'resumed')
    .exec();
  const resumed = await listener.ok((s) => !s.paused);
  assert.deepEqual([resumed.backlog, resumed.arrivalsTotal, resumed.completionsTotal], [3, 3, 0]);
});

test('the queue tells its own limits', async (t) => {
  const queue = queueOf('limits');
  await queue.setGlobalConcurrency(4);
  await queue.setGlobalRateLimit(2, 2_000);
  await queue.addBulk([1, 2, 3].map((n) => ({ name: 'j', data: n })));
  const listener = demandOn(t, redis.url).listen(bullmqFeed('limits'));
  const before = await listener.ok();
  assert.deepEqual([before.concurrencyLimit, before.rateLimited], [4, false]);
  assert.ok(Math.abs((before.rateLimitPerSecond ?? 0) - 1) < 1e-9);
  heldWorker('limits');
  const limited = await listener.ok((s) => s.rateLimited);
  assert.deepEqual([limited.active, limited.backlog], [2, 1]);
});

test('jobs in work are counted, and by pod where workers are named after theirs', async (t) => {
  const queue = queueOf('busy');
  await queue.addBulk([1, 2, 3].map((n) => ({ name: 'j', data: n })));
  const { finish } = heldWorker('busy', { pod: 'worker-abc', concurrency: 2 });
  const listener = demandOn(t, redis.url).listen(bullmqFeed('busy'));
  const sample = await listener.ok((s) => s.busy['worker-abc'] === 2);
  assert.deepEqual([sample.active, sample.backlog], [2, 1]);
  const ending = setInterval(finish, 10);
  const done = await listener.ok((s) => s.backlog + s.active === 0).finally(() => clearInterval(ending));
  assert.deepEqual([done.busy, done.completionsTotal, done.arrivalsTotal], [{}, 3, 3]);
});

test('names are all there with the first job after a pause', async (t) => {
  const queue = queueOf('pause');
  await queue.waitUntilReady();
  const listener = demandOn(t, redis.url).listen(bullmqFeed('pause'));
  await listener.ok((s) => s.active === 0);
  for (let round = 0; round < 3; round += 1) {
    await client.hset(`bull:pause:job-${round}`, 'pb', 'worker-abc');
    await client
      .multi()
      .lpush('bull:pause:active', `job-${round}`)
      .xadd('bull:pause:events', '*', 'a', 'b')
      .exec();
    const first = await listener.ok((s) => s.active === 1);
    assert.deepEqual([first.busy, first.names], [{ 'worker-abc': 1 }, { atMs: first.atMs, whole: true }]);
    await client.del('bull:pause:active');
    await listener.ok((s) => s.active === 0);
  }
});

test('names that are not all are told as such, and a small queue has its turn beside a large one', async (t) => {
  const counts = { large: 1_001, small: 600, other: 600 };
  for (const [name, jobs] of Object.entries(counts)) {
    await queueOf(name).waitUntilReady();
    const pipeline = client.pipeline();
    for (let job = 0; job < jobs; job += 1) {
      pipeline.hset(`bull:${name}:${job}`, 'pb', `${name}-${job % 2}`).lpush(`bull:${name}:active`, job);
    }
    await pipeline.exec();
  }
  const demand = demandOn(t, redis.url);
  const listeners = Object.keys(counts).map((name) => demand.listen(bullmqFeed(name)));
  const [large, ...others] = await Promise.all(
    listeners.map((listener) => listener.ok((s) => Object.keys(s.busy).length === 2)),
  );
  assert.equal(large?.names?.whole, false);
  for (const sample of others) {
    assert.equal(sample.names?.whole, true);
    assert.deepEqual(Object.values(sample.busy), [300, 300]);
  }
});

for (const metrics of [true, false]) {
  test(`arrivals and ends are counted ${metrics ? 'with' : 'without'} metrics of the workers`, async (t) => {
    const name = `counted-${metrics}`;
    const queue = queueOf(name);
    const listener = demandOn(t, redis.url).listen(bullmqFeed(name));
    await queue.waitUntilReady();
    await listener.ok();
    const run = async (job: Job) => {
      if (job.name === 'fails') throw new Error('on purpose');
    };
    const worker = new Worker(name, run, {
      connection: { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null },
      ...(metrics ? { metrics: { maxDataPoints: 60 } } : {}),
    });
    closers.push(() => worker.close());
    const jobs = Array.from({ length: 50 }, (_, n) => ({ name: n % 10 === 0 ? 'fails' : 'works', data: n }));
    await queue.addBulk(jobs.map((job) => ({ ...job, opts: { removeOnComplete: true } })));
    const sample = await listener.ok((s) => (s.completionsTotal ?? 0) >= 50);
    assert.deepEqual([sample.completionsTotal, sample.arrivalsTotal], [50, 50]);
  });
}

test('the oldest age is that of the head: since it was added, became due, or was last tried', async (t) => {
  const demand = demandOn(t, redis.url);
  const age = async (queue: string) => (await demand.listen(bullmqFeed(queue)).ok()).oldestAgeSeconds ?? -1;
  const hourAgo = Date.now() - 3_600_000;
  await queueOf('old').add('j', {}, { timestamp: hourAgo });
  await queueOf('old').add('j', {});
  const late = queueOf('old-due');
  await late.add('j', {}, { timestamp: hourAgo, delay: 3_590_000 });
  const first = queueOf('old-prio');
  await first.add('j', {}, { timestamp: hourAgo, priority: 1 });
  const retried = queueOf('old-retried');
  await retried.add('j', {}, { timestamp: hourAgo, jobId: 'again' });
  await client.hset('bull:old-retried:again', 'processedOn', Date.now() - 60_000);
  const ages = await Promise.all(['old', 'old-due', 'old-prio', 'old-retried'].map(age));
  assert.deepEqual(
    ages.map((seconds) => Math.floor(seconds / 10)),
    [360, 1, 360, 6],
  );
});

test('a promoted delayed job has waited since it was due', async (t) => {
  const hourAgo = Date.now() - 3_600_000;
  const queue = queueOf('promoted');
  await queue.setGlobalConcurrency(1);
  await queue.add('hold', {});
  await queue.add('j', {}, { timestamp: hourAgo, delay: 3_590_000 });
  heldWorker('promoted');
  const sample = await demandOn(t, redis.url)
    .listen(bullmqFeed('promoted'))
    .ok((s) => s.active === 1 && s.backlog === 1);
  assert.equal(Math.floor((sample.oldestAgeSeconds ?? 0) / 10), 1);
});

test('a wrong name, a wrong type and a queue that vanishes are lost, each alone', async (t) => {
  const queue = queueOf('fine');
  const gone = queueOf('gone');
  await queue.add('j', {});
  await gone.add('j', {});
  await client.set('bull:typed:wait', 'text');
  await client.hset('bull:typed:meta', 'opts.maxLenEvents', 1);
  await client.set('bull:typed-events:events', 'text');
  await client.hset('bull:typed-events:meta', 'opts.maxLenEvents', 1);
  const demand = demandOn(t, redis.url);
  const fine = demand.listen(bullmqFeed('fine'));
  const vanishing = demand.listen(bullmqFeed('gone'));
  const lost = ['nowhere', 'typed', 'typed-events'].map((name) => demand.listen(bullmqFeed(name)).lost());
  const codes = (await Promise.all(lost)).map(({ code }) => code);
  assert.deepEqual(codes, ['QUEUE_NOT_FOUND', 'QUEUE_WRONG_TYPE', 'QUEUE_WRONG_TYPE']);
  assert.equal((await fine.ok()).backlog, 1);
  const known = await vanishing.ok();
  await gone.obliterate();
  const vanished = await vanishing.lost();
  assert.equal(vanished.code, 'QUEUE_NOT_FOUND');
  assert.ok(vanished.sinceMs >= known.atMs, 'since the last good reading');
  await queue.add('j', {});
  assert.equal((await fine.ok((s) => s.backlog === 2)).backlog, 2);
});
