import type { PodsObservation } from '../decide/observation.ts';
import type { FreeRoom } from './free-room.ts';
import type { PodHistory } from './pod-history.ts';
import { isLive, type SlimPod } from './slim.ts';

export interface PodsQuestion {
  /** All pods of the target. */
  readonly target: readonly SlimPod[];
  /** All pods of the policy's companions. */
  readonly burst: readonly SlimPod[];
  /** After so long without becoming Ready, a placed pod no longer holds the burst. */
  readonly readyTimeoutSeconds: number;
  readonly room: FreeRoom;
  readonly history: PodHistory;
  readonly nowMs: number;
}

/**
 * Counts the pods of a policy. Pods that are over or being deleted count nowhere: their controller does not count
 * them either, and has replaced them already.
 */
export function countPods(question: PodsQuestion): PodsObservation {
  const { room, history, nowMs, readyTimeoutSeconds } = question;
  const target = question.target.filter(isLive);
  const burst = question.burst.filter(isLive);
  const placed = target.filter(({ nodeName }) => nodeName !== undefined && room.carries(nodeName));
  const runsOnVirtual = ({ nodeName }: SlimPod): boolean =>
    nodeName !== undefined && room.isVirtual(nodeName);
  const onVirtual = target.filter(runsOnVirtual);
  const stuck = target.filter(
    ({ stuckSinceMs, nodeName }) => stuckSinceMs !== undefined && nodeName === undefined,
  );
  history.observe([...target, ...burst], placed, runsOnVirtual, nowMs);
  const givenUp = (pod: SlimPod): boolean => nowMs - pod.readySinceMs > readyTimeoutSeconds * 1000;
  return {
    placed: placed.length,
    placedReady: placed.filter((pod) => pod.ready || givenUp(pod)).length,
    onVirtual: onVirtual.length,
    onVirtualReady: onVirtual.filter(({ ready }) => ready).length,
    stuck: stuck.length,
    oldestStuckSeconds: stuck.reduce(
      (oldest, pod) => Math.max(oldest, (nowMs - (pod.stuckSinceMs ?? nowMs)) / 1000),
      0,
    ),
    unbound: target.filter(({ nodeName }) => nodeName === undefined).length,
    startingSeconds: [...target, ...burst]
      .filter(({ ready }) => !ready)
      .map(({ createdAtMs }) => Math.max(0, (nowMs - createdAtMs) / 1000)),
    burstReady: burst.filter(({ ready }) => ready).length,
    burstRunning: burst.filter(runsOnVirtual).length,
    lastBoundAtMs: history.lastBoundAtMs,
    startLatencySeconds: history.startLatencySeconds,
  };
}

/** Live pods by the node that they are bound to. */
export function byNode(pods: readonly SlimPod[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const pod of pods) {
    if (pod.nodeName === undefined || !isLive(pod)) continue;
    counts.set(pod.nodeName, (counts.get(pod.nodeName) ?? 0) + 1);
  }
  return counts;
}
