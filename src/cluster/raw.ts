/**
 * The parts of Kubernetes JSON that Spillway reads, as they come over the wire: everything may be missing, times are
 * text (kubernetes.io/docs/reference/kubernetes-api). Nothing outside cluster/ sees these types.
 */
export interface RawMeta {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly labels?: Labels;
  readonly annotations?: Labels;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly ownerReferences?: readonly {
    readonly kind?: string;
    readonly name?: string;
    readonly uid?: string;
    readonly controller?: boolean;
  }[];
}

export type Labels = Readonly<Record<string, string>>;
export type Quantities = Readonly<Record<string, string | number>>;

export interface RawObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: RawMeta;
}

export interface RawList {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly RawObject[] | null;
}

export interface RawCondition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string | null;
  readonly lastHeartbeatTime?: string | null;
}

export interface RawResources {
  readonly requests?: Quantities;
  readonly limits?: Quantities;
}

export interface RawContainer {
  readonly name?: string;
  readonly restartPolicy?: string;
  readonly resources?: RawResources;
  readonly ports?: readonly {
    readonly hostPort?: number;
    readonly hostIP?: string;
    readonly protocol?: string;
    readonly containerPort?: number;
  }[];
}

export interface RawLabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key?: string;
    readonly operator?: string;
    readonly values?: readonly string[];
  }[];
}

export interface RawNodeSelectorTerm {
  readonly matchExpressions?: readonly RawRequirement[];
  readonly matchFields?: readonly RawRequirement[];
}

interface RawRequirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

export interface RawPodSpec {
  readonly nodeName?: string;
  readonly containers?: readonly RawContainer[];
  readonly initContainers?: readonly RawContainer[];
  readonly overhead?: Quantities;
  readonly resources?: RawResources;
  readonly priority?: number;
  readonly preemptionPolicy?: string;
  readonly priorityClassName?: string;
  readonly activeDeadlineSeconds?: number;
  readonly hostNetwork?: boolean;
  readonly nodeSelector?: Labels;
  readonly tolerations?: readonly {
    readonly key?: string;
    readonly operator?: string;
    readonly value?: string;
    readonly effect?: string;
  }[];
  readonly affinity?: {
    readonly nodeAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: {
        readonly nodeSelectorTerms?: readonly RawNodeSelectorTerm[];
      };
    };
    readonly podAntiAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly {
        readonly topologyKey?: string;
        readonly labelSelector?: RawLabelSelector;
        readonly namespaces?: readonly string[];
        readonly namespaceSelector?: RawLabelSelector;
      }[];
    };
  };
  readonly topologySpreadConstraints?: readonly {
    readonly maxSkew?: number;
    readonly topologyKey?: string;
    readonly whenUnsatisfiable?: string;
    readonly labelSelector?: RawLabelSelector;
  }[];
}

export interface RawPod extends RawObject {
  readonly spec?: RawPodSpec;
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly startTime?: string;
    readonly conditions?: readonly RawCondition[];
    readonly containerStatuses?: readonly {
      readonly state?: { readonly waiting?: { readonly reason?: string } | null };
    }[];
  };
}

export interface RawNode extends RawObject {
  readonly spec?: {
    readonly unschedulable?: boolean;
    readonly taints?: readonly {
      readonly key?: string;
      readonly value?: string;
      readonly effect?: string;
    }[];
  };
  readonly status?: {
    readonly allocatable?: Quantities;
    readonly conditions?: readonly RawCondition[];
  };
}

export interface RawPodTemplate {
  readonly metadata?: RawMeta;
  readonly spec?: RawPodSpec;
}

export interface RawWorkload extends RawObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly strategy?: { readonly type?: string };
    readonly selector?: RawLabelSelector;
    readonly template?: RawPodTemplate;
    readonly parallelism?: number;
    readonly completions?: number;
    readonly suspend?: boolean;
    readonly backoffLimit?: number;
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly currentRevision?: string;
    readonly updateRevision?: string;
    readonly active?: number;
    readonly succeeded?: number;
    readonly failed?: number;
    readonly uncountedTerminatedPods?: { readonly failed?: readonly string[] };
    readonly conditions?: readonly RawCondition[];
  };
}

export interface RawScaler extends RawObject {
  readonly spec?: {
    readonly scaleTargetRef?: {
      readonly apiVersion?: string;
      readonly kind?: string;
      readonly name?: string;
    };
    readonly metrics?: readonly RawMetric[];
    readonly selectionStrategy?: string;
  };
}

export interface RawMetric {
  readonly type?: string;
  readonly external?: { readonly target?: { readonly type?: string } };
  readonly object?: { readonly target?: { readonly type?: string } };
}
