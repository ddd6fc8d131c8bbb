import { z } from 'zod';
import { type Kind, kindKey } from './fields.ts';
import { policySchema } from './schema.ts';

/** A node of the policy's schema as JSON Schema, in the part of it that Kubernetes takes. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode;
  readonly [keyword: string]: unknown;
}

/** A node with where it stands: `spec.scaling.sources[].name`; values of a map are `{}`. */
export interface PlacedNode {
  readonly path: string;
  readonly node: SchemaNode;
  /** Whether an object that has the parent must have this. */
  readonly required: boolean;
}

/** Where in an object something stands: `['spec', 'scaling', 'sources', 0, 'name']`. */
export type Segments = readonly (string | number)[];

/** The schema of spec and status, made from the zod schema. */
export const schemaTree: SchemaNode = JSON.parse(
  JSON.stringify(z.toJSONSchema(policySchema, { target: 'openapi-3.0', io: 'input' })),
) as SchemaNode;

/** Every node of the schema, parents first, in the order in which the schema is written. */
export function* nodes(tree: SchemaNode = schemaTree, path = '', required = true): Generator<PlacedNode> {
  yield { path, node: tree, required };
  for (const [name, child] of Object.entries(tree.properties ?? {})) {
    yield* nodes(child, path === '' ? name : `${path}.${name}`, tree.required?.includes(name) ?? false);
  }
  if (tree.items !== undefined) yield* nodes(tree.items, `${path}[]`);
  if (tree.additionalProperties !== undefined) yield* nodes(tree.additionalProperties, `${path}{}`);
}

/** The paths of all nodes of a kind. */
export function pathsOf(kind: Kind): readonly string[] {
  return [...nodes()].filter(({ node }) => node[kindKey] === kind).map(({ path }) => path);
}

/** What stands at a schema path in a value: nothing, one thing, or one for every item of the lists and maps passed. */
export function instances(
  root: unknown,
  path: string,
): readonly { readonly at: Segments; readonly value: unknown }[] {
  let found: { readonly at: Segments; readonly value: unknown }[] = [{ at: [], value: root }];
  for (const [step] of path.matchAll(/\[\]|\{\}|[^.[\]{}]+/g)) {
    found = found.flatMap(({ at, value }) =>
      children(value, step).map(([key, child]) => ({ at: [...at, key], value: child })),
    );
  }
  return found;
}

/** What stands at a place in a value; undefined: nothing. */
export function valueAt(root: unknown, at: Segments): unknown {
  let value = root;
  for (const segment of at)
    value = isRecord(value) || Array.isArray(value) ? Reflect.get(value, segment) : undefined;
  return value;
}

/** A place as the API server writes it: `spec.scaling.sources[0].name`. */
export function pathText(at: Segments): string {
  let path = '';
  for (const segment of at) {
    if (typeof segment === 'number') path += `[${segment}]`;
    else if (/^[A-Za-z_]\w*$/.test(segment)) path += path === '' ? segment : `.${segment}`;
    else path += `[${segment}]`;
  }
  return path;
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function children(value: unknown, step: string): readonly (readonly [string | number, unknown])[] {
  if (step === '[]') return Array.isArray(value) ? value.map((item, index) => [index, item]) : [];
  if (!isRecord(value)) return [];
  if (step === '{}') return Object.entries(value);
  return value[step] === undefined ? [] : [[step, value[step]]];
}
