import type { Change } from './change-log.ts';
import { isOver } from './conditions.ts';
import type { Pod } from './kube.ts';
import type { PodRuns } from './pod-runs.ts';
import type { Stage } from './types.ts';

/** Runs the pods of one or more nodes. */
export interface NodeAgent {
  /** A pod was bound to the node. */
  accept(pod: Pod, nodeName: string): void;
  /** A pod of the node is being deleted, with so much time left. */
  terminate(pod: Pod, graceMs: number): void;
  /** A pod's object is gone. */
  gone(pod: Pod): void;
}

/** A kubelet sees what is bound to its node after so long. */
const watchMs = 5;

/** Tells the agents of nodes about their pods. */
export function startKubelets(
  stage: Stage,
  runs: PodRuns,
  agentOf: (nodeName: string) => NodeAgent | undefined,
): void {
  const { objects } = stage;
  const podNow = (key: string, uid: string): Pod | undefined => {
    const pod = objects.get('pods', key);
    return pod?.metadata.uid === uid ? pod : undefined;
  };

  objects.onChange(({ type, resource, key, object, before }: Change) => {
    if (resource !== 'pods') return;
    const pod = object as Pod;
    const old = before as Pod | undefined;
    const { nodeName } = pod.spec;
    if (nodeName === undefined || nodeName === '') return;
    const { uid, deletionTimestamp, deletionGracePeriodSeconds: graceSeconds = 0 } = pod.metadata;
    if (type === 'DELETED') {
      stage.schedule(stage.now(), () => {
        agentOf(nodeName)?.gone(pod);
        runs.forget(pod);
      });
      return;
    }
    const bound = old?.spec.nodeName !== nodeName;
    const told = old?.metadata.deletionGracePeriodSeconds;
    if (deletionTimestamp !== undefined && (told === undefined || graceSeconds < told || bound)) {
      stage.schedule(stage.now() + watchMs, () => {
        const current = podNow(key, uid);
        if (current !== undefined) agentOf(nodeName)?.terminate(current, graceSeconds * 1000);
      });
    } else if (bound && !isOver(pod)) {
      stage.schedule(stage.now() + watchMs, () => {
        const current = podNow(key, uid);
        if (current !== undefined && !runs.has(uid)) agentOf(nodeName)?.accept(current, nodeName);
      });
    }
  });
}
