import { conditionOf, isReady } from './conditions.ts';
import type { Pod } from './kube.ts';
import { timeMs } from './time.ts';

export const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

const phaseRank: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * Which pods a ReplicaSet deletes first: unassigned; Pending, Unknown, Running; not ready; lower deletion cost; more related pods on the same node;
 * ready for less time; more restarts; newer. Times count by powers of two (LogarithmicScaleDown); within one power the UID decides
 * (pkg/controller/controller_utils.go, ActivePodsWithRanks).
 *
 * @param related all active pods of the same owner's ReplicaSets: how many share a node.
 */
export function inDeletionOrder(
  pods: readonly Pod[],
  related: readonly Pod[],
  nowMs: number,
): readonly Pod[] {
  const onNode = new Map<string, number>();
  for (const { spec } of related) {
    if (spec.nodeName !== undefined) onNode.set(spec.nodeName, (onNode.get(spec.nodeName) ?? 0) + 1);
  }
  return pods
    .map((pod) => rankOf(pod, onNode))
    .sort((a, b) => compare(a, b, nowMs))
    .map(({ pod }) => pod);
}

interface Rank {
  readonly pod: Pod;
  readonly ready: boolean;
  /** Compared one after the other; lower goes first. */
  readonly keys: readonly number[];
  readonly readyMs: number | undefined;
  readonly restarts: number;
  readonly createdMs: number;
}

function rankOf(pod: Pod, onNode: ReadonlyMap<string, number>): Rank {
  const { nodeName } = pod.spec;
  const ready = isReady(pod);
  const assigned = nodeName !== undefined && nodeName !== '';
  return {
    pod,
    ready,
    keys: [
      assigned ? 1 : 0,
      phaseRank[pod.status.phase] ?? 0,
      ready ? 1 : 0,
      costOf(pod),
      -(assigned ? (onNode.get(nodeName) ?? 0) : 0),
    ],
    readyMs: timeMs(conditionOf(pod.status.conditions, 'Ready')?.lastTransitionTime),
    restarts: Math.max(0, ...(pod.status.containerStatuses ?? []).map(({ restartCount }) => restartCount)),
    createdMs: Date.parse(pod.metadata.creationTimestamp),
  };
}

function compare(a: Rank, b: Rank, nowMs: number): number {
  for (const [index, key] of a.keys.entries()) {
    const difference = key - (b.keys[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.ready && b.ready && a.readyMs !== undefined && b.readyMs !== undefined && a.readyMs !== b.readyMs) {
    return byAge(a.readyMs, b.readyMs, nowMs) || byUid(a, b);
  }
  if (a.restarts !== b.restarts) return b.restarts - a.restarts;
  return a.createdMs === b.createdMs ? byUid(a, b) : byAge(a.createdMs, b.createdMs, nowMs) || byUid(a, b);
}

/** Negative: the first is younger by a power of two. */
function byAge(firstMs: number, secondMs: number, nowMs: number): number {
  return magnitude(nowMs - firstMs) - magnitude(nowMs - secondMs);
}

/** The power of two of an age, counted in nanoseconds; nothing has −1. */
function magnitude(ageMs: number): number {
  return ageMs > 0 ? Math.floor(Math.log2(ageMs * 1e6)) : -1;
}

function byUid(a: Rank, b: Rank): number {
  return a.pod.metadata.uid < b.pod.metadata.uid ? -1 : 1;
}

/** A cost that is not a whole number counts as none. */
function costOf({ metadata }: Pod): number {
  const text = metadata.annotations?.[deletionCostAnnotation] ?? '0';
  return /^-?\d+$/.test(text) ? Number(text) : 0;
}
