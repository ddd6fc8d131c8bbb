import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import type { WorkersSample } from '../../../src/demand/drain.ts';
import { freePort, startRedis, type TestRedis } from '../../redis.ts';
import { bullmqFeed, demandOn, Heard, requestOf } from './harness.ts';
import { startProxy } from './proxy.ts';
import { startSentinel, startSentinels } from './sentinels.ts';

const timeout = { timeout: 20_000 };
const feed = bullmqFeed('q');
const urlOf = (...ports: readonly number[]) =>
  `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/main`;

async function sentinelsOf(t: TestContext) {
  const running = await startSentinels();
  t.after(() => running.stop());
  return running;
}

function clientOf(t: TestContext, { port }: Pick<TestRedis, 'port'>): Redis {
  const client = new Redis(port, '127.0.0.1');
  client.on('error', () => undefined);
  t.after(() => client.disconnect());
  return client;
}

/** A queue with so many jobs, on the replica too. */
async function fill(master: Redis, jobs: number): Promise<void> {
  await master.hset('bull:q:meta', 'opts.maxLenEvents', 1);
  await master.lpush('bull:q:wait', ...Array.from({ length: jobs }, (_, i) => String(i)));
  await master.wait(1, 5_000);
}

test(
  'after the master has died, its replica is read: lost for a while, and never a wrong number',
  timeout,
  async (t) => {
    const { master, replica, port, said } = await sentinelsOf(t);
    await fill(clientOf(t, master), 7);
    const { demand, listen } = demandOn(t, urlOf(port));
    const workers = new Heard<WorkersSample>((signal) => demand.workers(requestOf(feed), signal));
    demand.mark(requestOf(feed), new Map([['pod-1', 'm1']]));
    const listener = listen(feed);
    await listener.ok((sample) => sample.backlog === 7);
    await workers.until(({ markedAtMs }) => markedAtMs !== undefined);
    const diedAtMs = performance.now();
    await master.kill();
    await listener.lost();
    await said('+switch-master');
    const switchedAtMs = performance.now();
    await listener.ok();
    const tookMs = performance.now() - switchedAtMs;
    t.diagnostic(
      `${(switchedAtMs - diedAtMs).toFixed(0)} ms until the switch, ${tookMs.toFixed(0)} ms after it`,
    );
    assert.ok(tookMs < 6_000);
    for (const sample of listener.all) assert.ok(sample.state === 'lost' || sample.backlog === 7);
    // The marks go on, where the replica lost them too.
    const promoted = clientOf(t, replica);
    await workers.until(({ state }) => state === 'ok');
    assert.equal((await promoted.hkeys('bull:q:spillway:marks')).join(), 'pod-1');
  },
);

test(
  'a failover on demand moves both connections to the new master, also while the old one goes on',
  timeout,
  async (t) => {
    const { master, replica, port, client: sentinel, said } = await sentinelsOf(t);
    const old = clientOf(t, master);
    await fill(old, 3);
    const listener = demandOn(t, urlOf(port)).listen(feed);
    await listener.ok();
    const promoted = clientOf(t, replica);
    await sentinel.call('SENTINEL', 'FAILOVER', 'main');
    await said('+switch-master');
    const names = async () =>
      String(await promoted.client('LIST'))
        .match(/name=spillway-\w+/g)
        ?.toSorted();
    while ((await names())?.join() !== 'name=spillway-blocker,name=spillway-sampler');
    await promoted.lpush('bull:q:wait', 'one more');
    await listener.ok((sample) => sample.backlog === 4);
    for (const sample of listener.all) assert.ok(sample.state === 'lost' || sample.backlog >= 3);
  },
);

test(
  'a master that is cut off, and still answers, is left when the Sentinels name another',
  timeout,
  async (t) => {
    const { port, client: sentinel, master } = await sentinelsOf(t);
    await fill(clientOf(t, master), 3);
    const listener = demandOn(t, urlOf(port)).listen(feed);
    await listener.ok();
    const other = await startRedis();
    t.after(() => other.stop());
    await clientOf(t, other).hset('bull:q:meta', 'opts.maxLenEvents', 1);
    await clientOf(t, other).lpush('bull:q:wait', 'a', 'b', 'c', 'd', 'e');
    await sentinel.call('SENTINEL', 'REMOVE', 'main');
    await sentinel.call('SENTINEL', 'MONITOR', 'main', '127.0.0.1', other.port, 1);
    const movedAtMs = performance.now();
    await listener.ok((sample) => sample.backlog === 5);
    assert.ok(performance.now() - movedAtMs < 4_000);
  },
);

test(
  'an old master that swallows every word is given up as soon as there is a new one',
  timeout,
  async (t) => {
    const [now, silent] = [await startRedis(), await startProxy(1)];
    silent.be('silent');
    const watching = await startSentinel(silent.port);
    t.after(() => Promise.all([now.stop(), silent.close(), watching.stop()]));
    await clientOf(t, now).hset('bull:q:meta', 'opts.maxLenEvents', 1);
    const listener = demandOn(t, urlOf(watching.port)).listen(feed);
    while (!/name=spillway/.test(String(await watching.client.client('LIST'))));
    await watching.client.call('SENTINEL', 'REMOVE', 'main');
    await watching.client.call('SENTINEL', 'MONITOR', 'main', '127.0.0.1', now.port, 1);
    const movedAtMs = performance.now();
    await listener.ok();
    assert.ok(performance.now() - movedAtMs < 3_000, 'well before the deadline of connecting');
  },
);

