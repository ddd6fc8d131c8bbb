import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { startRedis, type TestRedis } from '../../redis.ts';
import { drainOn } from './drains.ts';
import { bullmqFeed } from './harness.ts';

let redis: TestRedis;
let client: Redis;
before(async () => {
  redis = await startRedis();
  client = new Redis(redis.port, '127.0.0.1');
  client.on('error', () => undefined);
});
test.afterEach(async () => {
  await client.flushall();
});
after(async () => {
  client.disconnect();
  await redis.stop();
});

const timeout = { timeout: 8_000 };
const feed = bullmqFeed('q');
const marksKey = 'bull:q:spillway:marks';

test('marks stand again after a restart that lost them, by themselves', timeout, async (t) => {
  const own = await startRedis();
  t.after(() => own.stop());
  const drain = drainOn(t, own.url, feed);
  drain.mark({ 'pod-1': 'm1' });
  await drain.marked();
  await own.kill();
  const lost = await drain.lost('REDIS_UNREACHABLE');
  assert.deepEqual([lost.state, lost.workers, lost.markedAtMs], ['lost', [], undefined]);
  drain.mark({ 'pod-2': 'm2' });
  await own.restart();
  await drain.marked();
  const there = new Redis(own.port, '127.0.0.1');
  assert.deepEqual(Object.keys(await there.hgetall(marksKey)), ['pod-2']);
  // Lost so quickly that nobody saw it: the next reading writes it all the same.
  await there.flushall();
  while ((await there.hlen(marksKey)) === 0);
  there.disconnect();
});

test('a Secret that goes takes the drain with it, and brings it back', timeout, async (t) => {
  const drain = drainOn(t, redis.url, feed);
  drain.mark({ 'pod-1': 'm1' });
  await drain.marked();
  drain.secrets.set('redis', undefined);
  const lost = await drain.lost('SECRET_NOT_FOUND');
  assert.match(lost.problem?.message ?? '', /Secret redis /);
  drain.secrets.set('redis', { url: redis.url });
  await drain.marked();
});

test('a user who may not write cannot drain, and reads demand as before', timeout, async (t) => {
  const reading = ['on', '>pw', '~bull:*', '-@all', '+@read', '+eval', '+evalsha', '+client|id'];
  await client.call('ACL', 'SETUSER', 'reader', ...reading);
  await client.hset('bull:q:meta', 'opts.maxLenEvents', 1);
  const drain = drainOn(t, `redis://reader:pw@127.0.0.1:${redis.port}`, feed);
  const demand = drain.listen(feed);
  await demand.ok();
  drain.mark({ 'pod-1': 'm1' });
  const lost = await drain.lost('REDIS_DRAIN_FORBIDDEN');
  assert.match(lost.problem?.message ?? '', /\+hset \+hdel \+pexpire \+time on ~bull:q:spillway:\*/);
  await client.lpush('bull:q:wait', '1');
  await demand.ok((sample) => sample.backlog === 1);
  assert.ok(demand.all.every(({ state }) => state === 'ok'));
  await client.call('ACL', 'SETUSER', 'reader', '+hset', '+hdel', '+pexpire', '+time');
  await drain.marked();
});

test('keys beside the list that are not granted take no demand with them', timeout, async (t) => {
  const rights = ['on', '>pw', '~jobs', '-@all', '+@read', '+eval', '+evalsha', '+hset', '+hdel', '+time'];
  await client.call('ACL', 'SETUSER', 'lister', ...rights);
  await client.rpush('jobs', 'a');
  const list = {
    type: 'RedisList',
    key: 'jobs',
    redis: { secretName: 'redis', urlKey: 'url', caKey: undefined },
  } as const;
  const drain = drainOn(t, `redis://lister:pw@127.0.0.1:${redis.port}`, list);
  await drain.lost('REDIS_DRAIN_FORBIDDEN');
  const demand = drain.listen(list);
  assert.equal((await demand.ok()).backlog, 1);
  await client.call('ACL', 'SETUSER', 'lister', '~{jobs}:spillway:*', '+pexpire');
  await drain.heard.until(({ state }) => state === 'ok');
});

test('a Redis without memory takes no marks, says so, and demand is read on', timeout, async (t) => {
  const full = await startRedis();
  t.after(() => full.stop());
  const there = new Redis(full.port, '127.0.0.1');
  t.after(() => there.disconnect());
  await there.hset('bull:q:meta', 'opts.maxLenEvents', 1);
  const drain = drainOn(t, full.url, feed);
  const demand = drain.listen(feed);
  await there.config('SET', 'maxmemory', '1');
  drain.mark({ 'pod-1': 'm1' });
  await drain.lost('REDIS_WRITE_REFUSED');
  await demand.ok();
  assert.ok(demand.all.every(({ state }) => state === 'ok'));
  await there.config('SET', 'maxmemory', '0');
  await drain.marked();
});

test('a server that becomes a replica is left by those that only read lists, too', timeout, async (t) => {
  const own = await startRedis();
  t.after(() => own.stop());
  const there = new Redis(own.port, '127.0.0.1');
  t.after(() => there.disconnect());
  const list = {
    type: 'RedisList',
    key: 'jobs',
    redis: { secretName: 'redis', urlKey: 'url', caKey: undefined },
  } as const;
  const drain = drainOn(t, own.url, list);
  await drain.heard.until(({ state }) => state === 'ok');
  const sampler = async () =>
    /id=(\d+)[^\n]* name=spillway-sampler/.exec(String(await there.client('LIST')))?.[1];
  const before = await sampler();
  await there.replicaof('127.0.0.1', 1);
  await drain.lost('REDIS_WRITE_REFUSED');
  let now = await sampler();
  while (now === undefined || now === before) now = await sampler();
  // A URL that leads to a replica is connected to once: it is read all the same.
  const calls = async () =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await there.info('commandstats'))?.[1] ?? 0);
  const enough = (await calls()) + 3;
  while ((await calls()) < enough);
  assert.equal(await sampler(), now);
  await there.replicaof('NO', 'ONE');
  await drain.heard.until(({ state }) => state === 'ok');
});
