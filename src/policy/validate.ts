import { nearest } from './nearest.ts';
import { type Problem, problem, problemOf } from './problem.ts';
import { changeRules, rules } from './rules.ts';
import { apiVersion, type CompleteSpec, policyKind, policySchema } from './schema.ts';
import { instances, isRecord, nodes, type SchemaNode, type Segments, schemaTree } from './schema-tree.ts';

/** Fields that every object has beside those of the schema. */
const objectFields: Readonly<Record<string, SchemaNode>> = { apiVersion: {}, kind: {}, metadata: {} };

/** Names of objects: RFC 1123 subdomains (kubernetes.io/docs/concepts/overview/working-with-objects/names). */
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * Everything that is wrong with a BurstPolicy, as the API server would say it and a little more: fields that it
 * would silently prune are problems here. Empty: the policy is valid. With `old`, the object as it was before, changes
 * of what cannot be changed are problems too.
 */
export function validatePolicy(value: unknown, old?: unknown): readonly Problem[] {
  if (!isRecord(value)) return [problem([], 'must be a BurstPolicy object')];
  const whole = { ...schemaTree, properties: { ...objectFields, ...schemaTree.properties } };
  return [...headProblems(value), ...unknownFields(value, whole, []), ...checkSpec(value, old).problems];
}

/** What is wrong with the spec of an object, and the spec with its defaults where nothing is. */
export function checkSpec(
  value: Readonly<Record<string, unknown>>,
  old?: unknown,
): { readonly problems: readonly Problem[]; readonly spec: CompleteSpec | undefined } {
  const given = withoutNulls({ spec: value['spec'] });
  const parsed = policySchema.safeParse(given);
  const problems = [
    ...(parsed.error?.issues.map((issue) => problemOf(issue, given)) ?? []),
    ...duplicates(given),
    // Like the API server: rules are asked only about what has the right shape.
    ...(parsed.success ? brokenRules(parsed.data, old) : []),
  ];
  return { problems, spec: parsed.success && problems.length === 0 ? parsed.data.spec : undefined };
}

function headProblems(value: Readonly<Record<string, unknown>>): readonly Problem[] {
  const found: Problem[] = [];
  if (value['apiVersion'] !== apiVersion)
    found.push(problem(['apiVersion'], `write apiVersion: ${apiVersion}`));
  if (value['kind'] !== policyKind) found.push(problem(['kind'], `write kind: ${policyKind}`));
  const metadata = isRecord(value['metadata']) ? value['metadata'] : {};
  const { name, generateName } = metadata;
  if (name === undefined && typeof generateName !== 'string') {
    found.push(problem(['metadata', 'name'], 'Required value: write the name of the policy'));
  } else if (name !== undefined && (typeof name !== 'string' || name.length > 253 || !subdomain.test(name))) {
    found.push(
      problem(['metadata', 'name'], 'write a name of small letters, digits, "-" and ".", such as thumbnails'),
    );
  }
  return found;
}

function unknownFields(value: unknown, node: SchemaNode, at: Segments): readonly Problem[] {
  if (Array.isArray(value)) {
    const { items } = node;
    return items === undefined
      ? []
      : value.flatMap((item, index) => unknownFields(item, items, [...at, index]));
  }
  const { properties } = node;
  if (!isRecord(value) || properties === undefined) return [];
  return Object.entries(value).flatMap(([name, child]) => {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (known !== undefined) return unknownFields(child, known, [...at, name]);
    const meant = nearest(name, Object.keys(properties));
    const advice =
      meant === undefined ? `known here are ${Object.keys(properties).join(', ')}` : `did you mean ${meant}?`;
    return [problem([...at, name], `unknown field, which the API server would drop: ${advice}`)];
  });
}

/** List maps: two items must not have the same key. */
function duplicates(root: unknown): readonly Problem[] {
  const found: Problem[] = [];
  for (const { path, node } of nodes()) {
    const [key] = Array.isArray(node['x-kubernetes-list-map-keys']) ? node['x-kubernetes-list-map-keys'] : [];
    if (typeof key !== 'string') continue;
    for (const { at, value } of instances(root, path)) {
      const seen = new Set<unknown>();
      for (const [index, item] of (Array.isArray(value) ? value : []).entries()) {
        const name = isRecord(item) ? item[key] : undefined;
        if (name === undefined) continue;
        if (seen.has(name)) {
          found.push(
            problem(
              [...at, index],
              `Duplicate value: ${key} ${JSON.stringify(name)} is taken by an item above; write another`,
            ),
          );
        }
        seen.add(name);
      }
    }
  }
  return found;
}

function brokenRules(parsed: { readonly spec: CompleteSpec }, old: unknown): readonly Problem[] {
  const found: Problem[] = [];
  const place = (at: Segments, about: string | undefined) => [...at, ...(about?.split('.') ?? [])];
  for (const { path, about, message, check } of rules) {
    for (const { at, value } of instances(parsed, path)) {
      if (!check(value)) found.push(problem(place(at, about), message));
    }
  }
  const before = isRecord(old) ? policySchema.safeParse(withoutNulls({ spec: old['spec'] })) : undefined;
  for (const { path, about, message, check } of before?.success === true ? changeRules : []) {
    const [was] = instances(before?.data, path);
    for (const { at, value } of instances(parsed, path)) {
      if (was !== undefined && !check(value, was.value)) found.push(problem(place(at, about), message));
    }
  }
  return found;
}

/** The API server takes `field: null` for a field that is not there. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== null)
      .map(([name, child]) => [name, withoutNulls(child)]),
  );
}
