import type { KubeObject } from '../world/kube.ts';
import { keyOf, type ObjectStore } from '../world/objects.ts';
import { parseFieldSelector } from './field-selector.ts';
import { type JsonObject, objectAt } from './json.ts';
import { parseLabelSelector } from './label-selector.ts';
import type { Place } from './path.ts';
import { badRequest, expired, Refusal } from './refusal.ts';
import { viewOf } from './representation.ts';

/** Whether an object is meant: by namespace, name and the selectors of the query. */
export type Chosen = (object: KubeObject) => boolean;

/** One page of a collection. */
export interface Page {
  readonly objects: readonly KubeObject[];
  /** Metadata of the list. */
  readonly metadata: JsonObject;
}

const tooOld =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.';

/** The choice that a place and its query make. Throws Refusal (400). */
export function choiceOf({ served, namespace, name }: Place, query: URLSearchParams): Chosen {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '');
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '', served.plural);
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    labels(objectAt(object, 'metadata', 'labels')) &&
    fields(viewOf(served, object));
}

/** Whether the query chooses among the objects of the collection. */
function selects(query: URLSearchParams): boolean {
  return (query.get('labelSelector') ?? '') !== '' || (query.get('fieldSelector') ?? '') !== '';
}

/**
 * Lists a collection: all of it, or a page of `limit` objects. All pages of one listing show the collection as of the
 * first. Throws Refusal: 410 where the changes since are forgotten, 504 for a version that has not been yet.
 */
export function listPage(objects: ObjectStore, place: Place, query: URLSearchParams): Page {
  const { plural } = place.served;
  const chosen = choiceOf(place, query);
  const limit = wholeNumber(query, 'limit');
  const token = query.get('continue') ?? '';
  const start = token === '' ? undefined : readToken(token);
  const exact = query.get('resourceVersionMatch') === 'Exact' ? versionOf(query) : undefined;
  const version = start?.version ?? exact ?? objects.version;
  checkVersion(objects, query);
  const all = version === objects.version ? objects.list(plural) : asOf(objects, plural, version);
  const found = all.filter(chosen);
  const rest = start === undefined ? found : found.filter(({ metadata }) => keyOf(metadata) > start.after);
  const page = limit === 0 ? rest : rest.slice(0, limit);
  const left = rest.length - page.length;
  const last = page.at(-1);
  return {
    objects: page,
    metadata: {
      resourceVersion: String(version),
      ...(left === 0 || last === undefined
        ? {}
        : {
            continue: writeToken({ version, after: keyOf(last.metadata) }),
            ...(selects(query) ? {} : { remainingItemCount: left }),
          }),
    },
  };
}

/** The collection as it was at a version: what changed since is undone. Throws Refusal (410). */
function asOf(objects: ObjectStore, plural: string, version: number): readonly KubeObject[] {
  const changes = objects.changesSince(version);
  if (changes === 'expired') throw expired(tooOld);
  const then = new Map(objects.list(plural).map((object) => [keyOf(object.metadata), object]));
  for (const { resource, key, before } of changes.toReversed()) {
    if (resource !== plural) continue;
    if (before === undefined) then.delete(key);
    else then.set(key, before);
  }
  return [...then].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
}

function checkVersion(objects: ObjectStore, query: URLSearchParams): void {
  const asked = versionOf(query);
  if (asked === undefined || asked <= objects.version) return;
  throw new Refusal(504, 'Timeout', `Too large resource version: ${asked}, current: ${objects.version}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', field: '', message: 'Too large resource version' }],
  });
}

/** The `resourceVersion` of a query; undefined: none. Throws Refusal (400). */
export function versionOf(query: URLSearchParams): number | undefined {
  const text = query.get('resourceVersion') ?? '';
  if (text === '') return undefined;
  if (!/^\d+$/.test(text)) throw badRequest(`invalid resource version "${text}"`);
  return Number(text);
}

/** A number of a query that is not negative; 0: not there. Throws Refusal (400). */
export function wholeNumber(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (text === '') return 0;
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`invalid ${name} "${text}"`);
  return Number(text);
}

interface Token {
  readonly version: number;
  /** Key of the last object that was given. */
  readonly after: string;
}

function writeToken(token: Token): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

function readToken(text: string): Token {
  try {
    const token = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Partial<Token>;
    if (typeof token.version === 'number' && typeof token.after === 'string') {
      return { version: token.version, after: token.after };
    }
  } catch {
    // Told below: it is no token of ours.
  }
  throw badRequest('continue key is not valid: it was not given by this server');
}
