import type { KubeObject } from './kube.ts';

/** One change of one object. `object` is what it became; for DELETED its last state, with the version of the deletion. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: string;
  /** `namespace/name`; the name alone for cluster-wide objects. */
  readonly key: string;
  readonly object: KubeObject;
  /** What it was before; undefined for ADDED. */
  readonly before: KubeObject | undefined;
  /** The resource version of this change: all versions of a world are whole numbers, one after the other. */
  readonly version: number;
}

/** The latest changes, so many and no more: what a watch may start from. */
export class ChangeLog {
  readonly #length: number;
  #changes: Change[] = [];
  /** The newest version that is not in the log any more. */
  #forgotten: number;

  constructor(length: number, firstVersion: number) {
    this.#length = length;
    this.#forgotten = firstVersion;
  }

  add(change: Change): void {
    this.#changes.push(change);
    // Cut in one piece now and then: shifting an array by one is as dear as shifting it by half.
    if (this.#changes.length >= 2 * this.#length) this.forget(this.#length);
  }

  /** Keeps only the latest `kept` changes: what compaction does. */
  forget(kept: number): void {
    const cut = Math.max(0, this.#changes.length - kept);
    this.#forgotten = this.#changes[cut - 1]?.version ?? this.#forgotten;
    this.#changes = this.#changes.slice(cut);
  }

  /** All changes after a version, oldest first; `expired` (410 Gone) where some of them are forgotten. */
  since(version: number): readonly Change[] | 'expired' {
    if (version < this.#forgotten) return 'expired';
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#changes[middle]?.version ?? 0) <= version) low = middle + 1;
      else high = middle;
    }
    return this.#changes.slice(low);
  }
}
