import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { systemClock } from '../../../src/clock.ts';
import { Blocker } from '../../../src/demand/redis/blocker.ts';
import { Connection } from '../../../src/demand/redis/connection.ts';
import { endpointOf } from '../../../src/demand/redis/endpoint.ts';
import { startRedis, type TestRedis } from '../../redis.ts';

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

const timeout = { timeout: 8_000 };

function blockerOf(t: { after(run: () => Promise<void>): void }) {
  const stop = new AbortController();
  const endpoint = endpointOf({ secretName: 's', urlKey: 'url', caKey: undefined }, { url: redis.url });
  const unblocked: number[] = [];
  const blocker = new Blocker(
    {
      open: (name, signal) =>
        Connection.open({ host: '127.0.0.1', port: redis.port }, endpoint, name, systemClock, signal),
      unblock: async (id) => {
        unblocked.push(id);
        await client.client('UNBLOCK', id);
      },
      failedOver: () => assert.fail('nothing failed over'),
    },
    systemClock,
    Math.random,
    stop.signal,
  );
  const running = blocker.run();
  t.after(async () => {
    stop.abort();
    await running;
  });
  const woken = (stream: string, afterId: string) =>
    new Promise<void>((resolve) => blocker.watch(stream, afterId, resolve));
  return { blocker, woken, unblocked };
}

test('an entry that came before the block wakes at once', timeout, async (t) => {
  const seen = (await client.xadd('early', '*', 'event', 'seen')) ?? '';
  await client.xadd('early', '*', 'event', 'new');
  await blockerOf(t).woken('early', seen);
});

test('an entry that comes while the connection is gone wakes when it is back', timeout, async (t) => {
  const { blocker, woken } = blockerOf(t);
  const waking = woken('cut', '0-0');
  while (!blocker.covers('cut')) await client.ping();
  await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await client.xadd('cut', '*', 'event', 'new');
  await waking;
});

test('a stream that is added during a block ends it and joins the next', timeout, async (t) => {
  const { blocker, woken, unblocked } = blockerOf(t);
  blocker.watch('quiet', '0-0', () => assert.fail('nothing happens there'));
  const blocking = () => client.client('LIST').then((list) => /cmd=xread/.test(String(list)));
  while (!(await blocking()));
  const waking = woken('joining', '0-0');
  while (!blocker.covers('joining')) await blocking();
  await client.xadd('joining', '*', 'event', 'new');
  await waking;
  assert.ok(unblocked.length >= 1);
});

test('two that wait for one stream are both woken, once, and one that left is not', timeout, async (t) => {
  const { blocker, woken } = blockerOf(t);
  const left = () => assert.fail('it left');
  const both = [woken('shared', '0-0'), woken('shared', '0-0')];
  blocker.watch('shared', '0-0', left);
  blocker.unwatch('shared', left);
  await client.xadd('shared', '*', 'event', 'new');
  await Promise.all(both);
  assert.equal(blocker.covers('shared'), false);
});

test('a key of another type wakes all, so that it is looked at and left out', timeout, async (t) => {
  await client.set('text', 'x');
  const { woken } = blockerOf(t);
  await Promise.all([woken('innocent', '0-0'), woken('text', '0-0')]);
});
