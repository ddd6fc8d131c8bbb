import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, type RedisServer, startRedisServer } from '../../src/commands/redis-server.ts';
import { waitFor } from '../cluster/wait-for.ts';
import { startSentinel, type TestSentinel } from '../unit/demand/sentinels.ts';

/** The name under which the Sentinel knows the group. */
const master = 'main';
/** A primary that is silent for so long is replaced, milliseconds: one that restarts at once is not. */
const downAfterMs = 3_000;

interface Member {
  readonly port: number;
  server: RedisServer;
}

/** Two Redis servers that keep what they are told on disk, a primary and its replica, and a Sentinel that watches them. */
export class RedisGroup {
  readonly #dir: string;
  readonly #members: readonly Member[];
  readonly #sentinel: TestSentinel;

  private constructor(dir: string, members: readonly Member[], sentinel: TestSentinel) {
    this.#dir = dir;
    this.#members = members;
    this.#sentinel = sentinel;
  }

  /** @param dir for the files of the servers */
  static async start(dir: string): Promise<RedisGroup> {
    const [first, second] = [await freePort(), await freePort()];
    const members = [
      { port: first, server: await startServer(dir, first) },
      { port: second, server: await startServer(dir, second, first) },
    ];
    await inSync(second);
    const sentinel = await startSentinel(first, [
      `sentinel down-after-milliseconds ${master} ${downAfterMs}`,
    ]);
    await sentinel.said('+slave ');
    return new RedisGroup(dir, members, sentinel);
  }

  /** For the Secret of a source. */
  get url(): string {
    return `redis+sentinel://127.0.0.1:${this.#sentinel.port}/${master}`;
  }

  /** For BullMQ. */
  get connection(): SentinelConnection {
    return { sentinels: [{ host: '127.0.0.1', port: this.#sentinel.port }], name: master };
  }

  /** The primary, as the Sentinel has it. */
  async primaryPort(): Promise<number> {
    const answer = await this.#sentinel.client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', master);
    return Number((answer as readonly string[])[1]);
  }

  /** Kills the primary; what is returned starts it again as what it was, with what it had written. */
  async killPrimary(): Promise<() => Promise<void>> {
    const member = await this.#primary();
    await member.server.kill();
    return async () => {
      member.server = await startServer(this.#dir, member.port);
    };
  }

  /** Kills the primary and waits until the replica has taken its place; what is returned brings it back as a replica. */
  async failOver(): Promise<() => Promise<void>> {
    const dead = await this.#primary();
    await dead.server.kill();
    const port = await waitFor('the replica to be the primary', async () => {
      const now = await this.primaryPort();
      return now !== dead.port && now;
    });
    return async () => {
      dead.server = await startServer(this.#dir, dead.port, port);
      await inSync(dead.port);
    };
  }

  async close(): Promise<void> {
    await this.#sentinel.stop();
    for (const { server } of this.#members) await server.kill();
  }

  async #primary(): Promise<Member> {
    const port = await this.primaryPort();
    const found = this.#members.find((member) => member.port === port);
    if (found === undefined) throw new Error(`There is no Redis on port ${port}.`);
    return found;
  }
}

export interface SentinelConnection {
  readonly sentinels: { readonly host: string; readonly port: number }[];
  readonly name: string;
}

async function startServer(dir: string, port: number, replicaOf?: number): Promise<RedisServer> {
  const own = join(dir, String(port));
  mkdirSync(own, { recursive: true });
  const kept = [
    '--dir',
    own,
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
    '--repl-diskless-sync-delay',
    '0',
  ];
  const of = replicaOf === undefined ? [] : ['--replicaof', '127.0.0.1', String(replicaOf)];
  return startRedisServer({ port, arguments: [...kept, ...of] });
}

/** Resolves when the replica has all that its primary has. */
async function inSync(port: number): Promise<void> {
  const client = new Redis(port, '127.0.0.1');
  client.on('error', () => {});
  await waitFor('the replica to be in step', async () =>
    (await client.info('replication')).includes('master_link_status:up'),
  ).finally(() => client.disconnect());
}
