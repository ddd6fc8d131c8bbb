import { type Change, ChangeLog } from './change-log.ts';
import { withDefaults } from './defaults.ts';
import { type DeleteOptions, markedForDeletion, mayGo } from './deletion.ts';
import { keptMetadata, keyOf, nextGeneration, uuid } from './identity.ts';
import type { KubeInput, KubeObject, Meta, ObjectOf } from './kube.ts';
import { alreadyExists, conflict, invalid, notFound } from './object-error.ts';
import { OwnerIndex } from './owner-index.ts';
import type { Random } from './random.ts';
import { resourceNamed } from './resources.ts';
import { same } from './same.ts';
import { timeText } from './time.ts';

export type { Change } from './change-log.ts';
export type { DeleteOptions } from './deletion.ts';
export { keyOf } from './identity.ts';
export { ObjectError, type ObjectErrorReason } from './object-error.ts';

export interface ObjectStoreOptions {
  /** Milliseconds since the epoch: for creation and deletion timestamps. */
  readonly now: () => number;
  /** For UIDs and generated names. */
  readonly random: Random;
  /** Changes that are kept for watchers. */
  readonly changeLogLength: number;
}

/** What an object is updated to: metadata as the client sends it. */
type Updated = KubeInput | KubeObject;

/**
 * All objects of the cluster, by resource (plural name) and key, with the API server's rules for writes: one
 * resourceVersion counter for all, optimistic concurrency, generation, graceful deletion and finalizers. Objects are
 * immutable: never change what you get, write a new one (a kept reference is a snapshot). Every method is synchronous;
 * refused writes throw an `ObjectError` with Kubernetes' reason. Not checked here: whether a namespace exists, and what the API
 * server validates beyond names.
 */
export class ObjectStore {
  readonly #options: ObjectStoreOptions;
  readonly #byResource = new Map<string, Map<string, KubeObject>>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #log: ChangeLog;
  readonly #owners = new OwnerIndex();
  #version = 1;

  constructor(options: ObjectStoreOptions) {
    this.#options = options;
    this.#log = new ChangeLog(options.changeLogLength, this.#version);
  }

  /** The latest resource version: what a list is answered with. */
  get version(): number {
    return this.#version;
  }

  /** The object; undefined: there is none. */
  get<R extends string>(resource: R, key: string): ObjectOf<R> | undefined {
    return this.#byResource.get(resource)?.get(key) as ObjectOf<R> | undefined;
  }

  /** All objects of a resource, in one namespace where it is named, sorted by key as the API server does. */
  list<R extends string>(resource: R, namespace?: string): readonly ObjectOf<R>[] {
    const found = [...(this.#byResource.get(resource) ?? [])].filter(
      ([, object]) => namespace === undefined || object.metadata.namespace === namespace,
    );
    return found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object as ObjectOf<R>);
  }

