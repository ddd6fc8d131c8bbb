import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { Queue, QueueEvents } from 'bullmq';
import { startRedis } from '../../redis.ts';
import { unpackedLibrary } from '../worker/packed.ts';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/**
 * Puts into `node_modules` of a folder what npm would install for its package.json: the dependencies it lists, theirs,
 * and the peers that are not optional. Nothing else, so that what is not listed is missing.
 */
function installListed(folder: string): void {
  const read = (path: string): Manifest =>
    JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Manifest;
  const installed = new Set(['@spillway/worker']);
  const install = ({
    dependencies = {},
    peerDependencies = {},
    peerDependenciesMeta = {},
  }: Manifest): void => {
    const peers = Object.keys(peerDependencies).filter(
      (name) => peerDependenciesMeta[name]?.optional !== true,
    );
    for (const name of [...Object.keys(dependencies), ...peers]) {
      if (installed.has(name)) continue;
      installed.add(name);
      const place = join(folder, 'node_modules', name);
      mkdirSync(dirname(place), { recursive: true });
      symlinkSync(resolve('node_modules', name), place);
      install(read(place));
    }
  };
  install(read(folder));
}

test('the example worker is named after its pod, ends its job before SIGTERM ends it, and counts it', {
  timeout: 20_000,
}, async (t) => {
  const folder = unpackedLibrary(t);
  cpSync('docs/examples/worker/worker.js', join(folder, 'worker.js'));
  cpSync('docs/examples/worker/package.json', join(folder, 'package.json'));
  installListed(folder);
  const redis = await startRedis();
  const connection = { url: redis.url, maxRetriesPerRequest: null };
  const queue = new Queue('thumbnails', { connection });
  const events = new QueueEvents('thumbnails', { connection, lastEventId: '0' });
  await events.waitUntilReady();

  const env = { ...process.env, REDIS_URL: redis.url, POD_NAME: 'thumbnail-worker-x', QUEUE: 'thumbnails' };
  // Packages look for others beside the links, where only the listed ones are.
  const flags = ['--preserve-symlinks', '--preserve-symlinks-main'];
  const worker = spawn(process.execPath, [...flags, join(folder, 'worker.js')], { env, stdio: 'ignore' });
  t.after(async () => {
    worker.kill('SIGKILL');
    await Promise.all([queue.close(), events.close()]);
    await redis.stop();
  });
  const ended = once(worker, 'exit');
  const active = new Promise((resolve) => events.once('active', resolve));
  const { id = '' } = await queue.add('thumbnail', { image: 'a.png' });
  await active;
  worker.kill('SIGTERM');

  assert.deepEqual(await ended, [0, null]);
  const job = await queue.getJob(id);
  assert.equal(await job?.getState(), 'completed');
  assert.equal(job?.processedBy, 'thumbnail-worker-x');
  assert.equal((await queue.getMetrics('completed')).meta.count, 1);
});
