import type { RawObject } from './raw.ts';
import type { ReflectorEvent } from './reflector-options.ts';
import { isNewer, type SlimObject } from './slim.ts';
import type { WatchEvent } from './watch-stream.ts';

/** What a reflector has told so far: turns what the server says into changes, and finds out what vanished unseen. */
export class Known<T extends SlimObject> {
  readonly #slim: (raw: RawObject) => T;
  readonly #tell: (event: ReflectorEvent<T>) => void;
  readonly #report: (error: unknown) => void;
  readonly #objects = new Map<string, T>();
  /** Keys met since the listing began; undefined: no listing is under way. */
  #listed: Set<string> | undefined;

  constructor(
    slim: (raw: RawObject) => T,
    tell: (event: ReflectorEvent<T>) => void,
    report: (error: unknown) => void,
  ) {
    this.#slim = slim;
    this.#tell = tell;
    this.#report = report;
  }

  /** A listing begins (anew). */
  begin(): void {
    this.#listed = new Set();
  }

  /** One object as it is now, or is no more. Told only if it is news. */
  take(type: Exclude<WatchEvent['type'], 'BOOKMARK'>, raw: RawObject): void {
    let object: T;
    try {
      object = this.#slim(raw);
    } catch (error) {
      this.#report(error);
      return;
    }
    const { key, resourceVersion } = object;
    const before = this.#objects.get(key);
    if (type === 'DELETED') {
      this.#listed?.delete(key);
      if (this.#objects.delete(key)) this.#tell({ type: 'deleted', object, resourceVersion });
      return;
    }
    this.#listed?.add(key);
    if (
      before !== undefined &&
      before.uid === object.uid &&
      !isNewer(resourceVersion, before.resourceVersion)
    ) {
      return;
    }
    this.#objects.set(key, object);
    this.#tell({ type: before === undefined ? 'added' : 'modified', object, resourceVersion });
  }

  /** The listing is complete as of this version: what it did not name is gone. Empty: the whole API is gone. */
  finish(resourceVersion: string): void {
    const listed = this.#listed ?? new Set();
    this.#listed = undefined;
    for (const [key, object] of this.#objects) {
      if (listed.has(key)) continue;
      this.#objects.delete(key);
      this.#tell({
        type: 'deleted',
        object,
        resourceVersion: resourceVersion === '' ? object.resourceVersion : resourceVersion,
      });
    }
    this.#tell({ type: 'listed', resourceVersion });
  }
}
