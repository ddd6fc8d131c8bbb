import type { V1Deployment } from '@kubernetes/client-node';

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
      /** Tells the ReplicaSet which pods to delete last (KEP-2255). */
      readonly kind: 'SetDeletionCost';
      readonly namespace: string;
      readonly name: string;
      readonly resourceVersion: string;
      readonly cost: number;
      readonly decisionId: string;
    };
