/** Holds the latest value for one reader: a newer value takes the place of one that has not been fetched yet. */
export class Mailbox<T> {
  #latest: { readonly value: T } | undefined;
  #closed = false;
  #wake: (() => void) | undefined;

  put(value: T): void {
    if (this.#closed) return;
    this.#latest = { value };
    this.#wake?.();
  }

  /** Ends the reading; what has not been fetched is dropped. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** The next value as soon as there is one; undefined once closed. */
  async take(): Promise<{ readonly value: T } | undefined> {
    while (this.#latest === undefined && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const latest = this.#latest;
    this.#latest = undefined;
    return this.#closed ? undefined : latest;
  }
}
