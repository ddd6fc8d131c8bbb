import type { V1Deployment, V1Toleration } from '@kubernetes/client-node';
import type { DrainEnd, DrainNote } from './drain-note.ts';

/**
 * One change to the cluster, as plain data: planned by a pure function, sent by `apply`. Each names the version of
 * the object that it was planned for, so that a write of somebody who knew less is refused (promise 5).
 */
export type Write =
  | {
      readonly kind: 'ScaleTarget';
      readonly namespace: string;
      readonly name: string;
      readonly resourceVersion: string;
      readonly from: number;
      readonly to: number;
      readonly decisionId: string;
    }
  | {
      readonly kind: 'CreateCompanion';
      readonly namespace: string;
      readonly name: string;
      readonly manifest: V1Deployment;
      readonly to: number;
      readonly decisionId: string;
    }
  | {
      readonly kind: 'ScaleCompanion';
      readonly namespace: string;
      readonly name: string;
      readonly resourceVersion: string;
      readonly from: number;
      readonly to: number;
      readonly decisionId: string;
    }
  | {
      /** Puts back what somebody else changed. */
      readonly kind: 'MendCompanion';
      readonly namespace: string;
      readonly name: string;
      readonly resourceVersion: string;
      readonly manifest: V1Deployment;
      readonly decisionId: string;
    }
  | {
      readonly kind: 'DeleteCompanion';
      readonly namespace: string;
      readonly name: string;
      readonly uid: string;
      readonly resourceVersion: string;
      readonly decisionId: string;
    }
  | {
      /** Chooses a pod to leave or takes it back; its cost tells the ReplicaSet which pods to delete first (KEP-2255). */
      readonly kind: 'SetDrain';
      readonly namespace: string;
      readonly name: string;
      readonly resourceVersion: string;
      /** Undefined: taken back, both annotations go. */
      readonly drain: { readonly note: DrainNote; readonly cost: number } | undefined;
      /** The cost that a pod which is taken back has; left out: none. */
      readonly restCost?: number;
      /** Its rescue is over for us: the annotation that tells of it goes too. */
      readonly released?: true;
      /** How the drain ended, if it does with this write. */
      readonly ended: DrainEnd | undefined;
      readonly decisionId: string;
    }
  | {
      /** Lets a stuck pod onto the virtual pool: tolerations may be added to a pod that exists, and never removed. */
      readonly kind: 'AdmitPod';
      readonly namespace: string;
      readonly name: string;
      readonly resourceVersion: string;
      /** All that the pod is to have, those that it has first. */
      readonly tolerations: readonly V1Toleration[];
      readonly cost: number;
      readonly decisionId: string;
    }
  | {
      /** Asks for a pod to go; `EvictPod` asks its PodDisruptionBudgets first, which may forbid it for now. */
      readonly kind: 'EvictPod' | 'DeletePod';
      readonly namespace: string;
      readonly name: string;
      readonly uid: string;
      readonly resourceVersion: string;
      readonly decisionId: string;
    }
  | {
      /** Keeps a deleted policy until its burst is drained, or lets it go. */
      readonly kind: 'SetFinalizers';
      readonly namespace: string;
      readonly name: string;
      readonly resourceVersion: string;
      /** All of them, those of others included. */
      readonly finalizers: readonly string[];
      /** Whether ours is among them. */
      readonly holds: boolean;
      readonly decisionId: string;
    };
