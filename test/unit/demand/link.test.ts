import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { freePort, startRedis, type TestRedis } from '../../redis.ts';
import { bullmqFeed, demandOn, hurriedClock } from './harness.ts';

const password = 'p@ss/word+';
let redis: TestRedis;
let client: Redis;
const queues: Queue[] = [];
before(async () => {
  redis = await startRedis(['--requirepass', password]);
  client = new Redis(redis.port, '127.0.0.1', { password });
  client.on('error', () => undefined);
});
test.afterEach(async () => {
  for (const queue of queues.splice(0)) await queue.close();
});
after(async () => {
  client.disconnect();
  await redis.stop();
});

const urlOf = (port: number, secret = password) => `redis://:${encodeURIComponent(secret)}@127.0.0.1:${port}`;

async function queueOf(name: string): Promise<Queue> {
  const queue = new Queue(name, { connection: { host: '127.0.0.1', port: redis.port, password } });
  queues.push(queue);
  await queue.waitUntilReady();
  return queue;
}

async function connections(): Promise<string[]> {
  const list = String(await client.client('LIST'));
  return list
    .split('\n')
    .filter((line) => line.includes('name=spillway-'))
    .toSorted();
}

/** Reads the statistics of the server's commands. */
async function calls(command: string): Promise<number> {
  const info = await client.info('commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(info)?.[1] ?? 0);
}

/** Resolves when the blocker waits, in a later block than the first `ended` ones. */
async function blocked(ended = 0): Promise<void> {
  for (;;) {
    const line = (await connections()).find((each) => each.includes('name=spillway-blocker'));
    const waits = line?.includes('cmd=xread') === true && line.includes('flags=b');
    if (waits && (ended === 0 || (await calls('xread')) > ended)) return;
  }
}

test('one event wakes a quiet queue, without any polling in between', async (t) => {
  const queue = await queueOf('wakes');
  const listener = demandOn(t, urlOf(redis.port)).listen(bullmqFeed('wakes'));
  await listener.ok();
  await blocked();
  await listener.ok();
  const before = listener.count;
  const addedAt = performance.now();
  const heard = listener.ok((s) => s.backlog === 1);
  await queue.add('j', {});
  await heard;
  t.diagnostic(`${(performance.now() - addedAt).toFixed(1)} ms from add() to the sample`);
  assert.equal(listener.count, before + 1, 'the next sample is that of the event');
});

test('what comes while the queue is not blocked on still wakes it: ids are kept', async (t) => {
  await queueOf('kept');
  const demand = demandOn(t, urlOf(redis.port));
  const listener = demand.listen(bullmqFeed('kept'));
  await listener.ok();
  await blocked();
  // The blocker is cut off, and the event comes before it is back.
  const killed = (await connections()).map((line) => /id=(\d+)/.exec(line)?.[1] ?? '');
  for (const id of killed) await client.client('KILL', 'ID', id);
  await client.xadd('bull:kept:events', '*', 'event', 'added');
  await client.lpush('bull:kept:wait', '1');
  assert.equal((await listener.ok((s) => s.backlog === 1)).backlog, 1);
});

test('a queue that is added while another is waited for is waited for too', async (t) => {
  const demand = demandOn(t, urlOf(redis.port));
  await queueOf('first');
  await demand.listen(bullmqFeed('first')).ok();
  await blocked();
  const second = await queueOf('second');
  const ended = await calls('xread');
  const listener = demand.listen(bullmqFeed('second'));
  await listener.ok();
  await blocked(ended);
  const before = listener.count;
  const heard = listener.ok((s) => s.backlog === 1);
  await second.add('j', {});
  await heard;
  assert.equal(listener.count, before + 1, 'the next sample is that of the event');
});

test('a key that becomes another type while it is waited for takes no other queue with it', async (t) => {
  const demand = demandOn(t, urlOf(redis.port));
  const [fine] = [await queueOf('fine'), await queueOf('spoilt')];
  const listeners = ['fine', 'spoilt'].map((name) => demand.listen(bullmqFeed(name)));
  await Promise.all(listeners.map((listener) => listener.ok()));
  await blocked();
  await client.set('bull:spoilt:events', 'text');
  const heard = listeners[0]?.ok((s) => s.backlog === 1);
  await fine.add('j', {});
  await heard;
  // The next block meets the spoilt key.
  assert.equal((await listeners[1]?.lost())?.code, 'QUEUE_WRONG_TYPE');
  const ended = await calls('xread');
  const drained = listeners[0]?.ok((s) => s.backlog === 0);
  await fine.drain();
  await drained;
  await blocked(ended - 1);
  const again = listeners[0]?.ok((s) => s.backlog === 1);
  await fine.add('j', {});
  await again;
  await client.del('bull:spoilt:events');
});

test('any number of sources share two connections to a Redis, and close them after the last', async (t) => {
  const demand = demandOn(t, urlOf(redis.port));
  await queueOf('a');
  await queueOf('b');
  const a = demand.listen(bullmqFeed('a'));
  const b = demand.listen(bullmqFeed('b'));
  await Promise.all([a.ok(), b.ok()]);
  await blocked();
  const names = (await connections()).map((line) => /name=(\S+)/.exec(line)?.[1]);
  assert.deepEqual(
    names.map(String).toSorted((a, b) => a.localeCompare(b)),
    ['spillway-blocker', 'spillway-sampler'],
  );
  await a.stop();
  assert.equal((await connections()).length, 2);
  await b.stop();
  while ((await connections()).length > 0);
  assert.equal(demand.secrets.watched, 0);
});

test('a Redis that goes away is lost and comes back by itself', async (t) => {
  await client.hset('bull:back:meta', 'opts.maxLenEvents', 1);
  const listener = demandOn(t, urlOf(redis.port)).listen(bullmqFeed('back'));
  const good = await listener.ok();
  await redis.kill();
  const lost = await listener.lost();
  assert.equal(lost.code, 'REDIS_UNREACHABLE');
  assert.ok(lost.sinceMs >= good.atMs);
  await redis.restart();
  await client.hset('bull:back:meta', 'opts.maxLenEvents', 1);
  assert.equal((await listener.ok((s) => s.atMs > lost.atMs)).backlog, 0);
});

test('a wrong password is lost with a sentence that holds neither password nor address', async (t) => {
  const { listen } = demandOn(t, urlOf(redis.port, 'wrong-secret'));
  const lost = await listen(bullmqFeed('a')).lost();
  assert.equal(lost.code, 'REDIS_AUTH_FAILED');
  assert.doesNotMatch(lost.message, /wrong-secret|WRONGPASS|127\.0\.0\.1/);
  assert.match(lost.message, /Secret redis /);
});

test('a rotated Secret is picked up, and the old connections are closed', async (t) => {
  await queueOf('rotated');
  const demand = demandOn(t, urlOf(redis.port, 'old'));
  const listener = demand.listen(bullmqFeed('rotated'));
  assert.equal((await listener.lost()).code, 'REDIS_AUTH_FAILED');
  demand.secrets.set('redis', { url: urlOf(redis.port) });
  await listener.ok();
  const other = await startRedis();
  t.after(() => other.stop());
  const there = new Redis(other.port, '127.0.0.1');
  await there.hset('bull:rotated:meta', 'opts.maxLenEvents', 1);
  await there.lpush('bull:rotated:wait', '1', '2');
  there.disconnect();
  demand.secrets.set('redis', { url: other.url });
  await listener.ok((s) => s.backlog === 2);
  while ((await connections()).length > 0);
  demand.secrets.set('redis', undefined);
  assert.equal((await listener.lost()).code, 'SECRET_NOT_FOUND');
});

test('a server that accepts and never answers is lost, and its connections are closed', async (t) => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => undefined));
    socket.resume();
  }).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  const address = silent.address();
  assert.ok(address !== null && typeof address === 'object');
  const { listen, demand } = demandOn(t, `redis://127.0.0.1:${address.port}`, hurriedClock);
  assert.equal((await listen(bullmqFeed('a')).lost()).code, 'REDIS_UNREACHABLE');
  await demand.close();
  while (sockets.size > 0) await once([...sockets][0] ?? silent, 'close');
});

