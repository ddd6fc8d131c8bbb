import { problemOf } from '../../policy/problem.ts';
import { policySchema } from '../../policy/schema.ts';
import { pathText, type SchemaNode, type Segments, schemaTree } from '../../policy/schema-tree.ts';
import { checkSpec } from '../../policy/validate.ts';
import { isObject, type JsonObject, objectAt, withField } from './json.ts';
import type { Cause } from './refusal.ts';

/** What becomes of a policy that somebody writes. */
export interface PolicyAdmission {
  /** Without unknown fields, with its defaults. */
  readonly object: JsonObject;
  /** Places of the fields that were dropped. */
  readonly unknown: readonly string[];
  /** Why it is refused; empty: it is not. */
  readonly causes: readonly Cause[];
}

/**
 * Treats a policy as the API server does by the CRD that is made from the same schema and rules: unknown fields are
 * pruned, defaults filled in, rules asked, changes of what cannot be changed refused.
 */
export function admitPolicy(given: JsonObject, old: JsonObject | undefined): PolicyAdmission {
  const unknown: string[] = [];
  const root = { spec: given['spec'], ...(given['status'] === undefined ? {} : { status: given['status'] }) };
  const pruned = objectAt({ root: prune(root, schemaTree, [], unknown) }, 'root');
  const { problems, spec } = checkSpec(pruned, old);
  const rest = Object.fromEntries(
    ['apiVersion', 'kind', 'metadata'].flatMap((name) =>
      given[name] === undefined ? [] : [[name, given[name]] as const],
    ),
  );
  const object = { ...rest, spec: spec === undefined ? pruned['spec'] : plain(spec) };
  return {
    object: withField(object, 'status', pruned['status']),
    unknown,
    causes: [
      ...problems.map(({ path, message }) => ({ field: path, message })),
      ...statusCauses(pruned, spec),
    ],
  };
}

/** A spec that is wrong is told already; the status is asked about beside a spec that is right. */
function statusCauses(pruned: JsonObject, spec: unknown): readonly Cause[] {
  if (pruned['status'] === undefined || spec === undefined) return [];
  const whole = { spec, status: pruned['status'] };
  const { error } = policySchema.safeParse(whole);
  return (error?.issues ?? []).map((issue) => {
    const { path, message } = problemOf(issue, whole);
    return { field: path, message };
  });
}

function prune(value: unknown, node: SchemaNode, at: Segments, unknown: string[]): unknown {
  const { items, properties, additionalProperties } = node;
  if (Array.isArray(value)) {
    return items === undefined
      ? value
      : value.map((item: unknown, index) => prune(item, items, [...at, index], unknown));
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).flatMap(([name, child]) => {
    const known =
      properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (known !== undefined) return [[name, prune(child, known, [...at, name], unknown)] as const];
    unknown.push(pathText([...at, name]));
    return [];
  });
  return Object.fromEntries(entries);
}

/** Without fields that are there and undefined: JSON has none. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, child]) => (child === undefined ? [] : [[name, plain(child)]])),
  );
}
