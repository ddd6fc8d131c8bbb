import { isDeepStrictEqual } from 'node:util';
import { isObject, type JsonObject } from './json.ts';
import { isAtomicMap, isSet, listKeysOf } from './list-keys.ts';

/** Steps from the root to a field, as in FieldsV1: `f:spec`, `k:{"name":"worker"}`, `v:"a"`, `.` (the item itself). */
export type Path = readonly string[];

/** Fields that somebody owns, by their path as text (KEP-555, server-side apply). */
export type FieldSet = ReadonlyMap<string, Path>;

/** Owned by nobody: they name the object, or belong to the server. */
const unowned: ReadonlySet<string> = new Set([
  'apiVersion',
  'kind',
  'metadata/name',
  'metadata/namespace',
  'metadata/uid',
  'metadata/resourceVersion',
  'metadata/generation',
  'metadata/creationTimestamp',
  'metadata/deletionTimestamp',
  'metadata/deletionGracePeriodSeconds',
  'metadata/managedFields',
  'metadata/selfLink',
]);

/** Every field that an object sets. */
export function fieldsOf(object: JsonObject): FieldSet {
  const found = new Map<string, Path>();
  collect(object, [], '', found);
  return found;
}

function collect(value: unknown, path: Path, name: string, found: Map<string, Path>): void {
  const add = (each: Path): void => void found.set(each.join('\0'), each);
  if (isObject(value) && Object.keys(value).length > 0 && (path.length === 0 || !isAtomicMap(name))) {
    for (const [field, child] of Object.entries(value)) {
      const place = [...path.map((step) => step.slice(2)), field].join('/');
      if (!unowned.has(place)) collect(child, [...path, `f:${field}`], field, found);
    }
  } else if (Array.isArray(value) && isSet(name)) {
    for (const item of value) add([...path, `v:${JSON.stringify(item)}`]);
  } else if (Array.isArray(value) && listKeysOf(name, value) !== undefined) {
    for (const item of value) {
      if (!isObject(item)) continue;
      const inner = [...path, itemStep(name, value, item)];
      add([...inner, '.']);
      collect(item, inner, '', found);
    }
  } else if (path.length > 0) {
    add(path);
  }
}

/** How a path names an item of a list map: by its keys, sorted. */
export function itemStep(field: string, list: readonly unknown[], item: JsonObject): string {
  const keys = (listKeysOf(field, list) ?? []).filter((key) => item[key] !== undefined).toSorted();
  return `k:${JSON.stringify(Object.fromEntries(keys.map((key) => [key, item[key]])))}`;
}

/** What stands at a path; undefined: nothing does. */
export function valueAtPath(root: unknown, path: Path): unknown {
  let value = root;
  let field = '';
  for (const step of path) {
    if (step === '.') return value !== undefined;
    const body = step.slice(2);
    if (step.startsWith('f:')) {
      value = isObject(value) && Object.hasOwn(value, body) ? value[body] : undefined;
      field = body;
    } else if (Array.isArray(value)) {
      const list: readonly unknown[] = value;
      value = list.find((item) => names(step, field, list, item));
    } else return undefined;
  }
  return value;
}

/** The same object without what stands at a path; parents that become empty go too. */
export function withoutPath(root: JsonObject, path: Path): JsonObject {
  const left = remove(root, path, '');
  return isObject(left) ? left : {};
}

function remove(value: unknown, [step, ...rest]: Path, field: string): unknown {
  if (step === undefined || step === '.') return undefined;
  if (step.startsWith('f:') && isObject(value)) {
    const name = step.slice(2);
    if (!Object.hasOwn(value, name)) return value;
    const left = remove(value[name], rest, name);
    const entries = Object.entries(value).flatMap(([each, child]) =>
      each !== name ? [[each, child] as const] : left === undefined ? [] : [[each, left] as const],
    );
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  }
  if (!Array.isArray(value)) return value;
  const list: readonly unknown[] = value;
  const left = list.flatMap((item) => {
    if (!names(step, field, list, item)) return [item];
    const kept = remove(item, rest, '');
    return kept === undefined ? [] : [kept];
  });
  return left.length === 0 ? undefined : left;
}

function names(step: string, field: string, list: readonly unknown[], item: unknown): boolean {
  if (step.startsWith('v:')) return JSON.stringify(item) === step.slice(2);
  return isObject(item) && itemStep(field, list, item) === step;
}

/** Fields whose value differs between two states of an object, those that went included. */
export function changedFields(before: JsonObject, after: JsonObject): { set: FieldSet; gone: FieldSet } {
  const was = fieldsOf(before);
  const is = fieldsOf(after);
  const set = [...is].filter(
    ([key, path]) => !was.has(key) || !isDeepStrictEqual(valueAtPath(before, path), valueAtPath(after, path)),
  );
  return { set: new Map(set), gone: new Map([...was].filter(([key]) => !is.has(key))) };
}

/** FieldsV1: the paths as one tree. */
export function toFieldsV1(fields: FieldSet): JsonObject {
  const tree: Record<string, unknown> = {};
  for (const path of fields.values()) {
    let node = tree;
    for (const step of path) {
      node[step] ??= {};
      node = node[step] as Record<string, unknown>;
    }
  }
  return tree;
}

/** The paths of a FieldsV1 tree. */
export function fromFieldsV1(tree: unknown): FieldSet {
  const found = new Map<string, Path>();
  const walk = (node: unknown, path: Path): void => {
    const children = isObject(node) ? Object.entries(node) : [];
    if (children.length === 0 && path.length > 0) found.set(path.join('\0'), path);
    for (const [step, child] of children) walk(child, [...path, step]);
  };
  walk(tree, []);
  return found;
}
