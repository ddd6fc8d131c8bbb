import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpillwayError } from '../errors.ts';
import { ensureProgram } from './programs.ts';

/** A Redis server of our own, for the demo and the tests. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Ends the server and removes what it left; resolves when it is gone. */
  stop(): Promise<void>;
  /** The same, at once, as a crash would end it. */
  kill(): Promise<void>;
}

/**
 * Makes sure that there is a `redis-server` to start. As root on Debian and its kin it is installed, and `say` is told
 * so first; elsewhere REDIS_SERVER_MISSING says how to get it.
 */
export async function ensureRedisServer(say: (line: string) => void): Promise<string> {
  const program = await ensureProgram('redis-server', 'redis-server', say);
  if (program === undefined) throw new SpillwayError('REDIS_SERVER_MISSING');
  return program;
}

export interface RedisServerOptions {
  /** Told what takes long. */
  readonly say?: (line: string) => void;
  /** A free one unless told. */
  readonly port?: number;
  /** More of its command line, such as `['--requirepass', 'secret']`. */
  readonly arguments?: readonly string[];
}

/** Starts a Redis that keeps nothing, on the loopback, and waits until it answers. It ends with this process. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const program = await ensureRedisServer(options.say ?? (() => {}));
  const port = options.port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'spillway-redis-'));
  const plain = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ];
  const server = spawn(program, [...plain, ...(options.arguments ?? [])], {
    stdio: ['ignore', 'pipe', 'ignore'],
    // In a group of its own: Ctrl-C reaches this process, which ends the server when nobody needs it any more.
    detached: true,
  });
  const gone = once(server, 'exit');
  const kill = (): void => void server.kill('SIGKILL');
  process.once('exit', kill);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    process.removeListener('exit', kill);
    server.kill(signal);
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await saysReady(server);
  } catch (error) {
    await end('SIGKILL');
    throw new SpillwayError('REDIS_SERVER_FAILED', { port }, error);
  }
  server.stdout.resume();
  return { port, url: `redis://127.0.0.1:${port}`, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

async function saysReady(server: ChildProcess): Promise<void> {
  let said = '';
  // The stream stays open: what the server says later is thrown away, but not refused.
  for await (const chunk of server.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    said += String(chunk);
    if (said.includes('Ready to accept connections')) return;
  }
  throw new Error('redis-server ended before it was ready');
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('the loopback gave no port');
  return address.port;
}
