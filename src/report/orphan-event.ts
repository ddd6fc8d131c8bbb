import { createHash } from 'node:crypto';
import type { EventObject } from './event-object.ts';
import { reportingController } from './event-object.ts';

/** A container group whose pod is gone, as an Event tells it. */
export interface OrphanNews {
  readonly reason: 'OrphanFound' | 'OrphanReaped';
  readonly group: string;
  /** `namespace/name` of the pod that it was made for. */
  readonly pod: string;
  /** Virtual node that it belonged to. */
  readonly nodeName: string;
  readonly uid: string;
  /** What happened, as a sentence. */
  readonly note: string;
  readonly atMs: number;
}

/** Events on nodes, which have no namespace, lie here. */
export const orphanEventNamespace = 'default';

/**
 * The Kubernetes object of news of an orphan: regarding the virtual node, for the pod is gone. The name follows from the group's
 * pod, so that what is found again after a restart is not told again. `instance`: the pod of the controller.
 */
export function orphanEvent(news: OrphanNews, instance: string): EventObject {
  const { reason, group, pod, nodeName, uid, note, atMs } = news;
  const digest = createHash('sha256').update(`${reason} ${group} ${uid}`).digest('hex').slice(0, 16);
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: {
      namespace: orphanEventNamespace,
      name: `spillway-orphan.${digest}`,
      annotations: { 'spillway.dev/group': group, 'spillway.dev/pod': pod },
    },
    eventTime: new Date(atMs).toISOString().replace('Z', '000Z'),
    type: reason === 'OrphanFound' ? 'Warning' : 'Normal',
    reason,
    action: reason === 'OrphanFound' ? 'Watch' : 'Reap',
    note,
    reportingController,
    reportingInstance: instance.slice(0, 128),
    regarding: { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeName },
  };
}
