import { causeIn } from '../limits/failure-cause.ts';
import type { Interner } from './intern.ts';
import { shapeOf } from './pod-shape.ts';
import type {
  Labels,
  RawCondition,
  RawMeta,
  RawMetric,
  RawObject,
  RawPod,
  RawPodSpec,
  RawScaler,
  RawWorkload,
} from './raw.ts';
import { refusalIn } from './refusal.ts';
import type {
  SlimDaemonSet,
  SlimJob,
  SlimObject,
  SlimPod,
  SlimPolicy,
  SlimReplicaSet,
  SlimScaler,
  SlimWorkload,
} from './slim.ts';

/** Makes the slim form of one object as it comes from the API server. Shared parts go through the interner. */
export type Slim<T> = (raw: RawObject, interner: Interner) => T;

export const slimPod: Slim<SlimPod> = (object, interner) => {
  const { metadata: meta = {}, spec = {}, status = {} } = object as RawPod;
  const owner = meta.ownerReferences?.find((each) => each.controller === true);
  const labels = interner.labels(meta.labels);
  const createdAtMs = timeMs(meta.creationTimestamp) ?? 0;
  const ready = condition(status.conditions, 'Ready');
  const scheduled = condition(status.conditions, 'PodScheduled');
  const stuck = scheduled?.status === 'False' && scheduled.reason === 'Unschedulable';
  // Each DaemonSet pod names its node in its affinity; without that, they share one shape.
  const shapeSpec = owner?.kind === 'DaemonSet' ? { ...spec, affinity: {} } : spec;
  return {
    ...identity(meta, interner),
    labels,
    annotations: interner.labels(ownAnnotations(meta.annotations)),
    ownerUid: owner?.uid === undefined ? undefined : interner.text(owner.uid),
    shape: shapeOf(shapeSpec, labels, interner),
    nodeName: spec.nodeName === undefined ? undefined : interner.text(spec.nodeName),
    phase: (status.phase ?? 'Pending') as SlimPod['phase'],
    reason: status.reason === undefined ? undefined : interner.text(status.reason),
    failure: spec.nodeName === undefined ? undefined : causeIn(status),
    ready: ready?.status === 'True',
    readySinceMs: timeMs(ready?.lastTransitionTime) ?? createdAtMs,
    boundAtMs:
      spec.nodeName === undefined
        ? undefined
        : (timeMs(scheduled?.lastTransitionTime) ?? timeMs(status.startTime) ?? createdAtMs),
    stuckSinceMs: stuck ? (timeMs(scheduled.lastTransitionTime) ?? createdAtMs) : undefined,
    stuckSpec: stuck && spec.nodeName === undefined ? sharedSpec(spec, interner) : undefined,
    createdAtMs,
    startedAtMs: timeMs(status.startTime),
    endsAtMs: timeMs(meta.deletionTimestamp),
  };
};

/** For Deployments and StatefulSets. */
export function slimWorkload(kind: SlimWorkload['kind']): Slim<SlimWorkload> {
  return (object, interner) => {
    const { metadata: meta = {}, spec = {}, status = {} } = object as RawWorkload;
    const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...annotations } = meta.annotations ?? {};
    return {
      ...identity(meta, interner),
      kind,
      labels: interner.labels(meta.labels),
      annotations,
      generation: meta.generation ?? 0,
      ownerUid: ownerUid(meta),
      createdAtMs: timeMs(meta.creationTimestamp) ?? 0,
      deleting: meta.deletionTimestamp !== undefined,
      replicas: spec.replicas ?? 1,
      paused: spec.paused === true,
      recreate: spec.strategy?.type === 'Recreate',
      template: spec.template ?? {},
      refusal: kind === 'Deployment' ? refusalIn(status.conditions) : undefined,
      status: {
        observedGeneration: status.observedGeneration ?? 0,
        replicas: status.replicas ?? 0,
        updatedReplicas: status.updatedReplicas ?? 0,
        readyReplicas: status.readyReplicas ?? 0,
        availableReplicas: status.availableReplicas ?? 0,
        currentRevision: status.currentRevision,
        updateRevision: status.updateRevision,
      },
    };
  };
}

export const slimReplicaSet: Slim<SlimReplicaSet> = (object, interner) => {
  const { metadata: meta = {}, spec = {} } = object as RawWorkload;
  return {
    ...identity(meta, interner),
    ownerUid: ownerUid(meta),
    replicas: spec.replicas ?? 1,
    revision: interner.text(meta.annotations?.['deployment.kubernetes.io/revision'] ?? ''),
  };
};

