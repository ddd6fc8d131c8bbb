import { evict } from '../world/eviction.ts';
import type { KubeInput, KubeObject } from '../world/kube.ts';
import { timeText } from '../world/time.ts';
import { admit } from './admission.ts';
import { objectIn } from './body.ts';
import { storeNew } from './create.ts';
import { type DeleteRequest, deleteRequestIn, readDeleteRequest } from './delete-request.ts';
import { type JsonObject, objectAt, textAt } from './json.ts';
import { deleteNamespace } from './namespaces.ts';
import { configurationIn, isApply, patched } from './patch.ts';
import type { Place } from './path.ts';
import { badRequest, invalid, notFound } from './refusal.ts';
import { viewOf } from './representation.ts';
import { scaled, scaleOf } from './scale.ts';
import { afterUpdate, serverSideApply, type Writer } from './server-side-apply.ts';
import type { ShownWorld } from './shown-world.ts';
import { fieldValidationIn, type WriteRequest, type Written } from './write-request.ts';

/** Resources whose PUT has to name the version that it replaces (AllowUnconditionalUpdate is false). */
const conditional: ReadonlySet<string> = new Set(['burstpolicies', 'leases']);

/** Writes of clients into the world, by the API server's rules. All methods throw Refusal or ObjectError. */
export class Writes {
  readonly #world: ShownWorld;

  constructor(world: ShownWorld) {
    this.#world = world;
  }

