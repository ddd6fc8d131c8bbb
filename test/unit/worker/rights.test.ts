import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { drainArguments, drainScript } from '../../../src/demand/drain-script.ts';
import { drainSignal } from '../../../src/worker/index.ts';
import { sceneFor } from './scene.ts';

/** Every `ACL SETUSER` line of the page, as the words after it. */
const users = [...readFileSync('docs/drain.md', 'utf8').matchAll(/^ACL SETUSER (\S+) (.+)$/gm)].map(
  ([, name = '', rights = '']) => ({ name, rights: rights.split(' ') }),
);

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

test("the rights of the page are enough for Spillway's half of the drain, and for no other writing", async (t) => {
  const scene = await sceneFor(t);
  const spillway = users.find(({ name }) => name === 'spillway-drain');
  assert.ok(spillway !== undefined);
  await scene.client.call('ACL', 'SETUSER', 'spillway', ...spillway.rights);
  const client = new Redis(scene.redis.port, {
    username: 'spillway',
    password: 'change-me',
    enableReadyCheck: false,
  });
  scene.atEnd(async () => client.disconnect());
  for (const base of ['bull:thumbnails:spillway:', '{jobs}:spillway:']) {
    const [keys, ...args] = drainArguments(base, new Map([['a', 'm1']]), new Map([['b', 'm0']]));
    await client.eval(drainScript.lua, Number(keys), ...args);
    assert.match((await scene.client.hget(`${base}marks`, 'a')) ?? '', /^m1 \d+$/);
  }
  await assert.rejects(client.hset('bull:thumbnails:meta', 'x', '1'), /NOPERM/);
});
