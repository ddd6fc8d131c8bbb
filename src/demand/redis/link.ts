import type { Clock } from '../../clock.ts';
import { Blocker } from './blocker.ts';
import { Connection } from './connection.ts';
import type { Endpoint } from './endpoint.ts';
import type { Probe } from './probe.ts';
import { Sampler } from './sampler.ts';
import type { Script } from './script.ts';

/**
 * One Redis, and its two connections: a blocked connection cannot read (a second command waits until the block ends),
 * hence a blocker that is told when something happens, and a sampler that reads what.
 */
export class RedisLink {
  readonly #stop = new AbortController();
  readonly #sampler: Sampler;
  readonly #running: Promise<unknown>;

  constructor(endpoint: Endpoint, script: Script, clock: Clock, random: () => number) {
    const { signal } = this.#stop;
    const open = (name: string) => Connection.open(endpoint, name, clock, signal);
    const blocker: Blocker = new Blocker(
      {
        open,
        unblock: async (clientId) => {
          await this.#sampler.call('CLIENT', ['UNBLOCK', clientId]);
        },
        failedOver: () => this.#sampler.reconnect(),
      },
      clock,
      random,
      signal,
    );
    this.#sampler = new Sampler(
      {
        open,
        watch: (stream, afterId, wake) => blocker.watch(stream, afterId, wake),
        unwatch: (stream, wake) => blocker.unwatch(stream, wake),
        covers: (stream) => blocker.covers(stream),
      },
      script,
      clock,
      random,
      signal,
    );
    this.#running = Promise.all([blocker.run(), this.#sampler.run()]);
  }

  /** Reads for `probe` until the returned function is called. */
  add(probe: Probe): () => void {
    return this.#sampler.add(probe);
  }

  /** Closes both connections; resolves when they are. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
