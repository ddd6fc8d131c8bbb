import type { KubeInput, KubeObject } from '../world/kube.ts';
import { notFound } from './refusal.ts';
import { served } from './served.ts';
import type { ShownWorld } from './shown-world.ts';

/** Namespaces that every cluster has. */
const always = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/** How often to look whether a namespace that goes is empty, milliseconds of the world. */
const lookMs = 1_000;

/** Makes the namespaces that every cluster has, and those that objects of the world stand in. */
export function ensureNamespaces({ objects }: ShownWorld): void {
  const used = objects
    .resources()
    .flatMap((resource) => [...objects.values(resource)].flatMap(({ metadata }) => metadata.namespace ?? []));
  for (const name of new Set([...always, ...used])) {
    if (objects.get('namespaces', name) === undefined) createNamespace(objects, { metadata: { name } });
    else ensureServiceAccount(objects, name);
  }
}

/** Stores a namespace with what its controllers would add. */
export function createNamespace(objects: ShownWorld['objects'], input: KubeInput): KubeObject {
  const { metadata, ...created } = objects.create('namespaces', input);
  ensureServiceAccount(objects, metadata.name);
  return objects.replace('namespaces', {
    ...created,
    metadata: { ...metadata, labels: { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
}

function ensureServiceAccount(objects: ShownWorld['objects'], namespace: string): void {
  if (objects.get('serviceaccounts', `${namespace}/default`) !== undefined) return;
  objects.create('serviceaccounts', { metadata: { name: 'default', namespace } });
}

/** Throws Refusal (404) where something is created in a namespace that is not there. */
export function requireNamespace({ objects }: ShownWorld, namespace: string): void {
  const about = served.find(({ plural }) => plural === 'namespaces');
  if (about !== undefined && objects.get('namespaces', namespace) === undefined)
    throw notFound(about, namespace);
}

/**
 * Deletes a namespace as its controller does: it is Terminating while something stands in it, all of which is deleted.
 * Returns the namespace as it is then.
 */
export function deleteNamespace(world: ShownWorld, name: string): KubeObject {
  const { objects } = world;
  const finalizer = 'spillway.dev/namespace-content';
  const stored = objects.get('namespaces', name);
  const held = objects.replace('namespaces', {
    ...stored,
    metadata: { ...stored?.metadata, finalizers: [...(stored?.metadata.finalizers ?? []), finalizer] },
    status: { phase: 'Terminating' },
  });
  const going = objects.delete('namespaces', name, { preconditions: { uid: held.metadata.uid } });
  const empty = (): void => {
    const left = objects
      .resources()
      .flatMap((resource) => objects.list(resource, name).map((object) => ({ resource, object })));
    for (const { resource, object } of left) {
      if (object.metadata.deletionTimestamp === undefined)
        objects.delete(resource, `${name}/${object.metadata.name}`);
    }
    const current = objects.get('namespaces', name);
    if (current?.metadata.uid !== held.metadata.uid) return;
    if (left.length > 0) {
      world.schedule(world.now() + lookMs, empty);
      return;
    }
    const finalizers = (current.metadata.finalizers ?? []).filter((each) => each !== finalizer);
    objects.replace('namespaces', { ...current, metadata: { ...current.metadata, finalizers } });
  };
  world.schedule(world.now(), empty);
  return going;
}
