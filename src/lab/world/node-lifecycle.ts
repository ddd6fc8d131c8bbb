import { tolerates } from '../../decide/admits.ts';
import { conditionOf, isReady } from './conditions.ts';
import type { Node, Pod, Taint } from './kube.ts';
import { keyOf } from './objects.ts';
import { readyStatus } from './pod-status.ts';
import { createReconciler } from './reconciler.ts';
import type { Rooms } from './rooms.ts';
import { timeText } from './time.ts';
import type { Stage } from './types.ts';

const latencyMs = 100;
const notReady = 'node.kubernetes.io/not-ready';
const unreachable = 'node.kubernetes.io/unreachable';

/**
 * The node lifecycle controller: taints nodes that are not Ready, marks their pods not ready, and evicts from nodes with NoExecute taints the pods
 * that do not tolerate them, or no longer (300 s by default, through the tolerations that every pod is given).
 */
export function startNodeLifecycle(stage: Stage, rooms: Rooms): void {
  const { objects } = stage;

  const watchNode = createReconciler(stage, latencyMs, (name) => {
    const node = objects.get('nodes', name);
    if (node === undefined) return;
    const status = conditionOf(node.status?.conditions, 'Ready')?.status;
    const key = status === 'False' ? notReady : status === 'Unknown' ? unreachable : undefined;
    const present = node.spec.taints ?? [];
    const others = present.filter((taint) => taint.key !== notReady && taint.key !== unreachable);
    const kept = present.filter((taint) => taint.key === key);
    const wanted = [...others, ...(kept.length > 0 || key === undefined ? kept : taintsOf(key))];
    if (wanted.length !== present.length || kept.length !== present.length - others.length) {
      objects.update('nodes', { ...node, spec: { ...node.spec, taints: wanted } });
    }
    for (const pod of rooms.podsOn(name)) {
      if (key !== undefined && isReady(pod)) {
        objects.updateStatus('pods', {
          ...pod,
          status: readyStatus(pod, false, 'NodeNotReady', stage.now()),
        });
      }
      evict.add(keyOf(pod.metadata));
    }
  });

  const taintsOf = (key: string): readonly Taint[] => {
    const timeAdded = timeText(stage.now());
    return [
      { key, effect: 'NoSchedule', timeAdded },
      { key, effect: 'NoExecute', timeAdded },
    ];
  };

  const evict = createReconciler(stage, latencyMs, (podKey) => {
    const pod = objects.get('pods', podKey);
    const node = objects.get('nodes', pod?.spec.nodeName ?? '');
    if (pod === undefined || node === undefined || pod.metadata.deletionTimestamp !== undefined) return;
    const leavesAtMs = evictionAtMs(pod, node, stage.now());
    if (leavesAtMs === undefined) return;
    if (leavesAtMs <= stage.now()) objects.delete('pods', podKey);
    else evict.add(podKey, leavesAtMs - stage.now());
  });

  objects.onChange(({ type, resource, key, object, before }) => {
    if (type === 'DELETED') return;
    if (resource === 'nodes') {
      const [node, old] = [object as Node, before as Node | undefined];
      const changed = old?.spec !== node.spec || old.status?.conditions !== node.status?.conditions;
      if (changed) watchNode.add(key);
    }
    if (resource === 'pods') {
      const [pod, old] = [object as Pod, before as Pod | undefined];
      const bound = pod.spec.nodeName !== undefined && old?.spec.nodeName !== pod.spec.nodeName;
      if (bound && (objects.get('nodes', pod.spec.nodeName ?? '')?.spec.taints ?? []).some(executes)) {
        evict.add(key);
      }
    }
  });
}

/** When a pod has to leave its node, milliseconds since the epoch; undefined: it may stay. */
function evictionAtMs(pod: Pod, node: Node, nowMs: number): number | undefined {
  let atMs: number | undefined;
  for (const taint of (node.spec.taints ?? []).filter(executes)) {
    const matching = (pod.spec.tolerations ?? []).filter(({ key, operator, value, effect }) =>
      tolerates([{ key, operator: operator === 'Exists' ? 'Exists' : 'Equal', value, effect }], {
        ...taint,
        value: taint.value ?? '',
      }),
    );
    const addedMs = taint.timeAdded === undefined ? nowMs : Date.parse(taint.timeAdded);
    const seconds = matching.map(({ tolerationSeconds = Number.POSITIVE_INFINITY }) => tolerationSeconds);
    const leavesMs = matching.length === 0 ? nowMs : addedMs + Math.min(...seconds) * 1000;
    if (Number.isFinite(leavesMs)) atMs = Math.min(atMs ?? leavesMs, leavesMs);
  }
  return atMs;
}

function executes({ effect }: Taint): boolean {
  return effect === 'NoExecute';
}
