import type { Node, Pod, PodTemplate } from './kube-pods.ts';

export type * from './kube-pods.ts';

/**
 * Kubernetes objects of the lab as plain JSON, as an API server would send them: times are RFC 3339 text, quantities
 * are text. Only what the world itself reads is typed; everything else that a client sends is kept as it is.
 * All of it is immutable: a change makes a new object that shares what stayed the same.
 */
export type Labels = Readonly<Record<string, string>>;

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** Metadata as clients send it: all of it may be missing. */
export interface MetaInput {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly labels?: Labels;
  readonly annotations?: Labels;
  readonly creationTimestamp?: string | null;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
}

/** Metadata of a stored object: the store has filled in what every object has. `namespace` is absent on cluster-wide ones. */
export interface Meta extends MetaInput {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
}

/** Any stored object. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Meta;
  readonly [field: string]: unknown;
}

/** Any object as it is handed in: `apiVersion` and `kind` are filled in from the resource where they are missing. */
export interface KubeInput {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: MetaInput;
  readonly [field: string]: unknown;
}

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string | null;
  readonly lastHeartbeatTime?: string;
}

export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export interface WorkloadStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly unavailableReplicas?: number;
  readonly fullyLabeledReplicas?: number;
  readonly conditions?: readonly Condition[];
  readonly [field: string]: unknown;
}

export interface Deployment extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly minReadySeconds?: number;
    readonly revisionHistoryLimit?: number;
    readonly progressDeadlineSeconds?: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly strategy?: {
      readonly type?: string;
      readonly rollingUpdate?: {
        readonly maxSurge?: number | string;
        readonly maxUnavailable?: number | string;
      };
    };
    readonly [field: string]: unknown;
  };
  readonly status: WorkloadStatus;
}

export interface ReplicaSet extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
  };
  readonly status: WorkloadStatus;
}

export interface Job extends KubeObject {
  readonly spec: {
    readonly parallelism?: number;
    readonly completions?: number;
    readonly backoffLimit?: number;
    readonly suspend?: boolean;
    readonly ttlSecondsAfterFinished?: number;
    readonly selector?: LabelSelector;
    readonly template: PodTemplate;
    readonly [field: string]: unknown;
  };
  readonly status: {
    readonly active?: number;
    readonly ready?: number;
    readonly succeeded?: number;
    readonly failed?: number;
    readonly terminating?: number;
    readonly startTime?: string;
    readonly completionTime?: string;
    readonly conditions?: readonly Condition[];
    readonly [field: string]: unknown;
  };
}

export interface HpaPolicy {
  readonly type: 'Pods' | 'Percent';
  readonly value: number;
  readonly periodSeconds: number;
}

export interface HpaRules {
  readonly stabilizationWindowSeconds?: number;
  readonly selectPolicy?: 'Max' | 'Min' | 'Disabled';
  readonly policies?: readonly HpaPolicy[];
}

export interface MetricTarget {
  readonly type: 'Value' | 'AverageValue' | 'Utilization';
  readonly value?: string | number;
  readonly averageValue?: string | number;
  readonly averageUtilization?: number;
}

export interface HorizontalPodAutoscaler extends KubeObject {
  readonly spec: {
    readonly scaleTargetRef: { readonly apiVersion?: string; readonly kind: string; readonly name: string };
    readonly minReplicas?: number;
    readonly maxReplicas: number;
    readonly metrics?: readonly {
      readonly type: string;
      readonly external?: {
        readonly metric: { readonly name: string; readonly selector?: LabelSelector };
        readonly target: MetricTarget;
      };
      readonly [field: string]: unknown;
    }[];
    readonly behavior?: { readonly scaleUp?: HpaRules; readonly scaleDown?: HpaRules };
  };
  readonly status: {
    readonly currentReplicas?: number;
    readonly desiredReplicas?: number;
    readonly lastScaleTime?: string;
    readonly conditions?: readonly Condition[];
    readonly [field: string]: unknown;
  };
}

export interface ConfigMap extends KubeObject {
  readonly data?: Labels;
}

/** Types of the resources that the world itself works on; anything else is a plain `KubeObject`. */
export interface Kinds {
  readonly pods: Pod;
  readonly nodes: Node;
  readonly deployments: Deployment;
  readonly replicasets: ReplicaSet;
  readonly jobs: Job;
  readonly horizontalpodautoscalers: HorizontalPodAutoscaler;
  readonly configmaps: ConfigMap;
}

/** The object type of a resource given by its plural name. */
export type ObjectOf<R extends string> = R extends keyof Kinds ? Kinds[R] : KubeObject;
