import type { Clock } from '../../clock.ts';
import { Blocker } from './blocker.ts';
import { doorTo } from './door.ts';
import type { Endpoint } from './endpoint.ts';
import type { Probe } from './probe.ts';
import { Sampler } from './sampler.ts';
import type { Call, Script } from './script.ts';

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
    const door = doorTo(endpoint, clock, signal);
    const blocker: Blocker = new Blocker(
      {
        open: (name) => door.open(name),
        unblock: async (clientId) => {
          await this.#sampler.call('CLIENT', ['UNBLOCK', clientId]);
        },
        failedOver: () => this.failedOver(),
      },
      clock,
      random,
      signal,
    );
    this.#sampler = new Sampler(
      {
        open: (name) => door.open(name),
        verify: (connection) => door.verify(connection),
        watch: (stream, afterId, wake) => blocker.watch(stream, afterId, wake),
        unwatch: (stream, wake) => blocker.unwatch(stream, wake),
        covers: (stream) => blocker.covers(stream),
      },
      script,
      clock,
      random,
      signal,
    );
    this.#running = Promise.all([blocker.run(), this.#sampler.run(), door.run()]);
  }

  /** Reads for `probe` until the returned function is called. */
  add(probe: Probe): () => void {
    return this.#sampler.add(probe);
  }

  /** Sends a command over the sampler's connection; rejects where there is none. */
  readonly call: Call = (command, args) => this.#sampler.call(command, args);

  /** Connects anew: a command met a server that has changed its role. */
  failedOver(): void {
    this.#sampler.reconnect();
  }

  /** Closes both connections; resolves when they are. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
