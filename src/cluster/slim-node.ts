import type { NodeClass, Taint } from '../decide/observation.ts';
import { resourcesOf } from '../decide/requests.ts';
import { wholeUnits } from '../policy/quantity.ts';
import type { Interner } from './intern.ts';
import type { Labels, RawNode } from './raw.ts';
import type { SlimNode } from './slim.ts';
import { condition, identity, type Slim, timeMs } from './slimming.ts';

/** Labels that name one node. Left out of its class, or each node would be a class of its own. */
const perNodeLabels: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'node.kubernetes.io/instance-id',
  'alpha.eksctl.io/instance-id',
  'kubernetes.azure.com/node-name',
]);

/**
 * Taints that tell the state of a node and not its kind (kubernetes.io/docs/reference/labels-annotations-taints;
 * cluster-autoscaler's ToBeDeletedByClusterAutoscaler): such a node still belongs to its class, but takes no pods now.
 */
const stateTaints: ReadonlySet<string> = new Set([
  'node.kubernetes.io/not-ready',
  'node.kubernetes.io/unreachable',
  'node.kubernetes.io/unschedulable',
  'node.kubernetes.io/memory-pressure',
  'node.kubernetes.io/disk-pressure',
  'node.kubernetes.io/pid-pressure',
  'node.kubernetes.io/network-unavailable',
  'node.kubernetes.io/out-of-service',
  'node.cloudprovider.kubernetes.io/uninitialized',
  'node.cloudprovider.kubernetes.io/shutdown',
  'ToBeDeletedByClusterAutoscaler',
]);

export const slimNode: Slim<SlimNode> = (object, interner) => {
  const { metadata: meta = {}, spec = {}, status = {} } = object as RawNode;
  const labels = meta.labels ?? {};
  const taints = (spec.taints ?? []).map(({ key = '', value = '', effect = 'NoSchedule' }) => ({
    key,
    value,
    // The API server admits these three only.
    effect: effect as Taint['effect'],
  }));
  const ready = condition(status.conditions, 'Ready');
  const held = taints.some(({ key, effect }) => stateTaints.has(key) && effect !== 'PreferNoSchedule');
  const { key: classKey, nodeClass } = classOf(meta.name ?? '', labels, taints, interner);
  return {
    ...identity(meta, interner),
    labels,
    nodeClass,
    classKey,
    taints,
    ready: ready?.status === 'True',
    readySinceMs: timeMs(ready?.lastTransitionTime) ?? timeMs(meta.creationTimestamp) ?? 0,
    heartbeatAtMs: timeMs(ready?.lastHeartbeatTime),
    cordoned: spec.unschedulable === true || held,
    allocatable: resourcesOf(status.allocatable),
    allocatablePods: wholeUnits(String(status.allocatable?.pods ?? 0)),
  };
};

/** Whether a label tells one node from all others, by its name or because its value is the node's name. */
export function isPerNodeLabel(label: string, value: string, nodeName: string): boolean {
  return perNodeLabels.has(label) || value === nodeName;
}

/** The class of one node alone: all its labels, and its name as the field selector `metadata.name` sees it. */
export function ownClassOf(node: SlimNode): NodeClass {
  return { labels: { ...node.labels, 'metadata.name': node.name }, taints: node.nodeClass.taints };
}

function classOf(
  name: string,
  labels: Labels,
  taints: readonly Taint[],
  interner: Interner,
): { readonly key: string; readonly nodeClass: NodeClass } {
  const shared = Object.entries(labels)
    .filter(([label, value]) => !isPerNodeLabel(label, value, name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const kept = taints
    .filter(({ key }) => !stateTaints.has(key))
    .sort((a, b) => (`${a.key} ${a.effect}` < `${b.key} ${b.effect}` ? -1 : 1));
  const key = JSON.stringify([shared, kept]);
  return interner.once(`c${key}`, () => ({
    key,
    nodeClass: { labels: Object.fromEntries(shared), taints: kept },
  }));
}
