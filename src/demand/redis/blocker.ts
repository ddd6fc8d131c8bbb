import type { Clock } from '../../clock.ts';
import { Bell } from '../bell.ts';
import { backoffMs } from './backoff.ts';
import type { Connection } from './connection.ts';
import { isFailover, isWrongType } from './failure.ts';

/** What the blocker needs of the link that it is part of. */
export interface BlockerLink {
  open(name: string, signal: AbortSignal): Promise<Connection>;
  /** `CLIENT UNBLOCK`, sent over another connection; rejects where that is not possible. */
  unblock(clientId: number): Promise<void>;
  /** The server changed its role: connections of the link should be made anew. */
  failedOver(): void;
}

interface Watched {
  afterId: string;
  readonly wakes: Set<() => void>;
}

/** A block ends by itself after so long; without any answer by the deadline the connection is half open. */
const blockMs = 20_000;
const graceMs = 5_000;

/**
 * One connection that waits in `XREAD BLOCK` for an entry in any of the streams it was given. An entry is a wake-up and
 * not data: its stream is forgotten, and given again, with the id of the last entry seen, once it is quiet. Ids are
 * kept (never `$`), so that what comes between two blocks, or while the connection is gone, still wakes.
 */
export class Blocker {
  readonly #link: BlockerLink;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #signal: AbortSignal;
  readonly #streams = new Map<string, Watched>();
  readonly #changed: Bell;
  /** The streams of the block under way. */
  #covered: ReadonlySet<string> = new Set();
  #clientId: number | undefined;
  #unblocking = false;

  /** @param signal ends it and all that it waits for */
  constructor(link: BlockerLink, clock: Clock, random: () => number, signal: AbortSignal) {
    this.#link = link;
    this.#clock = clock;
    this.#random = random;
    this.#signal = signal;
    this.#changed = new Bell(clock);
  }

  /**
   * Calls `wake` once, at the first entry after `afterId`. The caller has seen that the key is a stream or does not
   * exist: a key of another type would fail the block for all.
   */
  watch(stream: string, afterId: string, wake: () => void): void {
    const watched = this.#streams.get(stream);
    if (watched !== undefined) {
      watched.wakes.add(wake);
      return;
    }
    this.#streams.set(stream, { afterId, wakes: new Set([wake]) });
    this.#changed.ring();
    void this.#takeIn();
  }

  /** Forgets it. The block under way goes on: an entry of a forgotten stream wakes nobody. */
  unwatch(stream: string, wake: () => void): void {
    const watched = this.#streams.get(stream);
    watched?.wakes.delete(wake);
    if (watched?.wakes.size === 0) this.#streams.delete(stream);
  }

  /** Whether an entry in the stream would be noticed now. */
  covers(stream: string): boolean {
    return this.#covered.has(stream);
  }

  /** Blocks until the signal aborts, connecting anew whenever the connection is lost; never rejects. */
  async run(): Promise<void> {
    const signal = this.#signal;
    let attempt = 0;
    while (!signal.aborted) {
      let connection: Connection | undefined;
      try {
        connection = await this.#link.open('spillway-blocker', signal);
        connection.closeOn(signal);
        connection.whenClosed(() => this.#changed.ring());
        this.#clientId = Number(await connection.call(graceMs, 'CLIENT', ['ID']));
        attempt = 0;
        await this.#block(connection);
      } catch (error) {
        // Why the Redis is lost is found and told by the sampler.
        if (isFailover(error)) this.#link.failedOver();
        if (isWrongType(error)) this.#wakeAll();
      } finally {
        this.#covered = new Set();
        this.#clientId = undefined;
        connection?.close();
      }
      attempt += 1;
      await this.#clock.sleep(backoffMs(attempt, this.#random), signal).catch(() => undefined);
    }
  }

  async #block(connection: Connection): Promise<void> {
    while (!this.#signal.aborted && connection.isOpen) {
      if (this.#streams.size === 0) {
        await this.#changed.wait(undefined, this.#signal);
        continue;
      }
      const streams = [...this.#streams.keys()];
      const ids = [...this.#streams.values()].map(({ afterId }) => afterId);
      this.#covered = new Set(streams);
      const options = ['COUNT', 1, 'BLOCK', blockMs, 'STREAMS'];
      const reply = await connection.call(blockMs + graceMs, 'XREAD', [...options, ...streams, ...ids]);
      this.#covered = new Set();
      for (const stream of streamsOf(reply)) this.#wake(stream);
      // A block over thousands of streams is dear to the server: a burst of wake-ups shares the next ones.
      if (this.#streams.size > 100) {
        await this.#clock.sleep(Math.min(100, this.#streams.size / 500), this.#signal);
      }
    }
  }

  /** Ends the block under way so that the next one takes in the new streams; those of a moment together. */
  async #takeIn(): Promise<void> {
    if (this.#unblocking) return;
    this.#unblocking = true;
    try {
      while (this.#clientId !== undefined && this.#hasUncovered()) {
        await this.#clock.sleep(Math.min(1_000, 5 + this.#streams.size / 10), this.#signal);
        if (this.#clientId !== undefined && this.#hasUncovered()) await this.#link.unblock(this.#clientId);
      }
    } catch {
      // The signal aborted, or the sampler's connection is gone: the block ends by itself.
    } finally {
      this.#unblocking = false;
    }
  }

  #hasUncovered(): boolean {
    if (this.#covered.size === 0) return false;
    for (const stream of this.#streams.keys()) if (!this.#covered.has(stream)) return true;
    return false;
  }

  #wake(stream: string): void {
    const watched = this.#streams.get(stream);
    this.#streams.delete(stream);
    for (const wake of watched?.wakes ?? []) wake();
  }

  /** One of the keys is no longer a stream: all are looked at again, and that one will not come back. */
  #wakeAll(): void {
    for (const stream of this.#streams.keys()) this.#wake(stream);
  }
}

function streamsOf(reply: unknown): string[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((entry: unknown) =>
    Array.isArray(entry) && typeof entry[0] === 'string' ? [entry[0]] : [],
  );
}
