import { kindKey } from './fields.ts';
import { changeRules, rules } from './rules.ts';
import { apiGroup, apiVersion, policyKind } from './schema.ts';
import { nodes, type SchemaNode, schemaTree } from './schema-tree.ts';

const plural = 'burstpolicies';

/** What `kubectl get bp` shows. */
const columns = [
  { name: 'Target', type: 'string', jsonPath: '.spec.targetRef.name', description: 'The workload.' },
  { name: 'Demand', type: 'integer', jsonPath: '.status.demand', description: 'Replicas wanted now.' },
  { name: 'VM', type: 'integer', jsonPath: '.status.placed', description: 'Pods bound to VM nodes.' },
  {
    name: 'Burst',
    type: 'integer',
    jsonPath: '.status.burst.granted',
    description: 'Burst replicas that the limits let through.',
  },
  {
    name: 'Why',
    type: 'string',
    jsonPath: '.status.lastDecision.summary',
    description: 'The last decision.',
  },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  {
    name: 'Jobs',
    type: 'string',
    jsonPath: '.spec.jobSelector.matchLabels',
    description: 'Labels of the Jobs, where the policy is about Jobs.',
    priority: 1,
  },
  {
    name: 'Running',
    type: 'integer',
    jsonPath: '.status.burst.running',
    description: 'Burst pods bound to virtual nodes.',
    priority: 1,
  },
] as const;

/** The CustomResourceDefinition of BurstPolicy, made from the schema and the rules alone. */
export function burstPolicyCrd(): Readonly<Record<string, unknown>> {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${apiGroup}` },
    spec: {
      group: apiGroup,
      scope: 'Namespaced',
      names: {
        kind: policyKind,
        listKind: `${policyKind}List`,
        plural,
        singular: 'burstpolicy',
        shortNames: ['bp'],
      },
      versions: [
        {
          name: apiVersion.slice(apiGroup.length + 1),
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: objectSchema() },
        },
      ],
    },
  };
}

/** Roles that let those who may view, edit or administer a namespace do so with its policies. */
export function aggregatedRoles(): readonly Readonly<Record<string, unknown>>[] {
  return [
    role('view', ['view'], ['get', 'list', 'watch']),
    role(
      'edit',
      ['edit', 'admin'],
      ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
    ),
  ];
}

function role(
  name: string,
  into: readonly string[],
  verbs: readonly string[],
): Readonly<Record<string, unknown>> {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: {
      name: `spillway-${plural}-${name}`,
      labels: Object.fromEntries(
        into.map((aggregate) => [`rbac.authorization.k8s.io/aggregate-to-${aggregate}`, 'true']),
      ),
    },
    rules: [
      { apiGroups: [apiGroup], resources: [plural], verbs },
      { apiGroups: [apiGroup], resources: [`${plural}/status`], verbs: ['get'] },
    ],
  };
}

function objectSchema(): Readonly<Record<string, unknown>> {
  const validations = new Map<string, object[]>();
  for (const { path, about, cel, message } of [...rules, ...changeRules]) {
    const rule = { rule: cel, message, ...(about === undefined ? {} : { fieldPath: `.${about}` }) };
    validations.set(path, [...(validations.get(path) ?? []), rule]);
  }
  const known = new Set([...nodes()].map(({ path }) => path));
  for (const path of validations.keys()) {
    if (!known.has(path)) throw new Error(`A rule stands at ${path}, which the schema does not have.`);
  }
  const { properties, ...rest } = crdNode(schemaTree, '', validations);
  return {
    ...rest,
    properties: {
      apiVersion: { type: 'string', description: `API version of the object: ${apiVersion}.` },
      kind: { type: 'string', description: `Kind of the object: ${policyKind}.` },
      metadata: { type: 'object' },
      ...(properties as object),
    },
  };
}

/** A node as CRDs have it: our own keyword gone, the rules of its path added. */
function crdNode(
  node: SchemaNode,
  path: string,
  validations: ReadonlyMap<string, readonly object[]>,
): Readonly<Record<string, unknown>> {
  const { description, type, properties, items, additionalProperties, ...rest } = node;
  const found = validations.get(path);
  const inner = (child: SchemaNode, step: string) =>
    crdNode(child, path === '' ? step : `${path}${step}`, validations);
  return {
    ...(description === undefined ? {} : { description }),
    type,
    ...Object.fromEntries(Object.entries(rest).filter(([keyword]) => keyword !== kindKey)),
    ...(found === undefined ? {} : { 'x-kubernetes-validations': found }),
    ...(items === undefined ? {} : { items: inner(items, '[]') }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: inner(additionalProperties, '{}') }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, child]) => [
              name,
              inner(child, path === '' ? name : `.${name}`),
            ]),
          ),
        }),
  };
}
