import type { Clock } from '../clock.ts';
import type { ClusterView, ReflectorHealth } from '../cluster/view.ts';
import type { Metrics } from '../report/metrics.ts';

const everyMs = 2_000;

/** Tells the metrics how the caches fare and how full the VM pool is, every two seconds; the result ends that. */
export function watchHealth(
  view: Pick<ClusterView, 'health' | 'room'>,
  metrics: Metrics,
  clock: Clock,
): () => void {
  const restarts = new Map<string, number>();
  const look = (): void => {
    const health = view.health();
    for (const [kind, ofKind] of Map.groupBy(health, ({ kind }) => kind)) {
      metrics.recordWatchEvent(kind, oldestEventMs(ofKind));
    }
    for (const one of health) {
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

/** When the namespace that has been silent for longest was heard; undefined: none was, or the API is not served. */
function oldestEventMs(ofKind: readonly ReflectorHealth[]): number | undefined {
  const heard = ofKind
    .filter(({ state }) => state !== 'absent')
    .flatMap(({ lastEventAtMs }) => lastEventAtMs ?? []);
  return heard.length === 0 ? undefined : Math.min(...heard);
}
