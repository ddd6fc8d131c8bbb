import type { Deployment, ReplicaSet } from './kube.ts';

/** Bounds of a rollout in pods. */
export interface Bounds {
  readonly surge: number;
  readonly unavailable: number;
}

/** Sizes that ReplicaSets are to be given, by name. */
export type Sizes = ReadonlyMap<string, number>;

/** maxSurge is rounded up and maxUnavailable down; if both come to 0, one pod may be unavailable (deployment/util, ResolveFenceposts). */
export function boundsOf({ spec }: Deployment): Bounds {
  const replicas = spec.replicas ?? 1;
  if (spec.strategy?.type === 'Recreate') return { surge: 0, unavailable: replicas };
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy?.rollingUpdate ?? {};
  const surge = podsOf(maxSurge, replicas, Math.ceil);
  const unavailable = Math.min(replicas, podsOf(maxUnavailable, replicas, Math.floor));
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** One step of a rolling update: the new set grows as far as surge allows; when it cannot, the old ones shrink as far as availability allows. */
export function rollingStep(deployment: Deployment, fresh: ReplicaSet, old: readonly ReplicaSet[]): Sizes {
  const replicas = deployment.spec.replicas ?? 1;
  const { surge, unavailable } = boundsOf(deployment);
  const total = sizeOf(fresh) + sum(old, sizeOf);
  const grown = Math.min(replicas, sizeOf(fresh) + Math.max(0, replicas + surge - total));
  if (sizeOf(fresh) > replicas) return new Map([[fresh.metadata.name, replicas]]);
  if (grown > sizeOf(fresh)) return new Map([[fresh.metadata.name, grown]]);
  return shrunkOld(replicas - unavailable, fresh, old, total);
}

/** Old pods that are unhealthy go first; then as many as leave `minAvailable`, oldest sets first. */
function shrunkOld(
  minAvailable: number,
  fresh: ReplicaSet,
  old: readonly ReplicaSet[],
  total: number,
): Sizes {
  const freshUnavailable = sizeOf(fresh) - availableOf(fresh);
  let mayGo = Math.max(0, total - minAvailable - freshUnavailable);
  const sizes = new Map<string, number>();
  const left = old.map((set) => {
    const unhealthy = Math.min(mayGo, Math.max(0, sizeOf(set) - availableOf(set)));
    mayGo -= unhealthy;
    return { set, size: sizeOf(set) - unhealthy };
  });
  const available = availableOf(fresh) + sum(old, availableOf);
  let spare = Math.max(0, available - minAvailable);
  for (const { set, size } of left) {
    const gone = Math.min(spare, size);
    spare -= gone;
    if (size - gone !== sizeOf(set)) sizes.set(set.metadata.name, size - gone);
  }
  return sizes;
}

/** When a Deployment is scaled in the middle of a rollout, its sets share the difference by their sizes; the largest gets the rest. */
export function proportionally(deployment: Deployment, active: readonly ReplicaSet[]): Sizes {
  const replicas = deployment.spec.replicas ?? 1;
  const allowed = replicas === 0 ? 0 : replicas + boundsOf(deployment).surge;
  const total = sum(active, sizeOf);
  const difference = allowed - total;
  const bySize = [...active].sort((a, b) => sizeOf(b) - sizeOf(a));
  const sizes = new Map<string, number>();
  let rest = difference;
  for (const set of bySize) {
    const wanted = total === 0 ? 0 : Math.round((sizeOf(set) * allowed) / total) - sizeOf(set);
    const share = difference > 0 ? Math.min(wanted, rest) : Math.max(wanted, rest);
    rest -= share;
    sizes.set(set.metadata.name, sizeOf(set) + share);
  }
  const [largest] = bySize;
  if (largest !== undefined && rest !== 0) {
    sizes.set(largest.metadata.name, Math.max(0, (sizes.get(largest.metadata.name) ?? 0) + rest));
  }
  return sizes;
}

export function sizeOf({ spec }: ReplicaSet): number {
  return spec.replicas ?? 1;
}

function availableOf({ status }: ReplicaSet): number {
  return status.availableReplicas ?? 0;
}

export function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** A number of pods as it is written, or a percentage of the replicas, rounded. */
export function podsOf(value: number | string, replicas: number, round: (pods: number) => number): number {
  if (typeof value === 'number') return value;
  return round((Number(value.replace('%', '')) * replicas) / 100);
}
