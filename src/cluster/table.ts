import type { ReflectorEvent } from './reflector-options.ts';
import { isNewer, type SlimObject } from './slim.ts';

/** One change of one table. */
export interface TableChange<T> {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly object: T;
  /** What it was before; undefined when added. */
  readonly previous: T | undefined;
}

type Index = Map<string, Set<string>>;

/**
 * All objects of one resource, by key and by further indexes, each change in O(1).
 *
 * Answers to own writes are put in at once (`applied`). A version never goes back: a watch event that is older than
 * what is kept changes nothing, and a listing older than an own write does not make the written object vanish.
 */
export class Table<T extends SlimObject, IndexName extends string = never> {
  readonly #objects = new Map<string, T>();
  readonly #indexers: Readonly<Record<IndexName, (object: T) => string | undefined>>;
  readonly #indexes: Readonly<Record<IndexName, Index>>;
  readonly #onChange: (change: TableChange<T>) => void;
  /** Keys put in by `applied` that the watch has not told yet. */
  readonly #unseen = new Set<string>();

  constructor(
    indexers: Readonly<Record<IndexName, (object: T) => string | undefined>>,
    onChange: (change: TableChange<T>) => void,
  ) {
    this.#indexers = indexers;
    this.#onChange = onChange;
    const names = Object.keys(indexers) as IndexName[];
    this.#indexes = Object.fromEntries(names.map((name) => [name, new Map()])) as Record<IndexName, Index>;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  /** The objects that an index files under this value. */
  by(index: IndexName, value: string): readonly T[] {
    const keys = this.#indexes[index].get(value);
    if (keys === undefined) return [];
    return [...keys].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Takes an event of a reflector; `scope`: the namespace that it follows, undefined for the whole cluster. */
  take(event: ReflectorEvent<T>, scope?: string): void {
    if (event.type === 'listed') {
      this.#dropUnseen(event.resourceVersion, scope);
      return;
    }
    const { key } = event.object;
    const kept = this.#objects.get(key);
    if (event.type === 'deleted') {
      // Made again under the same name since: what was deleted is an older one.
      if (kept === undefined || isNewer(kept.resourceVersion, event.resourceVersion)) return;
      this.#remove(kept);
      return;
    }
    this.#unseen.delete(key);
    if (kept === undefined || isNewer(event.resourceVersion, kept.resourceVersion)) this.#put(event.object);
  }

  /** Puts in what the API server answered to an own write, unless something newer is known. Returns whether it did. */
  applied(object: T): boolean {
    const kept = this.#objects.get(object.key);
    if (kept !== undefined && !isNewer(object.resourceVersion, kept.resourceVersion)) return false;
    this.#unseen.add(object.key);
    this.#put(object);
    return true;
  }

  /** A listing of this version did not show these: they were made and deleted while nobody watched. */
  #dropUnseen(resourceVersion: string, scope: string | undefined): void {
    for (const key of this.#unseen) {
      const kept = this.#objects.get(key);
      const outside = scope !== undefined && kept?.namespace !== scope;
      const later = resourceVersion !== '' && isNewer(kept?.resourceVersion ?? '', resourceVersion);
      if (outside || later) continue;
      this.#unseen.delete(key);
      if (kept !== undefined) this.#remove(kept);
    }
  }

  #put(object: T): void {
    const previous = this.#objects.get(object.key);
    this.#objects.set(object.key, object);
    this.#reindex(object.key, previous, object);
    this.#onChange({ type: previous === undefined ? 'added' : 'modified', object, previous });
  }

  #remove(object: T): void {
    this.#objects.delete(object.key);
    this.#unseen.delete(object.key);
    this.#reindex(object.key, object, undefined);
    this.#onChange({ type: 'deleted', object, previous: object });
  }

  #reindex(key: string, before: T | undefined, after: T | undefined): void {
    for (const name of Object.keys(this.#indexers) as IndexName[]) {
      const from = before === undefined ? undefined : this.#indexers[name](before);
      const to = after === undefined ? undefined : this.#indexers[name](after);
      if (from === to) continue;
      const index = this.#indexes[name];
      if (from !== undefined) {
        const keys = index.get(from);
        keys?.delete(key);
        if (keys?.size === 0) index.delete(from);
      }
      if (to !== undefined) {
        const keys = index.get(to) ?? new Set();
        keys.add(key);
        index.set(to, keys);
      }
    }
  }
}
