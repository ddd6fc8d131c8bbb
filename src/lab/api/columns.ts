import { burstPolicyCrd } from '../../policy/crd.ts';
import { ageText } from './age.ts';
import { eventColumns } from './event-columns.ts';
import { fieldAt, isObject, type JsonObject, listAt, numberAt, objectAt, textAt } from './json.ts';
import { podColumns } from './pod-columns.ts';

/** One column of a table that kubectl prints. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer';
  /** Above 0: with `-o wide` alone. */
  readonly priority?: number;
  readonly cell: (object: JsonObject, nowMs: number) => unknown;
}

/** Time since the creation. */
const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  cell: (object, nowMs) => since(textAt(object, 'metadata', 'creationTimestamp'), nowMs),
};

/** Time since a moment that may not have been told. */
export function since(time: string | undefined, nowMs: number): string {
  return time === undefined ? '<unknown>' : ageText(Date.parse(time), nowMs);
}

const text = (name: string, cell: Column['cell'], priority = 0): Column => ({
  name,
  type: 'string',
  priority,
  cell,
});
const count = (name: string, ...path: readonly string[]): Column => ({
  name,
  type: 'integer',
  cell: (object) => numberAt(object, ...path) ?? 0,
});
const selectorColumn = text('Selector', (object) => selectorText(fieldAt(object, 'spec', 'selector')), 1);
const templateColumns: readonly Column[] = [
  text('Containers', (object) => containersOf(object, 'name'), 1),
  text('Images', (object) => containersOf(object, 'image'), 1),
];

/** Columns by resource, as the API server prints them (kubernetes/pkg/printers/internalversion); the name comes first. */
const byPlural: Readonly<Record<string, readonly Column[]>> = {
  pods: [...podColumns, ageColumn].toSorted((a, b) => (a.priority ?? 0) - (b.priority ?? 0)),
  nodes: [
    text('Status', nodeStatus),
    text('Roles', nodeRoles),
    ageColumn,
    text('Version', (node) => textAt(node, 'status', 'nodeInfo', 'kubeletVersion') ?? ''),
    text('Internal-IP', (node) => addressOf(node, 'InternalIP'), 1),
    text('OS-Image', (node) => textAt(node, 'status', 'nodeInfo', 'osImage') ?? '<unknown>', 1),
  ],
  deployments: [
    text('Ready', (each) => `${numberAt(each, 'status', 'readyReplicas') ?? 0}/${replicas(each)}`),
    count('Up-to-date', 'status', 'updatedReplicas'),
    count('Available', 'status', 'availableReplicas'),
    ageColumn,
    ...templateColumns,
    selectorColumn,
  ],
  replicasets: [
    count('Desired', 'spec', 'replicas'),
    count('Current', 'status', 'replicas'),
    count('Ready', 'status', 'readyReplicas'),
    ageColumn,
    ...templateColumns,
    selectorColumn,
  ],
  statefulsets: [
    text('Ready', (each) => `${numberAt(each, 'status', 'readyReplicas') ?? 0}/${replicas(each)}`),
    ageColumn,
    ...templateColumns,
  ],
  daemonsets: [
    count('Desired', 'status', 'desiredNumberScheduled'),
    count('Ready', 'status', 'numberReady'),
    ageColumn,
    ...templateColumns,
  ],
  jobs: [
    text('Status', (job) =>
      conditionIs(job, 'Complete') ? 'Complete' : conditionIs(job, 'Failed') ? 'Failed' : 'Running',
    ),
    text(
      'Completions',
      (job) => `${numberAt(job, 'status', 'succeeded') ?? 0}/${numberAt(job, 'spec', 'completions') ?? 1}`,
    ),
    ageColumn,
    ...templateColumns,
  ],
  horizontalpodautoscalers: [
    text(
      'Reference',
      (hpa) =>
        `${textAt(hpa, 'spec', 'scaleTargetRef', 'kind') ?? ''}/${textAt(hpa, 'spec', 'scaleTargetRef', 'name') ?? ''}`,
    ),
    count('MinPods', 'spec', 'minReplicas'),
    count('MaxPods', 'spec', 'maxReplicas'),
    count('Replicas', 'status', 'currentReplicas'),
    ageColumn,
  ],
  namespaces: [text('Status', (each) => textAt(each, 'status', 'phase') ?? 'Active'), ageColumn],
  configmaps: [
    { name: 'Data', type: 'integer', cell: (each) => Object.keys(objectAt(each, 'data')).length },
    ageColumn,
  ],
  secrets: [
    text('Type', (secret) => textAt(secret, 'type') ?? 'Opaque'),
    { name: 'Data', type: 'integer', cell: (each) => Object.keys(objectAt(each, 'data')).length },
    ageColumn,
  ],
  leases: [text('Holder', (lease) => textAt(lease, 'spec', 'holderIdentity') ?? ''), ageColumn],
  events: eventColumns,
  burstpolicies: policyColumns(),
};

