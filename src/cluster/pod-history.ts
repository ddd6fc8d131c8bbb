import { noStarts, started, startLatencySeconds } from '../decide/start-latency.ts';
import type { SlimPod } from './slim.ts';

/** What the pods of one policy have shown over time and the pods of the moment do not tell any more. */
export class PodHistory {
  #starts = noStarts;
  #measured = new Set<string>();
  #bound: ReadonlySet<string> | undefined;
  #lastBoundAtMs: number | undefined;

  /** Seconds from being bound to Ready (see decide/start-latency.ts); undefined: no pod has been seen to start. */
  get startLatencySeconds(): number | undefined {
    return startLatencySeconds(this.#starts);
  }

  /** When a pod was last seen to be bound to a VM node, milliseconds since the epoch; undefined: not since the start. */
  get lastBoundAtMs(): number | undefined {
    return this.#lastBoundAtMs;
  }

  /** Looks at all pods of the policy, at those of them that are bound to VM nodes, and at those that are Ready for the first time. */
  observe(
    pods: readonly SlimPod[],
    placed: readonly SlimPod[],
    isVirtual: (pod: SlimPod) => boolean,
    nowMs: number,
  ): void {
    const fresh = pods.filter((pod) => pod.ready && !this.#measured.has(pod.uid));
    for (const pod of fresh.sort((a, b) => a.readySinceMs - b.readySinceMs)) {
      // From being bound on: how long a pod waited for room says nothing about the next, which may burst.
      const seconds = Math.max(0, pod.readySinceMs - (pod.boundAtMs ?? pod.createdAtMs)) / 1000;
      this.#starts = started(this.#starts, isVirtual(pod) ? 'virtual' : 'vm', seconds);
      this.#measured.add(pod.uid);
    }
    // Pods that are gone are forgotten.
    this.#measured = new Set(pods.map(({ uid }) => uid).filter((uid) => this.#measured.has(uid)));

    const bound = new Set(placed.map(({ uid }) => uid));
    const before = this.#bound;
    if (before !== undefined && placed.some(({ uid }) => !before.has(uid))) this.#lastBoundAtMs = nowMs;
    this.#bound = bound;
  }
}
