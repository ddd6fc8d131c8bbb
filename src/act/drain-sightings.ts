import { names } from './names.ts';

/** A ReplicaSet controller reads pods from a cache of its own: what stands on a pod for so long has reached it, ms. */
const settledMs = 1_000;

interface Seen {
  readonly uid: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** For how long the pods of a policy have said of their drain what they say now. */
export class Sightings {
  readonly #since = new Map<string, { readonly text: string; readonly sinceMs: number }>();

  /**
   * Looks at all pods of a policy; returns the UIDs of those whose annotations have surely reached everybody. A pod
   * that is seen for the first time with a drain on it starts anew: nobody knows who wrote it, and when.
   *
   * @param elapsedMs of a clock that never jumps
   */
  look(pods: Iterable<Seen>, elapsedMs: number): ReadonlySet<string> {
    const settled = new Set<string>();
    const present = new Set<string>();
    for (const { uid, annotations } of pods) {
      present.add(uid);
      const text = `${annotations[names.drain] ?? ''}|${annotations[names.deletionCost] ?? ''}`;
      let seen = this.#since.get(uid);
      if (seen?.text !== text) {
        const untouched = seen === undefined && annotations[names.drain] === undefined;
        seen = { text, sinceMs: untouched ? Number.NEGATIVE_INFINITY : elapsedMs };
        this.#since.set(uid, seen);
      }
      if (elapsedMs - seen.sinceMs >= settledMs) settled.add(uid);
    }
    for (const uid of this.#since.keys()) if (!present.has(uid)) this.#since.delete(uid);
    return settled;
  }
}
