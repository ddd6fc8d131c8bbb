import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, startRedis, type TestRedis } from '../../redis.ts';

/** A real Sentinel that watches one master under the name `main`. */
export interface TestSentinel {
  readonly port: number;
  /** Speaks to it. */
  readonly client: Redis;
  /** Resolves when it has said this in its log, or as soon as it does. */
  readonly said: (event: string) => Promise<void>;
  /** Ends it at once; may be called twice. */
  stop(): Promise<void>;
}

/** A master and its replica besides. */
export interface TestSentinels extends TestSentinel {
  readonly master: TestRedis;
  readonly replica: TestRedis;
  /** Ends the Sentinel alone, at once. */
  sentinelDown(): Promise<void>;
}

/** @param options lines of its configuration after the first ones */
export async function startSentinel(
  masterPort: number,
  options: readonly string[] = [],
): Promise<TestSentinel> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'spillway-sentinel-'));
  const file = join(folder, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor main 127.0.0.1 ${masterPort} 1`,
    'sentinel down-after-milliseconds main 400',
    'sentinel failover-timeout main 3000',
    ...options,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const gone = once(child, 'exit');
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  const said = log(child);
  await said('+monitor master main');
  // It may want a password, which comes later.
  const client = new Redis(port, '127.0.0.1', { protocol: 2, enableReadyCheck: false });
  client.on('error', () => undefined);
  return {
    port,
    client,
    said,
    async stop() {
      process.removeListener('exit', kill);
      client.disconnect();
      kill();
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts all three, and waits until the Sentinel knows the replica. */
export async function startSentinels(): Promise<TestSentinels> {
  const quick = ['--repl-diskless-sync-delay', '0'];
  const master = await startRedis(quick);
  const replica = await startRedis(['--replicaof', '127.0.0.1', String(master.port), ...quick]);
  await inSync(replica);
  const sentinel = await startSentinel(master.port);
  await sentinel.said('+slave ');
  const known = async () => JSON.stringify(await sentinel.client.call('SENTINEL', 'REPLICAS', 'main'));
  while (!(await known()).includes('"master-link-status","ok"'));
  return {
    ...sentinel,
    master,
    replica,
    sentinelDown: () => sentinel.stop(),
    async stop() {
      await Promise.all([sentinel.stop(), master.stop(), replica.stop()]);
    },
  };
}

/** What a process writes, and waiting for a part of it. */
function log(child: ChildProcess): (part: string) => Promise<void> {
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += String(chunk);
  });
  return async (part) => {
    while (!text.includes(part)) await once(child.stdout ?? child, 'data');
  };
}

/** Resolves when the replica has all that its master has. */
async function inSync(replica: TestRedis): Promise<void> {
  const client = new Redis(replica.port, '127.0.0.1');
  while (!(await client.info('replication')).includes('master_link_status:up'));
  client.disconnect();
}
