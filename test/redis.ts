import { startRedisServer } from '../src/commands/redis-server.ts';

export { freePort } from '../src/commands/redis-server.ts';

/** A real redis-server of a test's own. */
export interface TestRedis {
  readonly port: number;
  /** `redis://127.0.0.1:<port>`. */
  readonly url: string;
  /** Ends it at once and loses all its data, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again, empty, on the same port. */
  restart(): Promise<void>;
  /** Ends it; also to be called after `kill`. */
  stop(): Promise<void>;
}

/**
 * Starts a redis-server on a free loopback port, without persistence; resolves when it accepts connections.
 * @param more of its command line, such as `['--requirepass', 'secret']`
 */
export async function startRedis(more: readonly string[] = []): Promise<TestRedis> {
  let server = await startRedisServer({ arguments: more });
  const { port, url } = server;
  return {
    port,
    url,
    kill: () => server.kill(),
    stop: () => server.kill(),
    async restart() {
      await server.kill();
      server = await startRedisServer({ port, arguments: more });
    },
  };
}