  create(request: WriteRequest): Written {
    const { place, body } = request;
    if (place.name !== undefined) return this.#createSubresource(request);
    return { code: 201, stored: storeNew(this.#world, request, objectIn(body)) };
  }

  /** PUT of an object, its status or its scale. */
  replace(request: WriteRequest): Written {
    const { place, body } = request;
    const old = this.#existing(place);
    const given = objectIn(body);
    const name = textAt(given, 'metadata', 'name');
    if (name !== undefined && name !== old.metadata.name) {
      throw badRequest(
        `the name of the object (${name}) does not match the name on the URL (${old.metadata.name})`,
      );
    }
    if (place.subresource === 'scale') return this.#rescale(request, old, given);
    if (conditional.has(place.served.plural) && (textAt(given, 'metadata', 'resourceVersion') ?? '') === '') {
      throw invalid(place.served, old.metadata.name, [
        { field: 'metadata.resourceVersion', message: 'Invalid value: 0: must be specified for an update' },
      ]);
    }
    return { code: 200, stored: this.#change(request, old, given) };
  }

  /** PATCH of an object, its status or its scale; an applied configuration may create it. */
  patch(request: WriteRequest): Written {
    const { place, body, query } = request;
    const { served, namespace, name = '' } = place;
    if (isApply(body)) return this.#apply(request);
    const old = this.#existing(place);
    if (place.subresource === 'scale') {
      return this.#rescale(request, old, patched(scaleOf(old), body, true));
    }
    const before = viewOf(served, old);
    const after = patched(before, body, served.builtIn);
    if (textAt(after, 'metadata', 'name') !== name || textAt(after, 'metadata', 'namespace') !== namespace) {
      throw invalid(served, name, [{ field: 'metadata.name', message: 'Invalid value: field is immutable' }]);
    }
    if (query.get('force') !== null) {
      throw badRequest('force may not be specified for non-apply patch');
    }
    return { code: 200, stored: this.#change(request, old, after) };
  }

  /** DELETE of one object. */
  remove(request: WriteRequest): Written {
    const { place } = request;
    const old = this.#existing(place);
    const options = deleteRequestIn(request.body, request.query);
    const gone = this.#delete(place, old, options);
    const left = this.#world.objects.get(place.served.plural, keyIn(place)) !== undefined;
    // Pods and objects that wait for finalizers are answered with themselves, the rest with a Status.
    if (left || place.served.plural === 'pods') return { code: 200, stored: gone };
    const { name, uid } = old.metadata;
    return {
      code: 200,
      answer: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: { name, group: place.served.group, kind: place.served.plural, uid },
      },
    };
  }

  /** DELETE of a collection: all the objects that are chosen. */
  removeAll(request: WriteRequest, objects: readonly KubeObject[]): readonly KubeObject[] {
    const options = deleteRequestIn(request.body, request.query);
    return objects.map((object) =>
      this.#delete(
        { ...request.place, namespace: object.metadata.namespace, name: object.metadata.name },
        object,
        options,
      ),
    );
  }

  #delete(place: Place, old: KubeObject, { dryRun, ...options }: DeleteRequest): KubeObject {
    const { plural } = place.served;
    if (dryRun) return old;
    if (plural === 'namespaces' && old.metadata.deletionTimestamp === undefined) {
      return deleteNamespace(this.#world, old.metadata.name);
    }
    return this.#world.objects.delete(plural, keyIn(place), options);
  }

  #createSubresource(request: WriteRequest): Written {
    const { place, body } = request;
    if (place.subresource !== 'eviction') throw badRequest('nothing can be created there');
    const old = this.#existing(place);
    const { dryRun, ...options } = readDeleteRequest(
      objectAt(objectIn(body), 'deleteOptions'),
      request.query,
    );
    if (!dryRun) evict(this.#world.objects, `${old.metadata.namespace ?? ''}/${old.metadata.name}`, options);
    return {
      code: 201,
      answer: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
    };
  }

  #apply(request: WriteRequest): Written {
    const { place, query, body } = request;
    const { served, namespace, name = '' } = place;
    if ((query.get('fieldManager') ?? '') === '') {
      throw badRequest(
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      );
    }
    const given = configurationIn(body);
    const metadata = {
      ...objectAt(given, 'metadata'),
      name,
      ...(namespace === undefined ? {} : { namespace }),
    };
    if ('managedFields' in metadata) throw badRequest('metadata.managedFields must be nil');
    const config = { ...given, metadata };
    const old = this.#world.objects.get(served.plural, keyIn(place));
    const live = old === undefined ? undefined : viewOf(served, old);
    const object = serverSideApply(live, config, {
      ...this.#writer(request),
      force: query.get('force') === 'true',
      about: served,
    });
    if (old !== undefined) return { code: 200, stored: this.#put(request, old, object) };
    if (place.subresource !== undefined) throw notFound(served, name);
    return { code: 201, stored: storeNew(this.#world, request, object) };
  }

  #rescale(request: WriteRequest, old: KubeObject, scale: JsonObject): Written {
    const stored = this.#change(request, old, scaled(old, scale, request.place.served));
    return { code: 200, answer: scaleOf(stored) };
  }

  #change(request: WriteRequest, old: KubeObject, object: JsonObject): KubeObject {
    const before = viewOf(request.place.served, old);
    return this.#put(request, old, afterUpdate(before, object, this.#writer(request)));
  }

  /** Stores a changed object, or its status alone. */
  #put({ place, query, warn }: WriteRequest, old: KubeObject, object: JsonObject): KubeObject {
    const { served, subresource } = place;
    const { objects } = this.#world;
    const onlyStatus = subresource === 'status';
    const merged: JsonObject = onlyStatus
      ? { ...viewOf(served, old), status: object['status'] }
      : served.resource.hasStatus
        ? { ...object, status: old['status'] }
        : object;
    const admitted = admit({
      served,
      object: merged,
      old: viewOf(served, old),
      fieldValidation: fieldValidationIn(query),
      warn,
    });
    const { uid, resourceVersion } = objectAt(object, 'metadata');
    const metadata = {
      ...objectAt(admitted, 'metadata'),
      name: old.metadata.name,
      ...(old.metadata.namespace === undefined ? {} : { namespace: old.metadata.namespace }),
      uid: typeof uid === 'string' ? uid : '',
      resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
    };
    const input = { ...admitted, metadata } as KubeInput;
    if (query.get('dryRun') === 'All')
      return { ...old, ...input, metadata: { ...old.metadata, ...metadata } };
    return onlyStatus ? objects.updateStatus(served.plural, input) : objects.update(served.plural, input);
  }

  #existing(place: Place): KubeObject {
    const found = this.#world.objects.get(place.served.plural, keyIn(place));
    if (found === undefined) throw notFound(place.served, place.name ?? '');
    return found;
  }

  #writer({ place, query, userAgent }: WriteRequest): Writer {
    const [program = 'unknown'] = userAgent.split('/');
    return {
      manager: query.get('fieldManager') || program,
      subresource: place.subresource ?? '',
      time: timeText(this.#world.now()),
    };
  }
}

/** The key of the object that a place names. */
export function keyIn({ namespace, name = '' }: Place): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
