import type { MemberTaker } from './crew.ts';

/** Counts what loops of one's own take, and tells them whether they may. */
export class HandTaker implements MemberTaker {
  /** The connection that waits is not ours, and may live longer than the one that reports. */
  readonly fetchOutlivesMs = 3_000;
  #held = false;
  #isClosed = false;
  #fetching = 0;
  #working = 0;
  #allowed = new AbortController();
  #waiting: (() => void)[] = [];

  get mayTake(): boolean {
    return !this.#held && !this.#isClosed;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Aborts when no more jobs may be taken; another one stands when they may again. */
  get signal(): AbortSignal {
    return this.#allowed.signal;
  }

  hold(): void {
    this.#held = true;
    this.#allowed.abort();
  }

  release(): void {
    if (this.#isClosed) return;
    this.#held = false;
    this.#allowed = new AbortController();
    this.#wakeAll();
  }

  busy(): number {
    return this.#working;
  }

  idle(): boolean {
    return this.#fetching + this.#working === 0;
  }

  /** For good: whoever waits is told that there is nothing more to take. */
  close(): void {
    this.#isClosed = true;
    this.#allowed.abort();
    this.#wakeAll();
  }

  /** Resolves when jobs may be taken, or never more. */
  async changed(): Promise<void> {
    if (!this.mayTake && !this.#isClosed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Counts a job in work until the returned function is called, the first time. */
  started(): () => void {
    this.#working += 1;
    let finished = false;
    return () => {
      if (!finished) this.#working -= 1;
      finished = true;
    };
  }

  /** Counts a job that may be on its way. */
  async fetch<T>(take: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#fetching += 1;
    try {
      return await take(this.signal);
    } finally {
      this.#fetching -= 1;
    }
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
