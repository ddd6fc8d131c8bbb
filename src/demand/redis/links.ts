import type { Clock } from '../../clock.ts';
import type { Endpoint } from './endpoint.ts';
import { RedisLink } from './link.ts';
import type { Probe } from './probe.ts';
import type { Script } from './script.ts';

interface Shared {
  readonly link: RedisLink;
  users: number;
}

/** The links of a process, one for each Redis: made for the first source that reads there, closed after the last. */
export class RedisLinks {
  readonly #script: Script;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #shared = new Map<string, Shared>();
  readonly #closing = new Set<Promise<void>>();

  constructor(script: Script, clock: Clock, random: () => number) {
    this.#script = script;
    this.#clock = clock;
    this.#random = random;
  }

  /** Reads for `probe` at `endpoint` until the returned function is called. */
  attach(endpoint: Endpoint, probe: Probe): () => void {
    const shared = this.#shared.get(endpoint.id) ?? {
      link: new RedisLink(endpoint, this.#script, this.#clock, this.#random),
      users: 0,
    };
    this.#shared.set(endpoint.id, shared);
    shared.users += 1;
    const remove = shared.link.add(probe);
    return () => {
      remove();
      shared.users -= 1;
      if (shared.users === 0) this.#close(endpoint.id, shared);
    };
  }

  /** Resolves when every link that was let go is closed. */
  async closed(): Promise<void> {
    await Promise.all(this.#closing);
  }

  #close(id: string, shared: Shared): void {
    this.#shared.delete(id);
    const closing = shared.link.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
