import type {
  FailureCause,
  NodeClass,
  PodShape,
  RefusedPods,
  Resources,
  Taint,
} from '../decide/observation.ts';
import type { Labels, RawPodSpec, RawPodTemplate } from './raw.ts';

/**
 * Objects of the cluster as Spillway keeps them: only what it needs, times in milliseconds since the epoch, equal
 * parts shared. 100 000 pods must fit into memory, so nothing here is kept for show.
 */
export interface SlimObject {
  /** `namespace/name`; for cluster-wide objects the name alone. */
  readonly key: string;
  /** Empty for cluster-wide objects. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

export interface SlimPod extends SlimObject {
  readonly labels: Labels;
  /** Those of Spillway and `controller.kubernetes.io/pod-deletion-cost`. */
  readonly annotations: Labels;
  /** UID of the controlling owner (a ReplicaSet, StatefulSet, Job, DaemonSet …); undefined: nobody controls it. */
  readonly ownerUid: string | undefined;
  readonly shape: PodShape;
  readonly nodeName: string | undefined;
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  /** `status.reason`: how a virtual node tells its failures (`ProviderFailed`); undefined: none. */
  readonly reason: string | undefined;
  /** Of a pod on a node, why a provider failed it as its status tells; what it wrote is not kept. Undefined: it did not. */
  readonly failure: FailureCause | undefined;
  readonly ready: boolean;
  /** Since when it is Ready, or is not; for a pod that never was, since its creation. */
  readonly readySinceMs: number;
  /** When it was bound to its node, to the second; undefined: not bound. */
  readonly boundAtMs: number | undefined;
  /** Since when the scheduler calls it Unschedulable; undefined: it does not. */
  readonly stuckSinceMs: number | undefined;
  /**
   * While it is called Unschedulable: its spec as it is in the cluster, of which a rescue needs all. Shared by pods that are
   * alike (the name of the volume with their token is cut to what they share). Undefined otherwise.
   */
  readonly stuckSpec: RawPodSpec | undefined;
  readonly createdAtMs: number;
  readonly startedAtMs: number | undefined;
  /** When its grace period ends (`deletionTimestamp` already has the grace in it); undefined: nobody deletes it. */
  readonly endsAtMs: number | undefined;
}

export interface SlimNode extends SlimObject {
  /** All labels. */
  readonly labels: Labels;
  /** What it shares with others: labels without those that name one node, taints without those of its state. */
  readonly nodeClass: NodeClass;
  /** Identifies the class: equal for equal classes. */
  readonly classKey: string;
  readonly taints: readonly Taint[];
  readonly ready: boolean;
  /** Since when it is Ready, or is not. */
  readonly readySinceMs: number;
  /** When its kubelet last said that it lives, milliseconds since the epoch; undefined: it does not say. */
  readonly heartbeatAtMs: number | undefined;
  /** Cordoned, or kept free by a taint of its state (pressure, shutting down, being removed). */
  readonly cordoned: boolean;
  readonly allocatable: Resources;
  readonly allocatablePods: number;
}

/** A Deployment or StatefulSet. */
export interface SlimWorkload extends SlimObject {
  readonly kind: 'Deployment' | 'StatefulSet';
  readonly labels: Labels;
  /** Without `kubectl.kubernetes.io/last-applied-configuration`. */
  readonly annotations: Labels;
  readonly generation: number;
  /** UID of the controlling owner: that of the policy, for a companion. */
  readonly ownerUid: string | undefined;
  readonly createdAtMs: number;
  readonly deleting: boolean;
  readonly replicas: number;
  readonly paused: boolean;
  /** A Deployment with `strategy: Recreate`. */
  readonly recreate: boolean;
  /** As it is in the cluster: companions are cloned from it. */
  readonly template: RawPodTemplate;
  /** Why the API server refuses its pods; undefined: it does not. */
  readonly refusal: Omit<RefusedPods, 'pods'> | undefined;
  readonly status: {
    readonly observedGeneration: number;
    readonly replicas: number;
    readonly updatedReplicas: number;
    readonly readyReplicas: number;
    readonly availableReplicas: number;
    /** StatefulSets: revisions of the pods that are, and of the template. */
    readonly currentRevision: string | undefined;
    readonly updateRevision: string | undefined;
  };
}

export interface SlimReplicaSet extends SlimObject {
  readonly ownerUid: string | undefined;
  readonly replicas: number;
  /** `deployment.kubernetes.io/revision`; empty: none. */
  readonly revision: string;
}

export interface SlimDaemonSet extends SlimObject {
  readonly shape: PodShape;
}

export interface SlimJob extends SlimObject {
  readonly labels: Labels;
  readonly createdAtMs: number;
  readonly deleting: boolean;
  readonly suspended: boolean;
  readonly finished: boolean;
  readonly parallelism: number;
  /** Undefined: the job ends with its first success (a work queue). */
  readonly completions: number | undefined;
  readonly succeeded: number;
  /** Pods that failed, those that were deleted before they ended among them. */
  readonly failed: number;
  /** With more failures than this the Job fails. */
  readonly backoffLimit: number;
  readonly active: number;
  readonly template: RawPodTemplate;
}

/** A HorizontalPodAutoscaler or a KEDA ScaledObject. */
export interface SlimScaler extends SlimObject {
  readonly kind: 'HorizontalPodAutoscaler' | 'ScaledObject';
  /** `namespace/Kind/name` of what it scales. */
  readonly target: string;
  /** Types of its metrics (`Resource`, `Pods`, `External`, …). */
  readonly metricTypes: readonly string[];
  /** It looks at pods by owner, not by label alone (KEP-5325): burst pods are not among them. */
  readonly byOwner: boolean;
  /** UID of the controlling owner: the ScaledObject, for an HPA that KEDA made. */
  readonly ownerUid: string | undefined;
}

/** A BurstPolicy, kept whole: policy/resolve.ts reads it. */
export interface SlimPolicy extends SlimObject {
  readonly raw: unknown;
}

/** A pod that will never run again. */
export function isOver(pod: SlimPod): boolean {
  return pod.phase === 'Succeeded' || pod.phase === 'Failed';
}

/** A pod that counts as a replica: not over and not being deleted (what a ReplicaSet calls active). */
export function isLive(pod: SlimPod): boolean {
  return !isOver(pod) && pod.endsAtMs === undefined;
}

/**
 * Whether version `a` is newer than `b`. Versions of one resource are whole numbers that only grow (KEP-5504); they
 * are compared as text, since they may outgrow what a number holds. Empty is older than anything.
 */
export function isNewer(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}
