import { isOver, isReady } from './conditions.ts';
import type { DeleteOptions } from './deletion.ts';
import { budgetStanding, budgetsOf } from './disruption-budgets.ts';
import type { KubeObject, Pod } from './kube.ts';
import { notFound, ObjectError } from './object-error.ts';
import type { ObjectStore } from './objects.ts';

/**
 * Deletes a pod as the Eviction API does, or throws what it answers: TooManyRequests where a budget forbids it for now,
 * InternalError where two budgets select the pod. Pods that are over, pending or leaving are asked of no budget
 * (kubernetes, pkg/registry/core/pod/storage/eviction.go).
 */
export function evict(objects: ObjectStore, key: string, options: DeleteOptions): KubeObject {
  const pod = objects.get('pods', key);
  if (pod === undefined) throw notFound('pods', key);
  const refusal = mustBeAsked(pod) ? refusalOf(objects, pod) : undefined;
  if (refusal !== undefined) throw refusal;
  return objects.delete('pods', key, options);
}

function mustBeAsked(pod: Pod): boolean {
  return !isOver(pod) && pod.status.phase !== 'Pending' && pod.metadata.deletionTimestamp === undefined;
}

function refusalOf(objects: ObjectStore, pod: Pod): ObjectError | undefined {
  const [budget, second] = budgetsOf(objects, pod);
  const { name } = pod.metadata;
  if (budget === undefined) return undefined;
  if (second !== undefined) {
    const why =
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    return new ObjectError('InternalError', 'pods', name, why);
  }
  const { currentHealthy, desiredHealthy, disruptionsAllowed } = budgetStanding(objects, budget);
  const unhealthyMayGo =
    budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow' ||
    (desiredHealthy > 0 && currentHealthy >= desiredHealthy);
  if (disruptionsAllowed > 0 || (!isReady(pod) && unhealthyMayGo)) return undefined;
  return new ObjectError(
    'TooManyRequests',
    'pods',
    name,
    "Cannot evict pod as it would violate the pod's disruption budget.",
  );
}
