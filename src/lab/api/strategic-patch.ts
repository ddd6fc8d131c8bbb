import { isObject, type JsonObject } from './json.ts';
import { isSet, listKeysOf } from './list-keys.ts';
import { badRequest } from './refusal.ts';

const orderOf = '$setElementOrder/';
const deleteFrom = '$deleteFromPrimitiveList/';

/**
 * Strategic merge patch: like a merge patch, but items of lists that have a key are merged by it
 * (kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch). Directives `$patch`,
 * `$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…` are obeyed. Throws Refusal.
 */
export function strategicPatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) throw badRequest('a strategic merge patch is an object');
  return mergeObjects(isObject(target) ? target : {}, patch);
}

function mergeObjects(target: JsonObject, patch: JsonObject): JsonObject {
  if (patch['$patch'] === 'replace') return plain(patch);
  if (patch['$patch'] === 'delete') return {};
  const retained = patch['$retainKeys'];
  const merged: Record<string, unknown> = Object.fromEntries(
    Object.entries(target).filter(([name]) => !Array.isArray(retained) || retained.includes(name)),
  );
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith('$')) continue;
    if (value === null) delete merged[name];
    else if (Array.isArray(value)) merged[name] = mergeLists(name, merged[name], value);
    else if (isObject(value)) merged[name] = mergeObjects(objectOr(merged[name]), value);
    else merged[name] = value;
  }
  takeFromSets(merged, patch);
  putInOrder(merged, patch);
  return merged;
}

function mergeLists(field: string, target: unknown, patch: readonly unknown[]): readonly unknown[] {
  const before: readonly unknown[] = Array.isArray(target) ? target : [];
  if (isSet(field)) return [...new Set([...before, ...patch])];
  const key = keyOf(field, [...patch, ...before]);
  if (key === undefined || patch.some((item) => isObject(item) && item['$patch'] === 'replace')) {
    return patch.filter((item) => !isObject(item) || item['$patch'] !== 'replace').map(plainValue);
  }
  const merged = [...before];
  for (const item of patch) {
    if (!isObject(item) || item[key] === undefined) throw badRequest(`an item of ${field} lacks its ${key}`);
    const at = merged.findIndex((each) => isObject(each) && each[key] === item[key]);
    if (item['$patch'] === 'delete') {
      if (at >= 0) merged.splice(at, 1);
    } else if (at >= 0) merged[at] = mergeObjects(objectOr(merged[at]), item);
    else merged.push(plain(item));
  }
  return merged;
}

function takeFromSets(merged: Record<string, unknown>, patch: JsonObject): void {
  for (const [directive, gone] of Object.entries(patch)) {
    if (!directive.startsWith(deleteFrom) || !Array.isArray(gone)) continue;
    const name = directive.slice(deleteFrom.length);
    const list = merged[name];
    if (Array.isArray(list)) merged[name] = list.filter((value) => !gone.includes(value));
  }
}

/** Items that the order names come in that order; the others stay where they were, before the next named one. */
function putInOrder(merged: Record<string, unknown>, patch: JsonObject): void {
  for (const [directive, order] of Object.entries(patch)) {
    if (!directive.startsWith(orderOf) || !Array.isArray(order)) continue;
    const name = directive.slice(orderOf.length);
    const list = merged[name];
    if (!Array.isArray(list)) continue;
    const key = keyOf(name, list);
    const nameOf = (item: unknown): unknown => (key !== undefined && isObject(item) ? item[key] : item);
    const places = new Map(order.map((item, index) => [nameOf(item), index] as const));
    const named = list
      .filter((item) => places.has(nameOf(item)))
      .sort((a, b) => (places.get(nameOf(a)) ?? 0) - (places.get(nameOf(b)) ?? 0));
    merged[name] = list.map((item: unknown) => (places.has(nameOf(item)) ? named.shift() : item));
  }
}

function keyOf(field: string, items: readonly unknown[]): string | undefined {
  return listKeysOf(field, items)?.[0];
}

function objectOr(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** The same without directives: what has nothing to merge with is taken as it is. */
function plain(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, child]) => !name.startsWith('$') && child !== null)
      .map(([name, child]) => [name, plainValue(child)]),
  );
}

function plainValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainValue);
  return isObject(value) ? plain(value) : value;
}
