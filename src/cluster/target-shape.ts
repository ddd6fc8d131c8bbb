import type { PodShape } from '../decide/observation.ts';
import type { Interner } from './intern.ts';
import { shapeOf } from './pod-shape.ts';
import { isLive, type SlimPod } from './slim.ts';
import type { Store } from './store.ts';
import { currentReplicaSet, type TargetState } from './target.ts';

/**
 * One pod of the target's current template as it is really admitted: the shape of its newest pod, live ones first,
 * since LimitRange defaults, priority and injected sidecars show only there. Without any pod: the template as written.
 */
export function shapeOfTarget(store: Store, target: TargetState, interner: Interner): PodShape {
  const pod = newest(ofCurrentTemplate(store, target));
  if (pod !== undefined) return pod.shape;
  const { metadata, spec = {} } = target.template;
  return shapeOf(spec, metadata?.labels ?? {}, interner);
}

function ofCurrentTemplate(store: Store, { workload, pods }: TargetState): readonly SlimPod[] {
  if (workload === undefined) return pods;
  if (workload.kind === 'StatefulSet') {
    const { updateRevision } = workload.status;
    return pods.filter((pod) => pod.labels['controller-revision-hash'] === updateRevision);
  }
  const set = currentReplicaSet(store, workload);
  return set === undefined ? [] : store.pods.by('owner', set.uid);
}

function newest(pods: readonly SlimPod[]): SlimPod | undefined {
  const live = pods.filter(isLive);
  return (live.length > 0 ? live : pods).reduce<SlimPod | undefined>(
    (best, pod) => (best === undefined || pod.createdAtMs > best.createdAtMs ? pod : best),
    undefined,
  );
}
