import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { freePort, startRedis, type TestRedis } from '../../redis.ts';
import { bullmqFeed, demandOn, hurriedClock } from './harness.ts';
import { startProxy } from './proxy.ts';

// Every way in which a source is lost: with which code, how soon, and that it comes back by itself. Timers of
// Spillway ring twenty times as soon where a test would wait for a deadline or a sweep; bounds are those of real time.

let redis: TestRedis;
let client: Redis;
before(async () => {
  redis = await startRedis(['--enable-debug-command', 'yes']);
  client = new Redis(redis.port, '127.0.0.1');
  client.on('error', () => undefined);
});
test.beforeEach(async () => {
  await client.flushall();
  await client.hset('bull:q:meta', 'opts.maxLenEvents', 1);
});
after(async () => {
  client.disconnect();
  await redis.stop();
});

const timeout = { timeout: 9_000 };
const feed = bullmqFeed('q');

/** How long something takes, milliseconds. */
async function took(run: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await run();
  return performance.now() - startedAtMs;
}

async function proxyOf(t: TestContext, port = redis.port) {
  const proxy = await startProxy(port);
  t.after(() => proxy.close());
  return { proxy, url: `redis://127.0.0.1:${proxy.port}` };
}

test(
  'a Redis that is down at the start is lost at once, and read within 5 s of its start',
  timeout,
  async (t) => {
    const port = await freePort();
    const listener = demandOn(t, `redis://127.0.0.1:${port}`).listen(feed);
    assert.ok((await took(() => listener.lost('REDIS_UNREACHABLE'))) < 1_000);
    const late = await startRedis(['--port', String(port)]);
    t.after(() => late.stop());
    const there = new Redis(port, '127.0.0.1');
    t.after(() => there.disconnect());
    await there.hset('bull:q:meta', 'opts.maxLenEvents', 1);
    assert.ok((await took(() => listener.ok())) < 5_500);
  },
);

test('a Redis that dies is lost at once, though its queue was quiet', timeout, async (t) => {
  const own = await startRedis();
  t.after(() => own.stop());
  const there = new Redis(own.port, '127.0.0.1');
  there.on('error', () => undefined);
  t.after(() => there.disconnect());
  await there.hset('bull:q:meta', 'opts.maxLenEvents', 1);
  const listener = demandOn(t, own.url).listen(feed);
  await listener.ok();
  while (!String(await there.client('LIST')).includes('cmd=xread'));
  assert.ok((await took(async () => Promise.all([own.kill(), listener.lost('REDIS_UNREACHABLE')]))) < 1_000);
});

test(
  'a password that changes under Spillway is lost when it connects anew, until the Secret follows',
  timeout,
  async (t) => {
    await client.call('ACL', 'SETUSER', 'rotating', 'on', 'resetpass', '>one', '~*', '+@all');
    const url = (password: string) => `redis://rotating:${password}@127.0.0.1:${redis.port}`;
    const { listen, secrets } = demandOn(t, url('one'));
    const listener = listen(feed);
    await listener.ok();
    await client.call('ACL', 'SETUSER', 'rotating', 'resetpass', '>two');
    await client.call('CLIENT', 'KILL', 'USER', 'rotating');
    assert.ok((await took(() => listener.lost('REDIS_AUTH_FAILED'))) < 2_000);
    secrets.set('redis', { url: url('two') });
    assert.ok((await took(() => listener.ok())) < 1_000);
    // The other way round: the Secret is ahead of the server.
    secrets.set('redis', { url: url('three') });
    await listener.lost('REDIS_AUTH_FAILED');
    await client.call('ACL', 'SETUSER', 'rotating', 'resetpass', '>three');
    assert.ok((await took(() => listener.ok())) < 5_500);
  },
);

test('a queue that is deleted is lost by the next sweep, and not an empty one', timeout, async (t) => {
  const queue = new Queue('gone', { connection: { host: '127.0.0.1', port: redis.port } });
  t.after(() => queue.close());
  await queue.waitUntilReady();
  const listener = demandOn(t, redis.url, hurriedClock).listen(bullmqFeed('gone'));
  await listener.ok();
  await queue.obliterate();
  assert.ok((await took(() => listener.lost('QUEUE_NOT_FOUND'))) < 10_000 / 10);
  await client.hset('bull:gone:meta', 'opts.maxLenEvents', 1);
  await queue.add('j', {});
  assert.equal((await listener.ok()).backlog, 1);
});