/** The columns of a resource beside its name. */
export function columnsOf(plural: string): readonly Column[] {
  return byPlural[plural] ?? [ageColumn];
}

/** What the CRD says is printed. */
function policyColumns(): readonly Column[] {
  const [version] = listAt(burstPolicyCrd(), 'spec', 'versions');
  return listAt(version, 'additionalPrinterColumns').map((column) => {
    const path = (textAt(column, 'jsonPath') ?? '').split('.').slice(1);
    const type = textAt(column, 'type');
    return {
      name: textAt(column, 'name') ?? '',
      type: type === 'integer' ? ('integer' as const) : ('string' as const),
      priority: numberAt(column, 'priority') ?? 0,
      cell: (object: JsonObject, nowMs: number) => {
        const value = fieldAt(object, ...path);
        if (type === 'date') return since(typeof value === 'string' ? value : undefined, nowMs);
        return isObject(value) ? JSON.stringify(value) : (value ?? null);
      },
    };
  });
}

function replicas(object: JsonObject): number {
  return numberAt(object, 'spec', 'replicas') ?? 0;
}

function nodeStatus(node: JsonObject): string {
  const cordoned = fieldAt(node, 'spec', 'unschedulable') === true ? ',SchedulingDisabled' : '';
  return `${conditionIs(node, 'Ready') ? 'Ready' : 'NotReady'}${cordoned}`;
}

function nodeRoles(node: JsonObject): string {
  const labels = objectAt(node, 'metadata', 'labels');
  const prefix = 'node-role.kubernetes.io/';
  const named = Object.keys(labels).flatMap((key) =>
    key.startsWith(prefix) ? [key.slice(prefix.length)] : [],
  );
  const legacy = labels['kubernetes.io/role'];
  const roles = [...named, ...(typeof legacy === 'string' ? [legacy] : [])];
  return roles.length === 0 ? '<none>' : roles.toSorted().join(',');
}

function addressOf(node: JsonObject, type: string): string {
  const found = listAt(node, 'status', 'addresses').find((each) => textAt(each, 'type') === type);
  return textAt(found, 'address') ?? '<none>';
}

function conditionIs(object: JsonObject, type: string): boolean {
  return listAt(object, 'status', 'conditions').some(
    (each) => textAt(each, 'type') === type && textAt(each, 'status') === 'True',
  );
}

function containersOf(object: JsonObject, field: string): string {
  const containers = listAt(object, 'spec', 'template', 'spec', 'containers');
  return containers.map((each) => textAt(each, field) ?? '').join(',');
}

/** A label selector as kubectl writes it. */
export function selectorText(selector: unknown): string {
  const labels = Object.entries(objectAt(selector, 'matchLabels')).map(
    ([key, value]) => `${key}=${String(value)}`,
  );
  const expressions = listAt(selector, 'matchExpressions').map((each) => {
    const key = textAt(each, 'key') ?? '';
    const operator = textAt(each, 'operator');
    const values = listAt(each, 'values').join(',');
    if (operator === 'Exists') return key;
    return operator === 'DoesNotExist'
      ? `!${key}`
      : `${key} ${operator === 'In' ? 'in' : 'notin'} (${values})`;
  });
  return [...labels, ...expressions].join(',');
}