test('closing ends every watch, also where nothing listens', async (t) => {
  const { listen, demand, secrets } = demandOn(t, `redis://127.0.0.1:${await freePort()}`);
  const listener = listen(bullmqFeed('a'));
  assert.equal((await listener.lost()).code, 'REDIS_UNREACHABLE');
  await demand.close();
  await listener.stop();
  assert.equal(secrets.watched, 0);
  const after = listen(bullmqFeed('b'));
  await after.stop();
  assert.equal(after.count, 0);
});

test('a metadata address is refused, also where only its resolution leads there', async (t) => {
  for (const host of ['169.254.169.254', '2852039166', '0xa9fea9fe']) {
    const lost = await demandOn(t, `redis://${host}:80`).listen(bullmqFeed('a')).lost();
    assert.equal(lost.code, 'REDIS_ADDRESS_REFUSED', host);
    assert.doesNotMatch(lost.message, /169|2852|0xa9/);
  }
});

test('a user who may only read is enough, and one who may not is told so', async (t) => {
  await queueOf('acl');
  const rights = [
    'on',
    '>reading',
    '~bull:*',
    '-@all',
    '+@read',
    '+eval',
    '+evalsha',
    '+client|id',
    '+client|unblock',
  ];
  await client.call('ACL', 'SETUSER', 'reader', ...rights);
  await client.call('ACL', 'SETUSER', 'nobody', 'on', '>reading', '-@all');
  const url = (user: string) => `redis://${user}:reading@127.0.0.1:${redis.port}`;
  const listener = demandOn(t, url('reader')).listen(bullmqFeed('acl'));
  await listener.ok();
  assert.equal((await demandOn(t, url('nobody')).listen(bullmqFeed('acl')).lost()).code, 'REDIS_FORBIDDEN');
});

test('a server that becomes a replica is connected to anew, blocker and sampler', async (t) => {
  await client.hset('bull:over:meta', 'opts.maxLenEvents', 1);
  const listener = demandOn(t, urlOf(redis.port)).listen(bullmqFeed('over'));
  await listener.ok();
  await blocked();
  const ids = async () => (await connections()).map((line) => /id=(\d+)/.exec(line)?.[1]);
  const before = await ids();
  await client.replicaof('127.0.0.1', 1);
  let now = await ids();
  while (now.length < 2 || now.some((id) => before.includes(id))) now = await ids();
  await client.replicaof('NO', 'ONE');
  const heard = listener.ok((s) => s.backlog === 1);
  await client.multi().lpush('bull:over:wait', '1').xadd('bull:over:events', '*', 'event', 'added').exec();
  await heard;
});
