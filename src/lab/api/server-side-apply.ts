import { isDeepStrictEqual } from 'node:util';
import {
  changedFields,
  type FieldSet,
  fieldsOf,
  fromFieldsV1,
  itemStep,
  toFieldsV1,
  valueAtPath,
  withoutPath,
} from './field-set.ts';
import { isObject, type JsonObject, listAt, objectAt, textAt } from './json.ts';
import { isAtomicMap, isSet, listKeysOf } from './list-keys.ts';
import { type About, type Cause, conflict } from './refusal.ts';

/** Who owns what of an object: one entry of `metadata.managedFields`. */
interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource: string;
  readonly apiVersion: string;
  readonly time: string;
  readonly fields: FieldSet;
}

/** Who writes, and when (RFC 3339). */
export interface Writer {
  readonly manager: string;
  readonly subresource: string;
  readonly time: string;
}

/**
 * Server-side apply (KEP-555): merges the configuration into the live object, takes away what the same manager applied
 * before and no longer names, and writes down who owns what. Throws Refusal (409) where another manager owns a field
 * with another value, unless `force`.
 */
export function serverSideApply(
  live: JsonObject | undefined,
  config: JsonObject,
  writer: Writer & { readonly force: boolean; readonly about: About },
): JsonObject {
  const base = live ?? {};
  const applied = fieldsOf(config);
  const managers = live === undefined ? [] : managersOf(live);
  const isOwn = (each: Manager): boolean =>
    each.name === writer.manager && each.operation === 'Apply' && each.subresource === writer.subresource;
  const others = managers.filter((each) => !isOwn(each));
  const disputed = conflictsOf(base, config, applied, others);
  if (disputed.length > 0 && !writer.force) {
    const name = textAt(config, 'metadata', 'name') ?? '';
    const many = disputed.length === 1 ? '1 conflict' : `${disputed.length} conflicts`;
    throw conflict(
      writer.about,
      name,
      `Apply failed with ${many}: ${disputed.map(({ message, field }) => `${message}: ${field}`).join(', ')}`,
      disputed,
    );
  }
  let merged = mergeConfig(base, config);
  const owned = new Set(others.flatMap(({ fields }) => [...fields.keys()]));
  for (const before of managers.filter(isOwn)) {
    for (const [key, path] of before.fields) {
      if (!applied.has(key) && !owned.has(key)) merged = withoutPath(merged, path);
    }
  }
  const left = others.map((each) => ({
    ...each,
    fields:
      each.operation === 'Apply'
        ? minus(each.fields, changed(applied, base, config))
        : minus(each.fields, applied),
  }));
  const own: Manager = {
    name: writer.manager,
    operation: 'Apply',
    subresource: writer.subresource,
    apiVersion: textAt(config, 'apiVersion') ?? '',
    time: writer.time,
    fields: applied,
  };
  return withManagers(merged, [...left, own]);
}

/** Keeps the account after an ordinary write, where one is kept: the writer owns what it changed. */
export function afterUpdate(before: JsonObject, after: JsonObject, writer: Writer): JsonObject {
  if (listAt(before, 'metadata', 'managedFields').length === 0) return after;
  const { set, gone } = changedFields(before, after);
  const isOwn = (each: Manager): boolean =>
    each.name === writer.manager && each.operation === 'Update' && each.subresource === writer.subresource;
  const managers = managersOf(before);
  const rest = managers.filter((each) => !isOwn(each));
  const own = managers.find(isOwn)?.fields ?? new Map();
  const left = rest.map((each) => ({ ...each, fields: minus(minus(each.fields, set), gone) }));
  const fields = minus(new Map([...own, ...set]), gone);
  const apiVersion = textAt(after, 'apiVersion') ?? '';
  const entry: Manager = {
    name: writer.manager,
    operation: 'Update',
    subresource: writer.subresource,
    apiVersion,
    time: writer.time,
    fields,
  };
  return withManagers(after, [...left, entry]);
}

