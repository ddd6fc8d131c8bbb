import type { KubeObject } from '../world/kube.ts';
import { selectorText } from './columns.ts';
import { fieldAt, type JsonObject, numberAt, objectAt } from './json.ts';
import { type About, badRequest, invalid } from './refusal.ts';

/** The `scale` subresource of a workload (autoscaling/v1, Scale). */
export function scaleOf(object: KubeObject): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: numberAt(object, 'spec', 'replicas') ?? 0 },
    status: {
      replicas: numberAt(object, 'status', 'replicas') ?? 0,
      selector: selectorText(fieldAt(object, 'spec', 'selector')),
    },
  };
}

/** The workload as a Scale wants it. Throws Refusal. */
export function scaled(object: KubeObject, scale: JsonObject, about: About): JsonObject {
  if (scale['kind'] !== undefined && scale['kind'] !== 'Scale') throw badRequest('the body is no Scale');
  const replicas = fieldAt(scale, 'spec', 'replicas') ?? 0;
  if (!Number.isInteger(replicas) || Number(replicas) < 0) {
    throw invalid({ ...about, kind: 'Scale', group: 'autoscaling' }, object.metadata.name, [
      {
        field: 'spec.replicas',
        message: `Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`,
      },
    ]);
  }
  const { uid, resourceVersion } = objectAt(scale, 'metadata');
  return {
    ...object,
    metadata: { ...object.metadata, uid: uid ?? object.metadata.uid, resourceVersion: resourceVersion ?? '' },
    spec: { ...objectAt(object, 'spec'), replicas },
  };
}
