import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bullmqOn, eventually, sceneFor } from '../worker/scene.ts';
import { folderWithPackage } from '../worker/packed.ts';
import { drainable } from '../../../src/worker/index.ts';

/** The blocks of docs/drain.md in a language. */
function blocks(language: string): readonly string[] {
  const page = readFileSync('docs/drain.md', 'utf8');
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, text = '']) => text,
  );
}

test('the loops of the page work three at a time, outlive a Redis that goes, and end on SIGTERM', {
  timeout: 20_000,
}, async (t) => {
  const scene = await sceneFor(t);
  const folder = folderWithPackage(t);
  const loop = blocks('js').find((text) => text.includes('drainSignal'));
  assert.ok(loop !== undefined);
  writeFileSync(join(folder, 'loop.mjs'), loop);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const work = `export const work = async (job) => {
    if (job === 'bad') throw new Error('bad');
    await new Promise((resolve) => setTimeout(resolve, 200));
  };`;
  writeFileSync(join(folder, 'work.js'), work);
  const env = { ...process.env, REDIS_URL: scene.redis.url, POD_NAME: 'a' };
  const child = spawn(process.execPath, [join(folder, 'loop.mjs')], { env, stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  await scene.client.rpush('jobs', 'bad', 'one', 'two', 'three', 'four');
  const base = '{jobs}:spillway:';
  await eventually(async () => (await scene.client.llen('jobs')) === 0);
  await scene.redis.restart();
  await scene.reported(base, 'a', ({ state }) => state === 'working');
  await scene.client.rpush('jobs', 'after');
  await eventually(async () => (await scene.client.llen('jobs')) === 0);
  await scene.mark(base, 'a');
  await scene.reported(base, 'a', ({ state }) => state === 'drained');
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
});

test('the commands of the page mark a worker by hand, and lift the mark', async (t) => {
  const scene = await sceneFor(t);
  const { base, worker } = bullmqOn(scene, 'thumbnails');
  const handle = drainable(
    worker('thumbnail-worker-x', async () => undefined),
    { intervalMs: 50, signals: false, log: () => undefined },
  );
  await scene.reported(base, handle.podName, ({ state }) => state === 'working');
  const lines =
    blocks('sh')
      .find((text) => text.includes('by-hand'))
      ?.split('\n') ?? [];
  const run = (text: readonly string[]): string => {
    const there = text.join('\n').replaceAll('redis-cli ', `redis-cli -p ${scene.redis.port} `);
    return execFileSync('sh', ['-ec', there]).toString().trim();
  };
  run(lines.slice(0, 4));
  await scene.reported(base, handle.podName, ({ state, mark }) => state === 'drained' && mark === 'by-hand');
  assert.match(run(lines.slice(4, 5)), /^\{"state":"drained","mark":"by-hand","busy":0,"atMs":\d+\}$/);
  run([...lines.slice(0, 1), ...lines.slice(5)]);
  await scene.reported(base, handle.podName, ({ state }) => state === 'working');
});
