import { conditionOf, isActive, isReady } from './conditions.ts';
import { inDeletionOrder } from './deletion-order.ts';
import type { Pod, ReplicaSet } from './kube.ts';
import { makePod } from './pod-maker.ts';
import { createReconciler } from './reconciler.ts';
import { controllerOf } from './selectors.ts';
import { timeMs } from './time.ts';
import type { Stage } from './types.ts';

/** From a change to the controller having seen it. */
const latencyMs = 5;
/** Pods made or deleted at one go (pkg/controller/replicaset, BurstReplicas). */
const burst = 500;

/** The ReplicaSet controller: as many active pods as asked for. It knows its pods by their owner, and adopts none. */
export function startReplicaSets(stage: Stage): void {
  const { objects } = stage;

  const reconcile = (key: string): void => {
    const set = objects.get('replicasets', key);
    if (set === undefined) return;
    const active = objects.ownedBy('pods', set.metadata.uid).filter(isActive);
    const missing = (set.spec.replicas ?? 1) - active.length;
    if (set.metadata.deletionTimestamp === undefined && missing !== 0) {
      if (missing > 0) {
        for (let made = 0; made < Math.min(burst, missing); made += 1)
          makePod(objects, set, set.spec.template);
      } else {
        for (const pod of toDelete(set, active, -missing)) {
          objects.delete('pods', `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`);
        }
      }
      if (Math.abs(missing) > burst) queue.add(key);
    }
    tell(set);
  };

  const toDelete = (set: ReplicaSet, active: readonly Pod[], count: number): readonly Pod[] => {
    const owner = controllerOf(set);
    const siblings = owner === undefined ? [set] : objects.ownedBy('replicasets', owner.uid);
    const related = siblings.flatMap((each) => objects.ownedBy('pods', each.metadata.uid)).filter(isActive);
    return inDeletionOrder(active, related, stage.now()).slice(0, Math.min(burst, count));
  };

  const tell = (set: ReplicaSet): void => {
    const key = `${set.metadata.namespace ?? ''}/${set.metadata.name}`;
    const active = objects.ownedBy('pods', set.metadata.uid).filter(isActive);
    const { minReadySeconds = 0 } = set.spec;
    const ready = active.filter(isReady);
    const unripeMs = minReadySeconds === 0 ? [] : restsMs(ready, minReadySeconds * 1000);
    if (unripeMs.length > 0) queue.add(key, Math.min(...unripeMs));
    objects.updateStatus('replicasets', {
      metadata: { name: set.metadata.name, namespace: set.metadata.namespace ?? '' },
      status: {
        replicas: active.length,
        fullyLabeledReplicas: active.length,
        readyReplicas: ready.length,
        availableReplicas: ready.length - unripeMs.length,
        observedGeneration: set.metadata.generation ?? 0,
      },
    });
  };

  /** How long each pod that is ready has to stay so before it counts as available. */
  const restsMs = (ready: readonly Pod[], minReadyMs: number): readonly number[] =>
    ready.map((pod) => readySinceMs(pod) + minReadyMs - stage.now()).filter((restMs) => restMs > 0);

  const queue = createReconciler(stage, latencyMs, reconcile);
  objects.onChange(({ resource, key, object, type }) => {
    if (resource === 'replicasets' && type !== 'DELETED') queue.add(key);
    if (resource !== 'pods') return;
    const owner = controllerOf(object);
    if (owner?.kind === 'ReplicaSet') queue.add(`${object.metadata.namespace ?? ''}/${owner.name}`);
  });
}

function readySinceMs(pod: Pod): number {
  return timeMs(conditionOf(pod.status.conditions, 'Ready')?.lastTransitionTime) ?? 0;
}
