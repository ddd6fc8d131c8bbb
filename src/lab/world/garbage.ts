import { foregroundDeletion, orphanDependants } from './deletion.ts';
import type { KubeObject } from './kube.ts';
import { keyOf } from './objects.ts';
import { createReconciler } from './reconciler.ts';
import type { Rooms } from './rooms.ts';
import type { Stage } from './types.ts';

/** From a change to the collector having seen it. */
const latencyMs = 50;
/** Pods of a node that does not exist go after so long (podgc, quarantine time and period). */
const strayMs = 40_000;

/**
 * The garbage collector: what names owners and has none left is deleted; foreground deletion waits for dependants that block it;
 * orphaning takes the owner's name off them. What was in a deleted namespace goes, and so do pods of nodes that do not exist.
 */
export function startGarbageCollector(stage: Stage, rooms: Rooms): void {
  const { objects } = stage;
  /** UIDs of all objects that are there, and where. */
  const alive = new Map<string, { readonly resource: string; readonly key: string }>();

  const dependantsOf = (uid: string): readonly { readonly resource: string; readonly object: KubeObject }[] =>
    objects
      .resources()
      .flatMap((resource) => objects.ownedBy(resource, uid).map((object) => ({ resource, object })));

  const withoutFinalizer = (resource: string, object: KubeObject, finalizer: string): void => {
    const finalizers = (object.metadata.finalizers ?? []).filter((each) => each !== finalizer);
    objects.replace(resource, { ...object, metadata: { ...object.metadata, finalizers } });
  };

  const collect = createReconciler(stage, latencyMs, (uid) => {
    const place = alive.get(uid);
    const owner = place === undefined ? undefined : objects.get(place.resource, place.key);
    if (place === undefined || owner === undefined) {
      for (const { resource, object } of dependantsOf(uid)) consider(resource, object);
      return;
    }
    if (owner.metadata.deletionTimestamp === undefined) return;
    const finalizers = owner.metadata.finalizers ?? [];
    if (finalizers.includes(orphanDependants)) {
      for (const { resource, object } of dependantsOf(uid)) {
        const ownerReferences = (object.metadata.ownerReferences ?? []).filter((each) => each.uid !== uid);
        objects.replace(resource, { ...object, metadata: { ...object.metadata, ownerReferences } });
      }
      withoutFinalizer(place.resource, owner, orphanDependants);
    } else if (finalizers.includes(foregroundDeletion)) {
      const blocking = dependantsOf(uid).filter(({ object }) =>
        object.metadata.ownerReferences?.some((each) => each.uid === uid && each.blockOwnerDeletion === true),
      );
      for (const { resource, object } of dependantsOf(uid)) {
        if (object.metadata.deletionTimestamp === undefined) {
          objects.delete(resource, keyOf(object.metadata), { propagationPolicy: 'Foreground' });
        }
      }
      if (blocking.length === 0) withoutFinalizer(place.resource, owner, foregroundDeletion);
    }
  });

  /** Deletes an object whose owners are all gone. */
  const consider = (resource: string, object: KubeObject): void => {
    const { ownerReferences = [], deletionTimestamp } = object.metadata;
    if (ownerReferences.length === 0 || deletionTimestamp !== undefined) return;
    if (ownerReferences.some(({ uid }) => alive.has(uid))) return;
    objects.delete(resource, keyOf(object.metadata), { propagationPolicy: 'Background' });
  };

  const clearStrays = createReconciler(stage, strayMs, (nodeName) => {
    if (rooms.get(nodeName) !== undefined) return;
    for (const { metadata } of rooms.podsOn(nodeName)) {
      objects.delete('pods', keyOf(metadata), { gracePeriodSeconds: 0 });
    }
  });

  const emptyNamespace = createReconciler(stage, latencyMs, (namespace) => {
    if (objects.get('namespaces', namespace) !== undefined) return;
    for (const resource of objects.resources()) {
      for (const { metadata } of objects.list(resource, namespace)) {
        if (metadata.deletionTimestamp === undefined) objects.delete(resource, keyOf(metadata));
      }
    }
  });

  objects.onChange(({ type, resource, key, object }) => {
    const { uid, ownerReferences = [], deletionTimestamp } = object.metadata;
    if (type === 'DELETED') {
      alive.delete(uid);
      collect.add(uid);
      if (resource === 'nodes') clearStrays.add(key);
      if (resource === 'namespaces') emptyNamespace.add(key);
      for (const owner of ownerReferences) collect.add(owner.uid);
      return;
    }
    alive.set(uid, { resource, key });
    if (deletionTimestamp !== undefined) collect.add(uid);
    if (type === 'ADDED')
      for (const owner of ownerReferences) if (!alive.has(owner.uid)) collect.add(owner.uid);
  });
}
