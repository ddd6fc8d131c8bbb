import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { drainSignal } from '../../../src/worker/index.ts';
import { drainOn } from '../demand/drains.ts';
import { bullmqFeed } from '../demand/harness.ts';
import { sceneFor } from './scene.ts';

/** Every `ACL SETUSER` line of the page, as the words after it. */
function usersOf(page: string) {
  return [...readFileSync(page, 'utf8').matchAll(/^ACL SETUSER (\S+) (.+)$/gm)].map(
    ([, name = '', rights = '']) => ({ name, rights: rights.split(' ') }),
  );
}

const users = usersOf('docs/drain.md');

test('the rights of the page are enough for a worker to report, and without them it is told what is missing', async (t) => {
  const scene = await sceneFor(t);
  const worker = users.find(({ name }) => name === 'worker-drain');
  assert.ok(worker !== undefined);
  await scene.client.call('ACL', 'SETUSER', 'worker', ...worker.rights);
  await scene.client.call('ACL', 'SETUSER', 'nobody', 'on', '>change-me', '~*', '-@all', '+info');
  const said: string[] = [];
  for (const [username, pod] of [
    ['worker', 'a'],
    ['nobody', 'b'],
  ] as const) {
    const client = new Redis(scene.redis.port, { username, password: 'change-me', enableReadyCheck: false });
    const drain = drainSignal({
      client,
      key: 'jobs',
      podName: pod,
      intervalMs: 50,
      signals: false,
      log: (message) => said.push(message),
    });
    scene.atEnd(async () => {
      await drain.close();
      client.disconnect();
    });
  }
  await scene.mark('{jobs}:spillway:', 'a');
  await scene.reported('{jobs}:spillway:', 'a', ({ state }) => state === 'drained');
  assert.deepEqual(said, [
    'Spillway: b cannot be drained while Redis is not heard: its user may not run the drain script: give it the rights of docs/drain.md.',
  ]);
});

test('the rights of the page let Spillway read every kind of source and mark its workers, and write nothing else', {
  timeout: 10_000,
}, async (t) => {
  const scene = await sceneFor(t);
  const spillway = users.find(({ name }) => name === 'spillway');
  assert.ok(spillway !== undefined);
  const there = usersOf('docs/sources.md').find(({ rights }) => rights.includes('+hset'));
  assert.deepEqual(there, spillway, 'both pages give the same line');
  await scene.client.call('ACL', 'SETUSER', 'spillway', ...spillway.rights);
  await scene.client.hset('bull:thumbnails:meta', 'opts.maxLenEvents', 1);
  await scene.client.rpush('jobs', 'a');
  await scene.client.xgroup('CREATE', 'orders', 'workers', '$', 'MKSTREAM');
  await scene.client.xadd('orders', '*', 'order', '1');
  const redis = { secretName: 'redis', urlKey: 'url', caKey: undefined };
  for (const [feed, base, backlog] of [
    [bullmqFeed('thumbnails'), 'bull:thumbnails:spillway:', 0],
    [{ type: 'RedisList', key: 'jobs', redis }, '{jobs}:spillway:', 1],
    [{ type: 'RedisStream', key: 'orders', group: 'workers', redis }, '{orders}:spillway:', 1],
  ] as const) {
    const drain = drainOn(t, `redis://spillway:change-me@127.0.0.1:${scene.redis.port}`, feed);
    const demand = drain.listen(feed);
    await demand.ok((sample) => sample.backlog === backlog);
    drain.mark({ a: 'm1' });
    await drain.marked();
    assert.match((await scene.client.hget(`${base}marks`, 'a')) ?? '', /^m1 \d+$/);
  }

  const client = new Redis(scene.redis.port, {
    username: 'spillway',
    password: 'change-me',
    enableReadyCheck: false,
  });
  scene.atEnd(async () => client.disconnect());
  for (const write of [
    ['HSET', 'bull:thumbnails:meta', 'x', '1'],
    ['HDEL', 'bull:thumbnails:1', 'data'],
    ['PEXPIRE', 'bull:thumbnails:wait', '1'],
    ['PEXPIRE', 'jobs', '1'],
    ['LPOP', 'jobs'],
    ['DEL', 'orders'],
    ['EVAL', "return redis.call('HSET', KEYS[1], 'x', '1')", '1', 'bull:thumbnails:meta'],
  ] as const) {
    const [command, ...args] = write;
    await assert.rejects(client.call(command, ...args), /NOPERM|can't access/, write.join(' '));
  }
});
