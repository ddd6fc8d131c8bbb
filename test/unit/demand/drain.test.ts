import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { drainArguments, drainScript } from '../../../src/demand/drain-script.ts';
import { evaluate } from '../../../src/demand/redis/script.ts';
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
const workersKey = 'bull:q:spillway:workers';

async function serverMs(): Promise<number> {
  const [seconds, microseconds] = await client.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}

/** What a worker would write. */
async function report(pod: string, state: string, busy: number, mark = '', ageMs = 0): Promise<void> {
  const atMs = (await serverMs()) - ageMs;
  await client.hset(workersKey, pod, JSON.stringify({ state, mark, busy, atMs }));
}

/** The marks that stand, without their times. */
async function standing(): Promise<Record<string, string>> {
  const marks = await client.hgetall(marksKey);
  return Object.fromEntries(Object.entries(marks).map(([pod, value]) => [pod, value.split(' ')[0] ?? '']));
}

/** Lets time pass for a mark: it has only so long to live. */
async function leave(pod: string, mark: string, leftMs: number): Promise<string> {
  const value = `${mark} ${(await serverMs()) + leftMs}`;
  await client.hset(marksKey, pod, value);
  return value;
}

test('marks stand for a minute, and the answers of their workers are heard', timeout, async (t) => {
  const drain = drainOn(t, redis.url, feed);
  assert.equal((await drain.heard.until(({ state }) => state === 'ok')).markedAtMs, undefined);
  drain.mark({ 'pod-1': 'm1', 'pod-2': 'm2' });
  await drain.marked();
  assert.deepEqual(await standing(), { 'pod-1': 'm1', 'pod-2': 'm2' });
  const expiresMs = Number((await client.hget(marksKey, 'pod-1'))?.split(' ')[1]);
  const leftMs = expiresMs - (await serverMs());
  assert.ok(leftMs > 50_000 && leftMs <= 60_000, String(leftMs));
  assert.ok((await client.pttl(marksKey)) > 100_000);
  await report('pod-1', 'drained', 0, 'm1');
  await report('pod-2', 'draining', 3, 'm2');
  await report('pod-3', 'working', 1);
  assert.deepEqual((await drain.heard.until(({ workers }) => workers.length === 3)).workers, [
    { pod: 'pod-1', state: 'drained', mark: 'm1', busy: 0 },
    { pod: 'pod-2', state: 'draining', mark: 'm2', busy: 3 },
    { pod: 'pod-3', state: 'working', mark: undefined, busy: 1 },
  ]);
});

test(
  'what is no longer named is lifted, and a new mark takes the place of an old one',
  timeout,
  async (t) => {
    const drain = drainOn(t, redis.url, feed);
    drain.mark({ a: 'm1', b: 'm1' });
    await drain.marked();
    drain.mark({ b: 'm2' });
    await drain.marked();
    assert.deepEqual(await standing(), { b: 'm2' });
    drain.mark({});
    await drain.marked();
    assert.deepEqual(await standing(), {});
  },
);

test('a mark is renewed before it expires, and left alone while it has long to live', timeout, async (t) => {
  const drain = drainOn(t, redis.url, feed);
  drain.mark({ old: 'm', young: 'm' });
  await drain.marked();
  const young = await leave('young', 'm', 55_000);
  const old = await leave('old', 'm', 44_000);
  while ((await client.hget(marksKey, 'old')) === old);
  assert.equal(await client.hget(marksKey, 'young'), young);
});

test('a process that is gone lifts nothing: its marks expire', timeout, async (t) => {
  const gone = drainOn(t, redis.url, feed);
  gone.mark({ 'pod-1': 'm1' });
  await gone.marked();
  await gone.heard.stop();
  const { listen } = gone;
  await client.hset('bull:q:meta', 'opts.maxLenEvents', 1);
  await listen(feed).ok();
  assert.deepEqual(await standing(), { 'pod-1': 'm1' });
  const left = await leave('pod-1', 'm1', 20_000);
  const other = drainOn(t, redis.url, feed);
  other.mark({ 'pod-2': 'm2' });
  await other.marked();
  assert.equal(await client.hget(marksKey, 'pod-1'), left, 'nobody renews it');
  await leave('pod-1', 'm1', -1);
  while ((await client.hlen(marksKey)) > 1);
  assert.deepEqual(await standing(), { 'pod-2': 'm2' }, 'an expired one is swept');
});

