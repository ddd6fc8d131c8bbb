import type { KubeObject, Meta, MetaInput } from './kube.ts';
import type { Random } from './random.ts';

/** `namespace/name`, or the name alone for cluster-wide objects. */
export function keyOf(metadata: { readonly namespace?: string; readonly name?: string }): string {
  const { namespace = '', name = '' } = metadata;
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** The metadata that an update asks for, with all that only the API server sets as it was stored. */
export function keptMetadata(asked: MetaInput | undefined, stored: Meta): Meta {
  const { namespace, generation, deletionTimestamp, deletionGracePeriodSeconds } = stored;
  const {
    deletionTimestamp: _,
    deletionGracePeriodSeconds: __,
    generation: ___,
    namespace: ____,
    ...rest
  } = asked ?? {};
  return {
    ...rest,
    name: stored.name,
    uid: stored.uid,
    creationTimestamp: stored.creationTimestamp,
    resourceVersion: stored.resourceVersion,
    ...(namespace === undefined ? {} : { namespace }),
    ...(generation === undefined ? {} : { generation }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(deletionGracePeriodSeconds === undefined ? {} : { deletionGracePeriodSeconds }),
  };
}

/** A version 4 UUID. */
export function uuid(random: Random): string {
  const hex = Array.from({ length: 8 }, () => random.integer(65_536).toString(16).padStart(4, '0'));
  const [a, b, c, d = '', e = '', f, g, h] = hex;
  const variant = '89ab'[random.integer(4)] ?? '8';
  return `${a}${b}-${c}-4${d.slice(1)}-${variant}${e.slice(1)}-${f}${g}${h}`;
}

/** The object with its generation counted up, where it has one: its spec has changed. */
export function nextGeneration(object: KubeObject): KubeObject {
  const { generation } = object.metadata;
  return generation === undefined
    ? object
    : { ...object, metadata: { ...object.metadata, generation: generation + 1 } };
}
