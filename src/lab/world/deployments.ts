import { deploymentStatus } from './deployment-status.ts';
import type { Deployment, PodTemplate, ReplicaSet } from './kube.ts';
import { createReconciler } from './reconciler.ts';
import { boundsOf, proportionally, rollingStep, type Sizes, sizeOf } from './rolling.ts';
import { same } from './same.ts';
import { controlledBy, controllerOf } from './selectors.ts';
import { templateHash, templateHashLabel } from './template-hash.ts';
import type { Stage } from './types.ts';

const latencyMs = 10;
const revisionAnnotation = 'deployment.kubernetes.io/revision';
const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas';
const maxAnnotation = 'deployment.kubernetes.io/max-replicas';

/** The Deployment controller: a ReplicaSet for each template, rolled over within maxSurge and maxUnavailable, or recreated. Known by owner; it adopts none. */
export function startDeployments(stage: Stage): void {
  const { objects } = stage;

  const reconcile = (key: string): void => {
    const deployment = objects.get('deployments', key);
    if (deployment === undefined) return;
    const all = objects.ownedBy('replicasets', deployment.metadata.uid);
    const found = all.find((set) => sameTemplate(set.spec.template, deployment.spec.template));
    if (deployment.metadata.deletionTimestamp !== undefined) {
      tell(deployment, found, all);
      return;
    }
    const old = all.filter((set) => set !== found);
    if (deployment.spec.paused === true || wasScaled(deployment, all)) {
      resize(deployment, scaled(deployment, found, all));
    } else {
      const fresh = found === undefined ? createSet(deployment, old) : withRevision(deployment, found, old);
      resize(deployment, nextSizes(deployment, fresh, old));
      cleanUp(deployment, old);
    }
    const now = objects.ownedBy('replicasets', deployment.metadata.uid);
    tell(
      deployment,
      now.find((set) => sameTemplate(set.spec.template, deployment.spec.template)),
      now,
    );
  };

  const nextSizes = (deployment: Deployment, fresh: ReplicaSet, old: readonly ReplicaSet[]): Sizes => {
    const replicas = deployment.spec.replicas ?? 1;
    const running = old.filter((set) => sizeOf(set) > 0);
    if (running.length === 0) {
      const waits = deployment.spec.strategy?.type === 'Recreate' && old.some(hasPods);
      return new Map(waits ? [] : [[fresh.metadata.name, replicas]]);
    }
    if (deployment.spec.strategy?.type === 'Recreate') {
      return new Map(running.map((set) => [set.metadata.name, 0]));
    }
    return rollingStep(deployment, fresh, running.sort(byCreation));
  };

  const hasPods = (set: ReplicaSet): boolean =>
    objects
      .ownedBy('pods', set.metadata.uid)
      .some((pod) => pod.status.phase !== 'Succeeded' && pod.status.phase !== 'Failed');

  /** Whether the size changed while more than one set has pods. */
  const wasScaled = (deployment: Deployment, all: readonly ReplicaSet[]): boolean =>
    all.some(
      (set) =>
        sizeOf(set) > 0 &&
        Number(set.metadata.annotations?.[desiredAnnotation] ?? deployment.spec.replicas) !==
          (deployment.spec.replicas ?? 1),
    );

  const scaled = (
    deployment: Deployment,
    fresh: ReplicaSet | undefined,
    all: readonly ReplicaSet[],
  ): Sizes => {
    const active = all.filter((set) => sizeOf(set) > 0);
    const [only = fresh] = active;
    if (active.length > 1) return proportionally(deployment, active);
    return new Map(only === undefined ? [] : [[only.metadata.name, deployment.spec.replicas ?? 1]]);
  };

  /** Gives the sets their sizes and notes on each for which size of the Deployment that was. */
  const resize = (deployment: Deployment, sizes: Sizes): void => {
    const replicas = deployment.spec.replicas ?? 1;
    const notes = {
      [desiredAnnotation]: String(replicas),
      [maxAnnotation]: String(replicas + boundsOf(deployment).surge),
    };
    for (const set of objects.ownedBy('replicasets', deployment.metadata.uid)) {
      const size = sizes.get(set.metadata.name) ?? sizeOf(set);
      if (size === sizeOf(set) && size === 0) continue;
      objects.update('replicasets', {
        ...set,
        metadata: { ...set.metadata, annotations: { ...set.metadata.annotations, ...notes } },
        spec: { ...set.spec, replicas: size },
      });
    }
  };

  const createSet = (deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet => {
    const { metadata, spec } = deployment;
    const { namespace = '', name } = metadata;
    let collisions = 0;
    let hash = templateHash(spec.template);
    while (objects.get('replicasets', `${namespace}/${name}-${hash}`) !== undefined) {
      collisions += 1;
      hash = templateHash(spec.template, collisions);
    }
    const marks = { [templateHashLabel]: hash };
    const template: PodTemplate = {
      ...spec.template,
      metadata: { ...spec.template.metadata, labels: { ...spec.template.metadata?.labels, ...marks } },
    };
    const made = objects.create('replicasets', {
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        labels: { ...template.metadata?.labels },
        annotations: {
          [desiredAnnotation]: String(spec.replicas ?? 1),
          [maxAnnotation]: String((spec.replicas ?? 1) + boundsOf(deployment).surge),
        },
        ownerReferences: [controlledBy(deployment)],
      },
      spec: {
        replicas: 0,
        ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
        selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, ...marks } },
        template,
      },
    });
    return withRevision(deployment, made, old);
  };

  /** The current set has the highest revision, and the Deployment tells it. */
  const withRevision = (deployment: Deployment, set: ReplicaSet, old: readonly ReplicaSet[]): ReplicaSet => {
    const highest = Math.max(0, ...old.map(revisionOf));
    const revision = String(revisionOf(set) > highest ? revisionOf(set) : highest + 1);
    const numbered = objects.update('replicasets', {
      ...set,
      metadata: {
        ...set.metadata,
        annotations: { ...set.metadata.annotations, [revisionAnnotation]: revision },
      },
    });
    const { annotations } = deployment.metadata;
    if (annotations?.[revisionAnnotation] !== revision) {
      objects.update('deployments', {
        ...deployment,
        metadata: {
          ...deployment.metadata,
          annotations: { ...annotations, [revisionAnnotation]: revision },
        },
      });
    }
    return numbered;
  };

  /** Old sets beyond the history that is kept go, oldest first. */
  const cleanUp = (deployment: Deployment, old: readonly ReplicaSet[]): void => {
    const idle = old.filter((set) => sizeOf(set) === 0 && (set.status.replicas ?? 0) === 0);
    const excess = idle.length - (deployment.spec.revisionHistoryLimit ?? 10);
    const oldestFirst = idle.sort((a, b) => revisionOf(a) - revisionOf(b));
    for (const { metadata } of oldestFirst.slice(0, Math.max(0, excess))) {
      objects.delete('replicasets', `${metadata.namespace ?? ''}/${metadata.name}`);
    }
  };

  const tell = (deployment: Deployment, fresh: ReplicaSet | undefined, all: readonly ReplicaSet[]): void => {
    const { namespace = '', name } = deployment.metadata;
    const current = objects.get('deployments', `${namespace}/${name}`);
    if (current === undefined) return;
    objects.updateStatus('deployments', {
      metadata: { name, namespace },
      status: { ...current.status, ...deploymentStatus(current, fresh, all, stage.now()) },
    });
  };

  const queue = createReconciler(stage, latencyMs, reconcile);
  objects.onChange(({ type, resource, key, object }) => {
    if (resource === 'deployments' && type !== 'DELETED') queue.add(key);
    if (resource === 'replicasets') {
      const owner = controllerOf(object);
      if (owner?.kind === 'Deployment') queue.add(`${object.metadata.namespace ?? ''}/${owner.name}`);
    }
    // A Deployment that recreates waits for the last old pod to be gone.
    if (resource === 'pods' && type === 'DELETED') {
      const owner = controllerOf(object);
      const set =
        owner?.kind === 'ReplicaSet'
          ? objects.get('replicasets', `${object.metadata.namespace ?? ''}/${owner.name}`)
          : undefined;
      const deployment = set === undefined ? undefined : controllerOf(set);
      if (deployment !== undefined) queue.add(`${object.metadata.namespace ?? ''}/${deployment.name}`);
    }
  });
}

function sameTemplate(ofSet: PodTemplate, template: PodTemplate): boolean {
  const { [templateHashLabel]: _, ...labels } = ofSet.metadata?.labels ?? {};
  if (ofSet.spec !== template.spec && !same(ofSet.spec, template.spec)) return false;
  return same(
    { ...ofSet.metadata, labels },
    { ...template.metadata, labels: { ...template.metadata?.labels } },
  );
}

function revisionOf({ metadata }: ReplicaSet): number {
  return Number(metadata.annotations?.[revisionAnnotation] ?? 0);
}

function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  return revisionOf(a) - revisionOf(b);
}
