import { type Column, columnsOf } from './columns.ts';
import { asCoreEvent, asNewEvent } from './event-views.ts';
import { type JsonObject, objectAt, without } from './json.ts';
import { Refusal } from './refusal.ts';
import type { Served } from './served.ts';

/** How a client wants to be answered (kubernetes.io/docs/reference/using-api/api-concepts). */
export interface Representation {
  readonly as: 'object' | 'Table' | 'PartialObjectMetadata';
  /** Of tables: what of the objects comes along. */
  readonly includeObject: 'None' | 'Metadata' | 'Object';
}

/** Reads the `Accept` header: the first form that can be given. Throws Refusal (406) where JSON will not do. */
export function representationFor(accept: string | undefined, includeObject: string | null): Representation {
  const include = includeObject === 'None' || includeObject === 'Object' ? includeObject : 'Metadata';
  for (const choice of (accept ?? '*/*').split(',')) {
    const [type = '', ...given] = choice.split(';').map((part) => part.trim());
    if (!['application/json', 'application/*', '*/*'].includes(type)) continue;
    const parameters = new Map(given.map((each) => each.split('=', 2) as [string, string]));
    const as = parameters.get('as');
    if (as === undefined) return { as: 'object', includeObject: include };
    if (parameters.get('g') !== 'meta.k8s.io' || parameters.get('v') !== 'v1') continue;
    if (as === 'Table') return { as, includeObject: include };
    if (as.startsWith('PartialObjectMetadata'))
      return { as: 'PartialObjectMetadata', includeObject: include };
  }
  throw new Refusal(
    406,
    'NotAcceptable',
    'only the following media types will be returned: application/json',
    {},
  );
}

/** A stored object as this resource shows it. */
export function viewOf({ group, plural, resource, kind }: Served, object: JsonObject): JsonObject {
  if (plural === 'events') return group === '' ? asCoreEvent(object) : asNewEvent(object);
  const view = { ...object, apiVersion: resource.apiVersion, kind };
  // The world gives every object a status; that of a policy is not there before somebody has written it.
  const unwritten = plural === 'burstpolicies' && Object.keys(objectAt(object, 'status')).length === 0;
  return unwritten ? without(view, 'status') : view;
}

/** One object in the form that is wanted. */
export function present(served: Served, object: JsonObject, form: Representation, nowMs: number): JsonObject {
  const view = viewOf(served, object);
  if (form.as === 'PartialObjectMetadata') return metadataOnly(view);
  return form.as === 'Table' ? tableOf(served, [view], form, nowMs, objectAt(view, 'metadata')) : view;
}

/** A list in the form that is wanted. `metadata` is that of the list. */
export function presentList(
  served: Served,
  objects: readonly JsonObject[],
  metadata: JsonObject,
  form: Representation,
  nowMs: number,
): JsonObject {
  const views = objects.map((object) => viewOf(served, object));
  if (form.as === 'Table') return tableOf(served, views, form, nowMs, metadata);
  if (form.as === 'PartialObjectMetadata') {
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
      items: views.map(metadataOnly),
    };
  }
  return {
    kind: `${served.kind}List`,
    apiVersion: served.resource.apiVersion,
    metadata,
    // Items of built-in lists name no kind: the list does.
    items: served.builtIn ? views.map((view) => without(view, 'kind', 'apiVersion')) : views,
  };
}

function metadataOnly(view: JsonObject): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: view['metadata'] };
}

function tableOf(
  served: Served,
  views: readonly JsonObject[],
  { includeObject }: Representation,
  nowMs: number,
  { resourceVersion, continue: next, remainingItemCount }: JsonObject,
): JsonObject {
  const columns =
    served.plural === 'events' ? columnsOf('events') : [nameColumn, ...columnsOf(served.plural)];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: {
      resourceVersion,
      ...(next === undefined ? {} : { continue: next }),
      ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
    },
    columnDefinitions: columns.map(({ name, type, priority = 0 }) => ({
      name,
      type,
      format: name === 'Name' ? 'name' : '',
      description: '',
      priority,
    })),
    rows: views.map((view) => ({
      cells: columns.map(({ cell }) => cell(view, nowMs)),
      ...(includeObject === 'None' ? {} : { object: includeObject === 'Object' ? view : metadataOnly(view) }),
    })),
  };
}

const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  cell: (view) => objectAt(view, 'metadata')['name'] ?? '',
};
