import type { PodsObservation } from '../../../decide/observation.ts';
import type { Pod } from '../../world/kube.ts';
import type { BookedPod } from './pod-book.ts';

interface PodsQuestion {
  readonly target: readonly BookedPod[];
  readonly burst: readonly BookedPod[];
  /** After so long without becoming Ready, a placed pod no longer holds the burst. */
  readonly readyTimeoutSeconds: number;
  /** Whether a node carries what is bound to it. */
  readonly carries: (nodeName: string) => boolean;
  readonly isVirtual: (nodeName: string) => boolean;
  readonly lastBound: LastBound;
  readonly startLatencySeconds: number | undefined;
  readonly nowMs: number;
}

/** When a pod of the target was last seen to be bound to a VM node. */
export class LastBound {
  #known: ReadonlySet<BookedPod> | undefined;
  #atMs: number | undefined;

  /** Looks at the pods that are bound to VM nodes now; undefined: none has come since the first look. */
  look(placed: readonly BookedPod[], nowMs: number): number | undefined {
    const known = this.#known;
    if (known !== undefined && placed.some((each) => !known.has(each))) this.#atMs = nowMs;
    this.#known = new Set(placed);
    return this.#atMs;
  }
}

/** Counts pods as the controller does: those that are over or being deleted count nowhere. */
export function countPods(question: PodsQuestion): PodsObservation {
  const { nowMs, carries, isVirtual, readyTimeoutSeconds } = question;
  const target = question.target.filter(({ live }) => live);
  const burst = question.burst.filter(({ live }) => live);
  const placed = target.filter(
    ({ nodeName }) => nodeName !== '' && !isVirtual(nodeName) && carries(nodeName),
  );
  const onVirtual = target.filter(({ nodeName }) => isVirtual(nodeName));
  const givenUp = (pod: BookedPod): boolean => nowMs - pod.readySinceMs > readyTimeoutSeconds * 1000;
  let stuck = 0;
  let oldestStuckSeconds = 0;
  for (const { stuckSinceMs } of target) {
    if (stuckSinceMs === undefined) continue;
    stuck += 1;
    oldestStuckSeconds = Math.max(oldestStuckSeconds, (nowMs - stuckSinceMs) / 1000);
  }
  return {
    placed: placed.length,
    placedReady: placed.filter((pod) => pod.ready || givenUp(pod)).length,
    onVirtual: onVirtual.length,
    onVirtualReady: onVirtual.filter(({ ready }) => ready).length,
    stuck,
    oldestStuckSeconds,
    unbound: target.filter(({ nodeName }) => nodeName === '').length,
    startingSeconds: [...target, ...burst]
      .filter(({ ready }) => !ready)
      .map(({ createdAtMs }) => (nowMs - createdAtMs) / 1000),
    burstReady: burst.filter(({ ready }) => ready).length,
    burstRunning: burst.filter(({ nodeName }) => isVirtual(nodeName)).length,
    lastBoundAtMs: question.lastBound.look(placed, nowMs),
    startLatencySeconds: question.startLatencySeconds,
  };
}

/** Whether a pod is bound to this node. */
export function isBoundTo({ spec }: Pod, nodeName: string): boolean {
  return spec.nodeName === nodeName;
}
