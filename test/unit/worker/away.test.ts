import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { sceneFor } from './scene.ts';

for (const [what, consumer] of [
  [
    'Worker',
    `drainable(new Worker('idle', async () => undefined, { connection, name: 'a' }).on('error', () => undefined), options);`,
  ],
  [
    'loop over a list',
    `const client = new Redis(connection.port, connection).on('error', () => undefined);
     const blocking = client.duplicate().on('error', () => undefined);
     const drain = drainSignal({ ...options, client, key: 'jobs', podName: 'a' });
     const loop = async () => { while (!drain.closed) await drain.run(() => blocking.blpop('jobs', 2), async () => undefined); };
     void loop();`,
  ],
] as const) {
  for (const [when, seen] of [
    ['was never there', false],
    ['has gone', true],
  ] as const) {
    test(`an idle ${what} whose Redis ${when} ends on SIGTERM with 0, and says nothing of jobs`, async (t) => {
      const scene = await sceneFor(t);
      if (!seen) await scene.redis.kill();
      const text = `
        import { Worker } from 'bullmq';
        import { Redis } from 'ioredis';
        import { drainable, drainSignal } from ${JSON.stringify(resolve('src/worker/index.ts'))};
        const connection = { host: '127.0.0.1', port: ${scene.redis.port}, maxRetriesPerRequest: null };
        const options = { intervalMs: 100, exit: true, finishWithinMs: 30_000, log: (text) => console.log(text) };
        ${consumer}
        console.log('started');`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      t.after(() => child.kill('SIGKILL'));
      let said = '';
      child.stdout.on('data', (chunk) => (said += String(chunk)));
      const ended = once(child, 'exit');
      await once(child.stdout, 'data');
      if (seen) {
        await scene.reported(what === 'Worker' ? 'bull:idle:spillway:' : '{jobs}:spillway:', 'a', () => true);
        await scene.redis.kill();
      }
      const termAtMs = performance.now();
      child.kill('SIGTERM');
      assert.deepEqual(await ended, [0, null]);
      const tookMs = performance.now() - termAtMs;
      assert.ok(tookMs < 15_000, `${tookMs} ms`);
      assert.doesNotMatch(said, /jobs were left/);
    });
  }
}