export const slimDaemonSet: Slim<SlimDaemonSet> = (object, interner) => {
  const { metadata: meta = {}, spec = {} } = object as RawWorkload;
  const template = spec.template ?? {};
  return {
    ...identity(meta, interner),
    shape: shapeOf(template.spec ?? {}, template.metadata?.labels ?? {}, interner),
  };
};

export const slimJob: Slim<SlimJob> = (object, interner) => {
  const { metadata: meta = {}, spec = {}, status = {} } = object as RawWorkload;
  return {
    ...identity(meta, interner),
    labels: interner.labels(meta.labels),
    createdAtMs: timeMs(meta.creationTimestamp) ?? 0,
    deleting: meta.deletionTimestamp !== undefined,
    suspended: spec.suspend === true,
    finished: ['Complete', 'Failed'].some((type) => condition(status.conditions, type)?.status === 'True'),
    parallelism: spec.parallelism ?? 1,
    completions: spec.completions,
    succeeded: status.succeeded ?? 0,
    failed: (status.failed ?? 0) + (status.uncountedTerminatedPods?.failed?.length ?? 0),
    // The API server writes 6 where nothing is said (batch/v1, `SetDefaults_Job`).
    backoffLimit: spec.backoffLimit ?? 6,
    active: status.active ?? 0,
    template: spec.template ?? {},
  };
};

/** For HPAs and ScaledObjects. A ScaledObject that names no kind scales a Deployment (keda.sh/docs). */
export function slimScaler(kind: SlimScaler['kind']): Slim<SlimScaler> {
  return (object, interner) => {
    const { metadata: meta = {}, spec = {} } = object as RawScaler;
    const { kind: targetKind = 'Deployment', name = '' } = spec.scaleTargetRef ?? {};
    return {
      ...identity(meta, interner),
      kind,
      target: `${meta.namespace ?? ''}/${targetKind}/${name}`,
      metricTypes: [...new Set((spec.metrics ?? []).flatMap(metricType))],
      byOwner: spec.selectionStrategy?.startsWith('OwnerReference') === true,
      ownerUid: ownerUid(meta),
    };
  };
}

/** A metric of type External or Object whose target is a `Value` is compared per ready pod: `ExternalValue`, `ObjectValue`. */
function metricType({ type, external, object }: RawMetric): readonly string[] {
  if (type === undefined) return [];
  const target = (external ?? object)?.target?.type;
  return target === 'Value' ? [`${type}Value`] : [type];
}

export const slimPolicy: Slim<SlimPolicy> = (object, interner) => ({
  ...identity(object.metadata ?? {}, interner),
  raw: object,
});

/** Key, name, UID and version of any object. */
export function identity(meta: RawMeta, interner: Interner): SlimObject {
  const { namespace = '', name = '', uid = '', resourceVersion = '' } = meta;
  return {
    key: namespace === '' ? name : `${namespace}/${name}`,
    namespace: interner.text(namespace),
    name,
    uid,
    resourceVersion,
  };
}

/** Milliseconds since the epoch of an RFC 3339 time; undefined: none, or not one. */
export function timeMs(text: string | null | undefined): number | undefined {
  if (text === undefined || text === null) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The condition of this type, if it is there. */
export function condition(
  conditions: readonly RawCondition[] | undefined,
  type: string,
): RawCondition | undefined {
  return conditions?.find((each) => each.type === type);
}

/** The token's volume gets a name of its own in each pod (`kube-api-access-x7k2p`, ServiceAccount admission). */
function sharedSpec(spec: RawPodSpec, interner: Interner): RawPodSpec {
  const text = JSON.stringify(spec).replaceAll(/"kube-api-access-[a-z0-9]{5}"/g, '"kube-api-access"');
  return interner.once(`p${text}`, () => JSON.parse(text) as RawPodSpec);
}

function ownerUid(meta: RawMeta): string | undefined {
  return meta.ownerReferences?.find((each) => each.controller === true)?.uid;
}

function ownAnnotations(annotations: Labels | undefined): Labels | undefined {
  if (annotations === undefined) return undefined;
  const own = Object.entries(annotations).filter(
    ([name]) => name.startsWith('spillway.dev/') || name === 'controller.kubernetes.io/pod-deletion-cost',
  );
  return own.length === 0 ? undefined : Object.fromEntries(own);
}