test('a replica that the Sentinel still takes for the master is not read', timeout, async (t) => {
  const { master, replica, port, client: sentinel } = await sentinelsOf(t);
  await fill(clientOf(t, master), 2);
  // Nobody fails over: the Sentinel alone sees a master that has become a replica.
  await sentinel.call('SENTINEL', 'SET', 'main', 'quorum', '5');
  await clientOf(t, master).replicaof('127.0.0.1', replica.port);
  const listener = demandOn(t, urlOf(port)).listen(feed);
  assert.equal((await listener.lost()).code, 'REDIS_NOT_READY');
  await clientOf(t, master).replicaof('NO', 'ONE');
  await listener.ok();
});

test('a master that turns into a replica under a reading is lost with that reading', timeout, async (t) => {
  const { master, replica, port, client: sentinel } = await sentinelsOf(t);
  const client = clientOf(t, master);
  await fill(client, 2);
  await sentinel.call('SENTINEL', 'SET', 'main', 'quorum', '5');
  const listener = demandOn(t, urlOf(port)).listen(feed);
  await listener.ok();
  await client.replicaof('127.0.0.1', replica.port);
  const count = listener.count;
  await listener.lost('REDIS_NOT_READY');
  // What was in the mailbox already may be good; nothing is that was read later.
  assert.ok(listener.all.slice(count + 1).every(({ state }) => state === 'lost'));
});

test(
  'Sentinels that are down take no working Redis with them, and one that is up is enough',
  timeout,
  async (t) => {
    const running = await sentinelsOf(t);
    const { master, port } = running;
    const client = clientOf(t, master);
    await fill(client, 1);
    const listener = demandOn(t, urlOf(await freePort(), port, await freePort())).listen(feed);
    await listener.ok();
    await running.sentinelDown();
    await client.lpush('bull:q:wait', 'another');
    await listener.ok((sample) => sample.backlog === 2);
    const late = demandOn(t, urlOf(port)).listen(feed);
    assert.equal((await late.lost()).code, 'REDIS_SENTINEL_UNREACHABLE');
  },
);

test(
  'a wrong name, a wrong password and a refused address each have a code of their own',
  timeout,
  async (t) => {
    const master = await startRedis();
    const watching = await startSentinel(master.port, ['requirepass s3ntinel+']);
    t.after(() => Promise.all([watching.stop(), master.stop()]));
    const { port, client: sentinel } = watching;
    await sentinel.auth('s3ntinel+');
    const client = clientOf(t, master);
    await client.hset('bull:q:meta', 'opts.maxLenEvents', 1);
    const { secrets, listen } = demandOn(t, urlOf(port));
    const listener = listen(feed);
    assert.equal((await listener.lost()).code, 'REDIS_SENTINEL_REFUSED');
    const query = '?sentinelPassword=s3ntinel+';
    secrets.set('redis', { url: urlOf(port) + query });
    await listener.ok();
    secrets.set('redis', { url: urlOf(port).replace('main', 'other') + query });
    const unknown = await listener.lost('REDIS_SENTINEL_MASTER_UNKNOWN');
    assert.doesNotMatch(unknown.message, /s3ntinel|127\.0\.0\.1/);
    await sentinel.call('SENTINEL', 'MONITOR', 'other', '169.254.169.254', 6379, 1);
    await listener.lost('REDIS_ADDRESS_REFUSED');
  },
);

test(
  'the rights that the documentation names are enough, for the Sentinels and for the master',
  timeout,
  async (t) => {
    const master = await startRedis();
    const watching = await startSentinel(master.port);
    t.after(() => Promise.all([watching.stop(), master.stop()]));
    const client = clientOf(t, master);
    await client.hset('bull:q:meta', 'opts.maxLenEvents', 1);
    const reading = ['~bull:*', '-@all', '+@read', '+eval', '+evalsha', '+client|id', '+client|unblock'];
    const draining = ['+hset', '+hdel', '+pexpire', '+time'];
    await client.call('ACL', 'SETUSER', 'spillway', 'on', '>pw', ...reading, ...draining);
    await watching.client.call('ACL', 'SETUSER', 'watcher', 'on', '>pw', '-@all', '+sentinel|master');
    const url = `redis+sentinel://spillway:pw@127.0.0.1:${watching.port}/main?sentinelUsername=watcher&sentinelPassword=pw`;
    const { demand, listen } = demandOn(t, url);
    const listener = listen(feed);
    await listener.lost('REDIS_FORBIDDEN');
    await client.call('ACL', 'SETUSER', 'spillway', '+role');
    await listener.ok();
    const workers = new Heard<WorkersSample>((signal) => demand.workers(requestOf(feed), signal));
    demand.mark(requestOf(feed), new Map([['pod-1', 'm1']]));
    await workers.until(({ markedAtMs }) => markedAtMs !== undefined);
  },
);

test('the newest answer holds: a Sentinel that was cut off names an old master', timeout, async (t) => {
  const old = await startRedis();
  const now = await startRedis();
  t.after(() => Promise.all([old.stop(), now.stop()]));
  for (const [server, jobs] of [
    [old, 1],
    [now, 2],
  ] as const) {
    await clientOf(t, server).hset('bull:q:meta', 'opts.maxLenEvents', 1);
    await clientOf(t, server).lpush('bull:q:wait', ...Array.from({ length: jobs }, String));
  }
  const stale = await startSentinel(old.port, ['sentinel config-epoch main 3']);
  const fresh = await startSentinel(now.port, ['sentinel config-epoch main 4']);
  t.after(() => Promise.all([stale.stop(), fresh.stop()]));
  const { listen, demand } = demandOn(t, urlOf(stale.port, fresh.port));
  assert.equal((await listen(feed).ok()).backlog, 2);
  // Closing closes what leads to the Sentinels too.
  const asking = async () => /name=spillway/.test(String(await fresh.client.client('LIST')));
  assert.equal(await asking(), true);
  await demand.close();
  while (await asking());
});
