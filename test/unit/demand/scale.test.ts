import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { startRedis } from '../../redis.ts';
import { bullmqFeed, demandOn } from './harness.ts';

/** `SPILLWAY_TEST_QUEUES=10000` for the size that DESIGN.md names. */
const queues = Number(process.env['SPILLWAY_TEST_QUEUES'] ?? 1_000);
const idleMs = Number(process.env['SPILLWAY_TEST_IDLE_MS'] ?? 0);

test(`${queues} queues on one Redis are read over two connections, and each wakes by itself`, async (t) => {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const client = new Redis(redis.port, '127.0.0.1');
  t.after(() => client.disconnect());
  const pipeline = client.pipeline();
  for (let i = 0; i < queues; i += 1) {
    pipeline.hset(`bull:q${i}:meta`, 'opts.maxLenEvents', 10_000);
    pipeline.xadd(`bull:q${i}:events`, '*', 'event', 'added');
  }
  await pipeline.exec();

  const { listen, demand } = demandOn(t, redis.url);
  const startedAt = performance.now();
  const listeners = Array.from({ length: queues }, (_, i) => listen(bullmqFeed(`q${i}`)));
  await Promise.all(listeners.map((listener) => listener.ok()));
  t.diagnostic(`first sweep: ${(performance.now() - startedAt).toFixed(0)} ms`);

  if (idleMs > 0) {
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const [before, redisBefore] = [process.cpuUsage(), await redisCpuSeconds(client)];
    await new Promise((resolve) => setTimeout(resolve, idleMs));
    const { user, system } = process.cpuUsage(before);
    const redisSeconds = (await redisCpuSeconds(client)) - redisBefore;
    t.diagnostic(`idle: ${((user + system) / idleMs / 10).toFixed(1)} % of a core here`);
    t.diagnostic(`idle: ${((redisSeconds * 100_000) / idleMs).toFixed(1)} % of a core in redis-server`);
    t.diagnostic((await client.info('commandstats')).match(/cmdstat_(evalsha|xread).*/g)?.join('\n') ?? '');
  }

  for (const i of [0, Math.floor(queues / 2), queues - 1]) {
    const heard = listeners[i]?.ok((sample) => sample.backlog === 1);
    const addedAt = performance.now();
    await client
      .multi()
      .lpush(`bull:q${i}:wait`, '1')
      .xadd(`bull:q${i}:events`, '*', 'event', 'added')
      .exec();
    await heard;
    t.diagnostic(`queue ${i}: ${(performance.now() - addedAt).toFixed(1)} ms from the event to the sample`);
  }
  const mine = String(await client.client('LIST')).match(/name=spillway-/g);
  assert.equal(mine?.length, 2);
  await demand.close();
});

async function redisCpuSeconds(client: Redis): Promise<number> {
  const used = (await client.info('cpu')).matchAll(/used_cpu_(?:sys|user):([\d.]+)/g);
  return [...used].reduce((sum, [, seconds]) => sum + Number(seconds), 0);
}
