/**
 * Keeps one copy of values that many objects share (the labels and requests of all pods of a ReplicaSet), so that
 * 100 000 pods stay small. Values are equal when their keys are.
 */
export class Interner {
  readonly #values = new Map<string, unknown>();
  readonly #maxEntries: number;

  /** Beyond `maxEntries` distinct values it starts over: later values are shared among themselves again. */
  constructor(maxEntries = 100_000) {
    this.#maxEntries = maxEntries;
  }

  /** The value kept under `key`, made by `make` at the first call. A key must always name values of one type. */
  once<T>(key: string, make: () => T): T {
    const kept = this.#values.get(key);
    if (kept !== undefined) return kept as T;
    if (this.#values.size >= this.#maxEntries) this.#values.clear();
    const value = make();
    this.#values.set(key, value);
    return value;
  }

  /** The same text, in one copy. */
  text(value: string): string {
    return this.once(`t${value}`, () => value);
  }

  /** The same labels, in one copy. */
  labels(value: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> {
    if (value === undefined) return noLabels;
    return this.once(`l${JSON.stringify(value)}`, () => value);
  }
}

const noLabels: Readonly<Record<string, string>> = Object.freeze({});
