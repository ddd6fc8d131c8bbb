import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import type { Feed } from '../../../src/policy/policy.ts';
import { startRedis, type TestRedis } from '../../redis.ts';
import { demandOn } from './harness.ts';

let server: TestRedis;
let client: Redis;
before(async () => {
  server = await startRedis();
  client = new Redis(server.port, '127.0.0.1');
});
after(async () => {
  client.disconnect();
  await server.stop();
});

const redis = { secretName: 'redis', urlKey: 'url', caKey: undefined };
const list = (key: string): Feed => ({ type: 'RedisList', key, redis });
const stream = (key: string): Feed => ({ type: 'RedisStream', key, group: 'workers', redis });

test('the length of a list is its backlog, and nothing else is known of it', async (t) => {
  const { listen } = demandOn(t, server.url);
  const listener = listen(list('work'));
  assert.equal((await listener.ok()).backlog, 0, 'an empty list is no key');
  await client.rpush('work', 'a', 'b', 'c');
  const sample = await listener.ok((s) => s.backlog === 3);
  assert.deepEqual(
    [sample.oldestAgeSeconds, sample.arrivalsTotal, sample.completionsTotal, sample.active],
    [undefined, undefined, undefined, 0],
  );
});

test('a stream is read through its group: unread is backlog, unacknowledged is active', async (t) => {
  await client.xgroup('CREATE', 'orders', 'workers', '$', 'MKSTREAM');
  const listener = demandOn(t, server.url).listen(stream('orders'));
  const empty = await listener.ok();
  assert.deepEqual([empty.backlog, empty.active, empty.oldestAgeSeconds], [0, 0, undefined]);
  for (const job of ['1', '2', '3']) await client.xadd('orders', '*', 'job', job);
  const arrived = await listener.ok((s) => s.backlog === 3);
  assert.equal(arrived.arrivalsTotal, 3);
  assert.ok((arrived.oldestAgeSeconds ?? -1) >= 0 && (arrived.oldestAgeSeconds ?? 99) < 5);
  await client.xreadgroup('GROUP', 'workers', 'pod-1', 'COUNT', 2, 'STREAMS', 'orders', '>');
  const active = await listener.ok((s) => s.active === 2);
  assert.deepEqual([active.backlog, active.completionsTotal], [1, 0]);
  const [first] = await client.xrange('orders', '-', '+', 'COUNT', 1);
  await client.xack('orders', 'workers', first?.[0] ?? '');
  const done = await listener.ok((s) => s.active === 1);
  assert.deepEqual([done.backlog, done.completionsTotal, done.arrivalsTotal], [1, 1, 3]);
});

test('where Redis does not tell the lag, the unread entries are counted', async (t) => {
  const ids: string[] = [];
  for (const job of ['1', '2', '3', '4']) ids.push((await client.xadd('torn', '*', 'job', job)) ?? '');
  await client.xgroup('CREATE', 'torn', 'workers', '0');
  await client.xdel('torn', ids[1] ?? '');
  const sample = await demandOn(t, server.url).listen(stream('torn')).ok();
  assert.equal(sample.backlog, 3);
});

test('a missing stream, a missing group and wrong types are lost, each with its own code', async (t) => {
  await client.set('text', 'x');
  await client.xadd('ungrouped', '*', 'job', '1');
  const { listen } = demandOn(t, server.url);
  const lost = [stream('none'), stream('ungrouped'), stream('text'), list('text')].map((feed) =>
    listen(feed).lost(),
  );
  assert.deepEqual(
    (await Promise.all(lost)).map(({ code }) => code),
    ['STREAM_NOT_FOUND', 'STREAM_GROUP_NOT_FOUND', 'STREAM_WRONG_TYPE', 'LIST_WRONG_TYPE'],
  );
});

test('a group made later is found', async (t) => {
  const listener = demandOn(t, server.url).listen(stream('late'));
  assert.equal((await listener.lost()).code, 'STREAM_NOT_FOUND');
  await client.xadd('late', '*', 'job', '1');
  await client.xgroup('CREATE', 'late', 'workers', '0');
  assert.equal((await listener.ok()).backlog, 1);
});
