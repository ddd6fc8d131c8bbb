import type { Clock } from '../clock.ts';
import type { ClusterView } from '../cluster/view.ts';
import type { Metrics } from '../report/metrics.ts';

const everyMs = 2_000;

/** Tells the metrics how the caches fare and how full the VM pool is, every two seconds; the result ends that. */
export function watchHealth(view: ClusterView, metrics: Metrics, clock: Clock): () => void {
  const restarts = new Map<string, number>();
  const look = (): void => {
    for (const one of view.health()) {
      if (one.lastEventAtMs !== undefined) metrics.recordWatchEvent(one.kind, one.lastEventAtMs);
      const key = `${one.kind}/${one.namespace ?? ''}`;
      for (let told = restarts.get(key) ?? 0; told < one.restarts; told += 1)
        metrics.countWatchRestart(one.kind);
      restarts.set(key, one.restarts);
    }
    const { requested, allocatable } = view.room.amounts();
    metrics.recordVmPool(requested, allocatable);
  };
  let cancel = (): void => {};
  const again = (): void => {
    look();
    cancel = clock.after(everyMs, again);
  };
  cancel = clock.after(everyMs, again);
  return () => cancel();
}