function conflictsOf(
  live: JsonObject,
  config: JsonObject,
  applied: FieldSet,
  others: readonly Manager[],
): readonly Cause[] {
  return others.flatMap(({ name, fields }) =>
    [...applied]
      .filter(([key, path]) => fields.has(key) && path.at(-1) !== '.' && differs(live, config, path))
      .map(([, path]) => ({
        reason: 'FieldManagerConflict',
        message: `conflict with "${name}"`,
        field: `.${path.map((step) => (step.startsWith('f:') ? step.slice(2) : `[${step.slice(2)}]`)).join('.')}`,
      })),
  );
}

function differs(live: JsonObject, config: JsonObject, path: readonly string[]): boolean {
  return !isDeepStrictEqual(valueAtPath(live, path), valueAtPath(config, path));
}

function changed(applied: FieldSet, live: JsonObject, config: JsonObject): FieldSet {
  return new Map([...applied].filter(([, path]) => differs(live, config, path)));
}

function minus(fields: FieldSet, taken: FieldSet): FieldSet {
  return new Map([...fields].filter(([key]) => !taken.has(key)));
}

/** What is configured wins; lists with keys merge by them, sets grow, other lists are replaced. */
function mergeConfig(live: JsonObject, config: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...live };
  for (const [name, value] of Object.entries(config)) {
    const there = merged[name];
    if (value === null) delete merged[name];
    else if (isObject(value) && isObject(there) && !isAtomicMap(name))
      merged[name] = mergeConfig(there, value);
    else if (Array.isArray(value) && Array.isArray(there)) merged[name] = mergeList(name, there, value);
    else merged[name] = value;
  }
  return merged;
}

function mergeList(field: string, live: readonly unknown[], config: readonly unknown[]): readonly unknown[] {
  if (isSet(field)) return [...new Set([...live, ...config])];
  if (listKeysOf(field, config) === undefined) return config;
  const stepOf = (item: unknown): string => (isObject(item) ? itemStep(field, config, item) : '');
  const before = new Map(live.map((item) => [stepOf(item), item] as const));
  const configured = new Set(config.map(stepOf));
  return [
    ...config.map((item) => {
      const there = before.get(stepOf(item));
      return isObject(there) && isObject(item) ? mergeConfig(there, item) : item;
    }),
    ...live.filter((item) => !configured.has(stepOf(item))),
  ];
}

/** An object without an account is taken to be owned by somebody who wrote it before. */
function managersOf(object: JsonObject): readonly Manager[] {
  const entries = listAt(object, 'metadata', 'managedFields');
  if (entries.length === 0) {
    return [
      {
        name: 'before-first-apply',
        operation: 'Update',
        subresource: '',
        apiVersion: textAt(object, 'apiVersion') ?? '',
        time: textAt(object, 'metadata', 'creationTimestamp') ?? '',
        fields: fieldsOf(object),
      },
    ];
  }
  return entries.map((entry) => ({
    name: textAt(entry, 'manager') ?? '',
    operation: textAt(entry, 'operation') === 'Apply' ? 'Apply' : 'Update',
    subresource: textAt(entry, 'subresource') ?? '',
    apiVersion: textAt(entry, 'apiVersion') ?? '',
    time: textAt(entry, 'time') ?? '',
    fields: fromFieldsV1(objectAt(entry, 'fieldsV1')),
  }));
}

function withManagers(object: JsonObject, managers: readonly Manager[]): JsonObject {
  const managedFields = managers
    .filter(({ fields }) => fields.size > 0)
    .map(({ name, operation, subresource, apiVersion, time, fields }) => ({
      manager: name,
      operation,
      apiVersion,
      time,
      fieldsType: 'FieldsV1',
      fieldsV1: toFieldsV1(fields),
      ...(subresource === '' ? {} : { subresource }),
    }));
  return { ...object, metadata: { ...objectAt(object, 'metadata'), managedFields } };
}
