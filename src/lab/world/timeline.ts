import { Heap } from './heap.ts';

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** Events that are to come, by time; those of the same time in the order in which they were scheduled. */
export class Timeline {
  readonly #entries = new Heap<Entry>((a, b) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order));
  #order = 0;

  /** When the next event is due; infinity: there is none. */
  get nextAtMs(): number {
    for (let next = this.#entries.peek(); next !== undefined; next = this.#entries.peek()) {
      if (!next.cancelled) return next.atMs;
      this.#entries.pop();
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Puts an event in; the returned function calls it off. */
  add(atMs: number, run: () => void): () => void {
    const entry = { atMs, order: (this.#order += 1), run, cancelled: false };
    this.#entries.push(entry);
    return () => {
      entry.cancelled = true;
    };
  }

  /** Runs the event that `nextAtMs` told of. */
  runNext(): void {
    this.#entries.pop()?.run();
  }
}
