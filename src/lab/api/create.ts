import type { KubeInput, KubeObject } from '../world/kube.ts';
import { timeText } from '../world/time.ts';
import { admit } from './admission.ts';
import { type JsonObject, objectAt, textAt } from './json.ts';
import { createNamespace, requireNamespace } from './namespaces.ts';
import type { Place } from './path.ts';
import { alreadyExists, badRequest, invalid } from './refusal.ts';
import type { ShownWorld } from './shown-world.ts';
import { fieldValidationIn, type WriteRequest } from './write-request.ts';

/** Stores a new object by the API's rules, or says what would be stored (`dryRun`). Throws Refusal, ObjectError. */
export function storeNew(world: ShownWorld, request: WriteRequest, given: JsonObject): KubeObject {
  const { place, query, warn } = request;
  const { served, namespace } = place;
  const { objects } = world;
  const inside = textAt(given, 'metadata', 'namespace');
  if (inside !== undefined && namespace !== undefined && inside !== namespace) {
    throw badRequest(
      `the namespace of the provided object does not match the namespace sent on the request (${inside} and ${namespace})`,
    );
  }
  if (served.namespaced && namespace === undefined)
    throw badRequest('an empty namespace may not be set during creation');
  if (textAt(given, 'metadata', 'resourceVersion')) {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  const head = { apiVersion: served.resource.apiVersion, kind: served.kind };
  const metadata: JsonObject = {
    ...objectAt(given, 'metadata'),
    ...(namespace === undefined ? {} : { namespace }),
  };
  const named = typeof metadata['name'] === 'string' || typeof metadata['generateName'] === 'string';
  if (!named) {
    throw invalid(served, '', [
      { field: 'metadata.name', message: 'Required value: name or generateName is required' },
    ]);
  }
  if (namespace !== undefined) requireNamespace(world, namespace);
  const object = admit({
    served,
    object: { ...head, ...given, metadata },
    old: undefined,
    fieldValidation: fieldValidationIn(query),
    warn,
  });
  const input = { ...object, ...head } as KubeInput;
  if (query.get('dryRun') === 'All') return imagined(world, place, input);
  return served.plural === 'namespaces'
    ? createNamespace(objects, input)
    : objects.create(served.plural, input);
}

/** What would be stored: for `dryRun`, which changes nothing. */
function imagined(world: ShownWorld, { served, namespace }: Place, input: KubeInput): KubeObject {
  const { name = `${input.metadata?.generateName ?? ''}xxxxx`, ...metadata } = input.metadata ?? {};
  const key = namespace === undefined ? name : `${namespace}/${name}`;
  if (world.objects.get(served.plural, key) !== undefined) {
    throw alreadyExists(served, name);
  }
  const creationTimestamp = timeText(world.now());
  return {
    ...input,
    apiVersion: served.resource.apiVersion,
    kind: served.kind,
    metadata: { ...metadata, name, uid: '', resourceVersion: '', creationTimestamp },
  };
}