  /** All objects of a resource in the order of creation, without copying. Do not write while iterating. */
  values<R extends string>(resource: R): Iterable<ObjectOf<R>> {
    return (this.#byResource.get(resource)?.values() ?? []) as Iterable<ObjectOf<R>>;
  }

  /** Objects of a resource that name this UID as an owner, controlling or not, in the order of creation. */
  ownedBy<R extends string>(resource: R, ownerUid: string): readonly ObjectOf<R>[] {
    return this.#owners.ownedBy(resource, ownerUid) as readonly ObjectOf<R>[];
  }

  /** Resources that hold objects now. */
  resources(): readonly string[] {
    return [...this.#byResource.keys()];
  }

  /**
   * Stores a new object: fills in kind, uid, version, creation time, generation, defaults, and a name where `generateName` is given. Status is kept for nodes
   * alone (kubelets register with it); pods begin Pending. Throws AlreadyExists, Invalid (no name).
   */
  create<R extends string>(resource: R, input: KubeInput): ObjectOf<R> {
    const { kind, apiVersion, namespaced, hasGeneration, hasStatus } = resourceNamed(resource);
    const given = input.metadata ?? {};
    const { namespace = 'default', name = this.#generatedName(resource, given.generateName) } = given;
    const { namespace: _, deletionTimestamp: __, deletionGracePeriodSeconds: ___, ...meta } = given;
    const metadata: Meta = {
      ...meta,
      name,
      ...(namespaced ? { namespace } : {}),
      uid: uuid(this.#options.random),
      resourceVersion: '',
      creationTimestamp: timeText(this.#options.now()),
      ...(hasGeneration ? { generation: 1 } : {}),
    };
    const key = keyOf(metadata);
    if (this.get(resource, key) !== undefined) throw alreadyExists(resource, name);
    const keepsStatus = !hasStatus || resource === 'nodes';
    const object = withDefaults(resource, {
      ...input,
      apiVersion: input.apiVersion ?? apiVersion,
      kind: input.kind ?? kind,
      metadata,
      ...(keepsStatus ? {} : { status: {} }),
    });
    return this.#put('ADDED', resource, key, object, undefined) as ObjectOf<R>;
  }

  /**
   * Replaces an object; what has a status subresource keeps its status. The store keeps uid, creation and deletion
   * times. Nothing changed: nothing is written, the version stays. An object that is being deleted goes with its last
   * finalizer. Throws NotFound; Conflict where `metadata.resourceVersion` or `uid` is given and not that of the stored one.
   */
  update<R extends string>(resource: R, input: Updated): ObjectOf<R> {
    const stored = this.#expected(resource, input);
    const { hasStatus } = resourceNamed(resource);
    return this.replace(resource, hasStatus ? { ...input, status: stored['status'] } : input);
  }

  /** Replaces the status of an object and nothing else (for nodes and pods also labels and annotations stay). Throws as `update` does. */
  updateStatus<R extends string>(resource: R, input: Updated): ObjectOf<R> {
    const stored = this.#expected(resource, input);
    return this.replace(resource, { ...stored, status: input['status'] });
  }

  /** Replaces an object with its status, as the world's own parts do. Throws as `update` does. */
  replace<R extends string>(resource: R, input: Updated): ObjectOf<R> {
    const stored = this.#expected(resource, input);
    const { metadata: old } = stored;
    const key = keyOf(old);
    const changed = withDefaults(resource, {
      ...input,
      apiVersion: stored.apiVersion,
      kind: stored.kind,
      metadata: keptMetadata(input.metadata, old),
    });
    if (same(changed, stored)) return stored as ObjectOf<R>;
    const object = same(changed['spec'], stored['spec']) ? changed : nextGeneration(changed);
    if (mayGo(object)) return this.#remove(resource, key, object) as ObjectOf<R>;
    return this.#put('MODIFIED', resource, key, object, stored) as ObjectOf<R>;
  }

  /**
   * Deletes an object, or marks it: a bound pod gets its grace period (the kubelet deletes it for good, with grace 0), what has
   * finalizers stays until they are gone. Dependants are deleted by the garbage collector. Returns the last state.
   * Throws NotFound; Conflict where a precondition does not hold.
   */
  delete<R extends string>(resource: R, key: string, options: DeleteOptions = {}): ObjectOf<R> {
    const stored = this.#byResource.get(resource)?.get(key);
    if (stored === undefined) throw notFound(resource, key.slice(key.indexOf('/') + 1));
    const { uid, resourceVersion } = options.preconditions ?? {};
    this.#check(resource, stored, uid, resourceVersion);
    const marked = markedForDeletion(resource, stored, options, this.#options.now());
    if (mayGo(marked)) return this.#remove(resource, key, stored) as ObjectOf<R>;
    if (same(marked, stored)) return stored as ObjectOf<R>;
    return this.#put('MODIFIED', resource, key, marked, stored) as ObjectOf<R>;
  }

  /** All changes after a version, oldest first; `expired` (410 Gone) where some of them are forgotten. */
  changesSince(version: number): readonly Change[] | 'expired' {
    return this.#log.since(version);
  }

  /** Forgets all but the latest `kept` changes, as etcd's compaction does. */
  compact(kept: number): void {
    this.#log.forget(kept);
  }

  /** Called at once after each change, in order. Do not write from a listener: schedule. The returned function ends it. */
  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #expected(resource: string, input: Updated): KubeObject {
    const { metadata = {} } = input;
    const stored = this.#byResource.get(resource)?.get(keyOf(metadata));
    if (stored === undefined) throw notFound(resource, metadata.name ?? '');
    this.#check(resource, stored, metadata.uid, metadata.resourceVersion);
    return stored;
  }

  #check(
    resource: string,
    { metadata }: KubeObject,
    uid: string | undefined,
    version: string | undefined,
  ): void {
    if (uid !== undefined && uid !== '' && uid !== metadata.uid) {
      throw conflict(
        resource,
        metadata.name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`,
      );
    }
    if (version !== undefined && version !== '' && version !== metadata.resourceVersion) {
      throw conflict(
        resource,
        metadata.name,
        'the object has been modified; please apply your changes to the latest version and try again',
      );
    }
  }

  #put(
    type: 'ADDED' | 'MODIFIED',
    resource: string,
    key: string,
    unversioned: KubeObject,
    before: KubeObject | undefined,
  ): KubeObject {
    const object = this.#versioned(unversioned);
    let objects = this.#byResource.get(resource);
    if (objects === undefined) this.#byResource.set(resource, (objects = new Map()));
    objects.set(key, object);
    this.#owners.put(resource, key, object, before);
    this.#tell({ type, resource, key, object, before, version: this.#version });
    return object;
  }

  #remove(resource: string, key: string, last: KubeObject): KubeObject {
    const object = this.#versioned(last);
    const before = this.#byResource.get(resource)?.get(key);
    this.#byResource.get(resource)?.delete(key);
    this.#owners.remove(resource, key, before ?? last);
    this.#tell({ type: 'DELETED', resource, key, object, before, version: this.#version });
    return object;
  }

  #versioned(object: KubeObject): KubeObject {
    this.#version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
  }

  #tell(change: Change): void {
    this.#log.add(change);
    for (const listener of this.#listeners) listener(change);
  }

  #generatedName(resource: string, prefix: string | undefined): string {
    if (prefix === undefined)
      throw invalid(resource, '', 'metadata.name: Required value: name or generateName is required');
    return `${prefix}${this.#options.random.suffix(5)}`;
  }
}
