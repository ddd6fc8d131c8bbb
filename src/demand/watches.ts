import { Mailbox } from './mailbox.ts';

/** The watches under way. Each puts what it hears into a mailbox of its own; `close` ends them all. */
export class Watches {
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();

  /**
   * Starts `run` at once, and gives what it puts until `signal` aborts, the reader leaves or all are closed.
   * @param run ends, without an error, when the signal that it is given aborts
   */
  start<T>(
    signal: AbortSignal,
    run: (put: (value: T) => void, signal: AbortSignal) => Promise<void>,
  ): AsyncIterable<T> {
    const left = new AbortController();
    const until = AbortSignal.any([signal, this.#stop.signal, left.signal]);
    const mailbox = new Mailbox<T>();
    until.addEventListener('abort', () => mailbox.close(), { once: true });
    if (until.aborted) mailbox.close();
    const running = until.aborted ? Promise.resolve() : run((value) => mailbox.put(value), until);
    const watching = running.finally(() => this.#running.delete(watching));
    this.#running.add(watching);
    return read(mailbox, async () => {
      left.abort();
      await watching;
    });
  }

  /** Ends all of them, and every one started later; resolves when they have ended. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }
}

async function* read<T>(mailbox: Mailbox<T>, leave: () => Promise<void>): AsyncIterable<T> {
  try {
    for (let next = await mailbox.take(); next !== undefined; next = await mailbox.take()) yield next.value;
  } finally {
    await leave();
  }
}