test('a Secret that goes and comes back loses the source and brings it back, at once', timeout, async (t) => {
  const { listen, secrets } = demandOn(t, redis.url);
  const listener = listen(feed);
  await listener.ok();
  secrets.set('redis', undefined);
  assert.ok((await took(() => listener.lost('SECRET_NOT_FOUND'))) < 1_000);
  secrets.set('redis', {});
  await listener.lost('SECRET_KEY_MISSING');
  secrets.set('redis', { url: 'nonsense' });
  await listener.lost('REDIS_URL_INVALID');
  secrets.set('redis', { url: redis.url });
  assert.ok((await took(() => listener.ok())) < 1_000);
});

test(
  'a half-open connection is lost by sweep and deadline, 15 s at most, and read again when it heals',
  timeout,
  async (t) => {
    const { proxy, url } = await proxyOf(t);
    const listener = demandOn(t, url, hurriedClock).listen(feed);
    await listener.ok();
    proxy.be('silent');
    assert.ok((await took(() => listener.lost('REDIS_UNREACHABLE'))) < 15_000 / 10);
    await client.lpush('bull:q:wait', '1');
    proxy.be('open');
    await listener.ok((sample) => sample.backlog === 1);
  },
);

test('answers that take longer than 5 s are lost, and slow ones within that are not', timeout, async (t) => {
  const { proxy, url } = await proxyOf(t);
  const listener = demandOn(t, url, hurriedClock).listen(feed);
  await listener.ok();
  proxy.delay(50);
  const { count } = listener;
  await client.lpush('bull:q:wait', '1');
  while (listener.count < count + 5) await listener.until(() => true).then(() => client.ping());
  assert.ok(listener.all.every(({ state }) => state === 'ok'));
  proxy.delay(400);
  assert.ok((await took(() => listener.lost('REDIS_UNREACHABLE'))) < 5_000 / 10);
  proxy.delay(0);
  await listener.ok();
});

test('a Redis that loads its data is lost, with a code that says to wait', timeout, async (t) => {
  await client.eval("for i = 1, 3000 do redis.call('SET', 'k' .. i, string.rep('x', 100)) end", 0);
  const listener = demandOn(t, redis.url, hurriedClock).listen(feed);
  await listener.ok();
  await client.config('SET', 'loading-process-events-interval-bytes', '1024');
  await client.config('SET', 'key-load-delay', '300');
  t.after(() => client.config('SET', 'key-load-delay', '0'));
  const loaded = client.call('DEBUG', 'RELOAD');
  await listener.lost('REDIS_NOT_READY');
  await loaded;
  await listener.ok();
});

test('a Redis that is held up by a script is lost, until the script is killed', timeout, async (t) => {
  await client.config('SET', 'lua-time-limit', '20');
  t.after(() => client.config('SET', 'lua-time-limit', '5000'));
  const listener = demandOn(t, redis.url).listen(feed);
  await listener.ok();
  await client.lpush('bull:q:wait', '1');
  await listener.ok((sample) => sample.backlog === 1);
  const busy = new Redis(redis.port, '127.0.0.1');
  t.after(() => busy.disconnect());
  await busy.ping();
  const held = assert.rejects(busy.eval('while true do end', 0), /killed/);
  await listener.lost('REDIS_NOT_READY');
  await client.call('SCRIPT', 'KILL');
  await held;
  await listener.ok();
});

test('scripts that are flushed are loaded again, and no reading is lost', timeout, async (t) => {
  const listener = demandOn(t, redis.url).listen(feed);
  await listener.ok();
  await client.call('SCRIPT', 'FLUSH');
  await client.lpush('bull:q:wait', '1');
  await client.xadd('bull:q:events', '*', 'event', 'added');
  await listener.ok((sample) => sample.backlog === 1);
  assert.ok(listener.all.every(({ state }) => state === 'ok'));
});

test(
  'a Redis that takes no more clients is lost, and read within 5 s of taking them again',
  timeout,
  async (t) => {
    const full = await startRedis(['--maxclients', '1']);
    t.after(() => full.stop());
    const there = new Redis(full.port, '127.0.0.1');
    t.after(() => there.disconnect());
    await there.hset('bull:q:meta', 'opts.maxLenEvents', 1);
    const listener = demandOn(t, full.url).listen(feed);
    await listener.lost('REDIS_UNREACHABLE');
    await there.config('SET', 'maxclients', '10');
    assert.ok((await took(() => listener.ok())) < 5_500);
  },
);

test('a lost sample says since when there was no good one, however often it is lost', timeout, async (t) => {
  const { listen, secrets } = demandOn(t, redis.url);
  const listener = listen(feed);
  const good = await listener.ok();
  secrets.set('redis', undefined);
  const first = await listener.lost('SECRET_NOT_FOUND');
  secrets.set('redis', { url: `redis://127.0.0.1:${await freePort()}` });
  const second = await listener.lost('REDIS_UNREACHABLE');
  assert.ok(first.sinceMs >= good.atMs);
  assert.equal(second.sinceMs, first.sinceMs);
});
