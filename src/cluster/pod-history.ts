import type { SlimPod } from './slim.ts';

const latencySamples = 20;

/** What the pods of one policy have shown over time and the pods of the moment do not tell any more. */
export class PodHistory {
  /** Seconds from creation to Ready, with when it became Ready, oldest first. */
  #latencies: { readonly readyAtMs: number; readonly seconds: number }[] = [];
  #measured = new Set<string>();
  #bound: ReadonlySet<string> | undefined;
  #lastBoundAtMs: number | undefined;

  /** Median seconds from being bound to the first time Ready over the latest 20 pods; undefined: none seen yet. */
  get startLatencySeconds(): number | undefined {
    const sorted = this.#latencies.map(({ seconds }) => seconds).sort((a, b) => a - b);
    const upper = sorted[Math.floor(sorted.length / 2)];
    const lower = sorted[Math.floor((sorted.length - 1) / 2)];
    return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
  }

  /** When a pod was last seen to be bound to a VM node, milliseconds since the epoch; undefined: not since the start. */
  get lastBoundAtMs(): number | undefined {
    return this.#lastBoundAtMs;
  }

  /** Looks at all pods of the policy, and at those of them that are bound to VM nodes. */
  observe(pods: readonly SlimPod[], placed: readonly SlimPod[], nowMs: number): void {
    const measured = new Set<string>();
    for (const pod of pods) {
      if (this.#measured.has(pod.uid)) measured.add(pod.uid);
      else if (pod.ready) {
        measured.add(pod.uid);
        // From being bound on: how long a pod waited for room says nothing about the next, which may burst.
        const seconds = Math.max(0, pod.readySinceMs - (pod.boundAtMs ?? pod.createdAtMs)) / 1000;
        this.#latencies.push({ readyAtMs: pod.readySinceMs, seconds });
      }
    }
    this.#measured = measured;
    this.#latencies = this.#latencies.sort((a, b) => a.readyAtMs - b.readyAtMs).slice(-latencySamples);

    const bound = new Set(placed.map(({ uid }) => uid));
    const before = this.#bound;
    if (before !== undefined && placed.some(({ uid }) => !before.has(uid))) this.#lastBoundAtMs = nowMs;
    this.#bound = bound;
  }
}
