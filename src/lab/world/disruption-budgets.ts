import { isActive, isReady } from './conditions.ts';
import type { LabelSelector, Pod } from './kube.ts';
import type { ObjectStore } from './objects.ts';
import { createReconciler } from './reconciler.ts';
import { podsOf } from './rolling.ts';
import { controllerOf, selects } from './selectors.ts';
import type { Stage } from './types.ts';

/** A PodDisruptionBudget as far as it is looked at. */
export interface DisruptionBudget {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly generation?: number };
  readonly spec?: {
    readonly selector?: LabelSelector;
    readonly minAvailable?: number | string;
    readonly maxUnavailable?: number | string;
    readonly unhealthyPodEvictionPolicy?: string;
  };
}

/** How a budget stands now (`status` of policy/v1). */
export interface BudgetStanding {
  readonly expectedPods: number;
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
  readonly disruptionsAllowed: number;
}

const latencyMs = 10;

/** The disruption controller: keeps the status of every budget as `budgetStanding` has it. */
export function startDisruption(stage: Stage): void {
  const { objects } = stage;
  const queue = createReconciler(stage, latencyMs, (key) => {
    const budget = objects.get('poddisruptionbudgets', key);
    if (budget === undefined) return;
    const { name, namespace = '', generation } = budget.metadata;
    objects.updateStatus('poddisruptionbudgets', {
      metadata: { name, namespace },
      status: {
        ...budgetStanding(objects, budget as DisruptionBudget),
        observedGeneration: generation ?? 0,
      },
    });
  });
  objects.onChange(({ resource, key, object, type }) => {
    if (resource === 'poddisruptionbudgets' && type !== 'DELETED') queue.add(key);
    if (resource !== 'pods') return;
    for (const budget of budgetsOf(objects, object as Pod)) {
      queue.add(`${object.metadata.namespace ?? ''}/${budget.metadata.name}`);
    }
  });
}

/** The budgets that select a pod: an empty selector selects all, a missing one nothing (policy/v1). */
export function budgetsOf(objects: ObjectStore, { metadata }: Pod): readonly DisruptionBudget[] {
  return [...objects.values('poddisruptionbudgets')]
    .filter((each) => each.metadata.namespace === metadata.namespace)
    .map((each) => each as DisruptionBudget)
    .filter(({ spec }) => selects(spec?.selector, metadata.labels));
}

/**
 * Healthy pods, and how many of them may go. With `minAvailable` as a number the pods that are there are expected; with a
 * percentage or `maxUnavailable`, what their controllers want (kubernetes, pkg/controller/disruption).
 */
export function budgetStanding(
  objects: ObjectStore,
  { metadata, spec = {} }: DisruptionBudget,
): BudgetStanding {
  const pods = objects
    .list('pods', metadata.namespace ?? '')
    .filter((pod) => isActive(pod) && selects(spec.selector, pod.metadata.labels));
  const { minAvailable, maxUnavailable } = spec;
  const byCount = maxUnavailable === undefined && typeof minAvailable === 'number';
  const expectedPods = byCount ? pods.length : wantedByControllers(objects, pods);
  const desiredHealthy =
    maxUnavailable === undefined
      ? podsOf(minAvailable ?? 0, expectedPods, Math.ceil)
      : Math.max(0, expectedPods - podsOf(maxUnavailable, expectedPods, Math.ceil));
  const currentHealthy = pods.filter(isReady).length;
  return {
    expectedPods,
    currentHealthy,
    desiredHealthy,
    disruptionsAllowed: expectedPods === 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy),
  };
}

function wantedByControllers(objects: ObjectStore, pods: readonly Pod[]): number {
  const wanted = new Map<string, number>();
  for (const pod of pods) {
    const owner = controllerOf(pod);
    const namespace = pod.metadata.namespace ?? '';
    if (owner?.kind !== 'ReplicaSet' && owner?.kind !== 'StatefulSet') continue;
    const plural = owner.kind === 'ReplicaSet' ? 'replicasets' : 'statefulsets';
    const set = objects.get(plural, `${namespace}/${owner.name}`);
    const deployment = set && controllerOf(set);
    const root =
      deployment === undefined ? set : objects.get('deployments', `${namespace}/${deployment.name}`);
    if (root !== undefined) wanted.set(root.metadata.uid, replicasOf(root));
  }
  return [...wanted.values()].reduce((sum, replicas) => sum + replicas, 0);
}

function replicasOf(object: { readonly [field: string]: unknown }): number {
  const { replicas } = (object['spec'] ?? {}) as { readonly replicas?: number };
  return replicas ?? 1;
}