test('two processes that mark workers of one queue leave those of the other alone', timeout, async (t) => {
  const [one, two] = [drainOn(t, redis.url, feed), drainOn(t, redis.url, feed)];
  one.mark({ a: 'm1', b: 'm1' });
  two.mark({ c: 'm2' });
  await Promise.all([one.marked(), two.marked()]);
  one.mark({ b: 'm1' });
  two.mark({});
  await Promise.all([one.marked(), two.marked()]);
  assert.deepEqual(await standing(), { b: 'm1' });
});

test('a mark that another process has put in the place of an own one is not lifted', timeout, async () => {
  const theirs = await leave('pod-1', 'theirs', 60_000);
  await leave('pod-2', 'ours', 60_000);
  const lifted = new Map([
    ['pod-1', 'ours'],
    ['pod-2', 'ours'],
  ]);
  const args = drainArguments('bull:q:spillway:', new Map(), lifted);
  await evaluate(drainScript, args, (command, all) => client.call(command, [...all]));
  assert.deepEqual(await client.hgetall(marksKey), { 'pod-1': theirs });
});

test(
  'a report counts while it is younger than 15 s, and is swept when it is very old',
  timeout,
  async (t) => {
    await report('young', 'drained', 0, 'm', 14_000);
    await report('old', 'drained', 0, 'm', 15_500);
    await report('ancient', 'drained', 0, 'm', 121_000);
    await client.hset(
      workersKey,
      'odd',
      'no JSON',
      'wrong',
      '{"state":"happy","busy":0,"atMs":99999999999999}',
    );
    const drain = drainOn(t, redis.url, feed);
    const { workers } = await drain.heard.until(({ state }) => state === 'ok');
    assert.deepEqual(
      workers.map(({ pod }) => pod),
      ['young'],
    );
    assert.equal(await client.hexists(workersKey, 'ancient'), 0);
    assert.equal(await client.hexists(workersKey, 'odd'), 1, 'what is not understood is left alone');
  },
);

test('a sample is given when something changed, and not at every reading', timeout, async (t) => {
  const drain = drainOn(t, redis.url, feed);
  drain.mark({ a: 'm1' });
  await drain.marked();
  const { count } = drain.heard;
  const read = async () =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0);
  const enough = (await read()) + 5;
  while ((await read()) < enough);
  assert.equal(drain.heard.count, count);
});

test('the drain opens no connection of its own', timeout, async (t) => {
  await client.hset('bull:q:meta', 'opts.maxLenEvents', 1);
  const drain = drainOn(t, redis.url, feed);
  await drain.heard.until(({ state }) => state === 'ok');
  await drain.listen(feed).ok();
  const names = async () =>
    String(await client.client('LIST'))
      .match(/name=spillway-\S*/g)
      ?.toSorted();
  while ((await names())?.length !== 2);
  assert.deepEqual(await names(), ['name=spillway-blocker', 'name=spillway-sampler']);
});

test('thousands of workers are marked and heard in one short call', timeout, async (t) => {
  const [pods, now] = [5_000, await serverMs()];
  const reports = Array.from({ length: pods }, (_, i) => [
    `thumbnail-worker-burst-7f9c4d5b6-${i}`,
    `{"state":"drained","mark":"mabc1234","busy":0,"atMs":${now}}`,
  ]);
  await client.hset(workersKey, ...reports.flat());
  const drain = drainOn(t, redis.url, feed);
  await drain.heard.until(({ workers }) => workers.length === pods);
  await client.config('RESETSTAT');
  const startedAtMs = performance.now();
  drain.mark(Object.fromEntries(reports.map(([pod]) => [pod, 'mabc1234'])));
  await drain.marked();
  const tookMs = performance.now() - startedAtMs;
  const stats = /cmdstat_evalsha:calls=\d+,usec=\d+,usec_per_call=([\d.]+)/.exec(
    await client.info('commandstats'),
  );
  const heldUpMs = Number(stats?.[1]) / 1_000;
  t.diagnostic(`${pods} marks in ${tookMs.toFixed(0)} ms, of which Redis ${heldUpMs.toFixed(1)} ms`);
  assert.equal(await client.hlen(marksKey), pods);
  assert.ok(tookMs < 1_000 && heldUpMs < 100);
});

test('a source that is not in Redis has no workers to hear, and its end is quick', timeout, async (t) => {
  const prometheus = {
    type: 'Prometheus',
    connection: 'main',
    query: 'up',
    arrivalRateQuery: undefined,
  } as const;
  const drain = drainOn(t, redis.url, prometheus);
  drain.mark({ a: 'm1' });
  await drain.heard.stop();
  assert.equal(drain.heard.count, 0);
});
