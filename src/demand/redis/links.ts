import type { Clock } from '../../clock.ts';
import type { Endpoint } from './endpoint.ts';
import { RedisLink } from './link.ts';
import type { Probe } from './probe.ts';
import type { Call, Script } from './script.ts';

/** What those get who speak to a Redis and do not only read it. */
export interface Line {
  readonly call: Call;
  /** To be told that a server which took writes takes none any more. */
  readonly failedOver: () => void;
}

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
    const { link, release } = this.#hold(endpoint);
    const remove = link.add(probe);
    return () => {
      remove();
      release();
    };
  }

  /** Speaks to `endpoint` over the connections that are read with, until `release` is called. */
  open(endpoint: Endpoint): Line & { readonly release: () => void } {
    const { link, release } = this.#hold(endpoint);
    return { call: link.call, failedOver: () => link.failedOver(), release };
  }

  /** Resolves when every link that was let go is closed. */
  async closed(): Promise<void> {
    await Promise.all(this.#closing);
  }

  #hold(endpoint: Endpoint): { readonly link: RedisLink; readonly release: () => void } {
    const shared = this.#shared.get(endpoint.id) ?? {
      link: new RedisLink(endpoint, this.#script, this.#clock, this.#random),
      users: 0,
    };
    this.#shared.set(endpoint.id, shared);
    shared.users += 1;
    const release = () => {
      shared.users -= 1;
      if (shared.users === 0) this.#close(endpoint.id, shared);
    };
    return { link: shared.link, release };
  }

  #close(id: string, shared: Shared): void {
    this.#shared.delete(id);
    const closing = shared.link.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
