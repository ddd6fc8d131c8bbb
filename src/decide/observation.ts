/**
 * Everything that a decision may know: one plain value that survives `JSON.stringify`, so that a decision can be
 * explained, replayed by `simulate` and asked "what if". Units are in the names; counts are pods.
 */
export interface Observation {
  /** When it was taken, milliseconds since the epoch. `decide` has no other clock. */
  readonly atMs: number;
  readonly sources: readonly SourceObservation[];
  readonly target: TargetObservation;
  readonly pods: PodsObservation;
  /** One pod of the target's current template, as it is really admitted. */
  readonly shape: PodShape;
  readonly vmPool: VmPoolObservation;
  readonly virtualPool: VirtualPoolObservation;
  readonly companions: readonly CompanionObservation[];
  /** Room promised to policies that come first and not yet visible in the cluster. */
  readonly roomClaims: readonly RoomClaim[];
  readonly limits: LimitsObservation;
}

/** One reading of one source. A lost signal is `lost`, never a made-up number (promise 8). */
export type Sample = OkSample | LostSample;

export interface OkSample {
  readonly state: 'ok';
  /** When it was read, milliseconds since the epoch. */
  readonly atMs: number;
  /** Jobs that wait and may start now. */
  readonly backlog: number;
  /** Jobs being worked on. */
  readonly active: number;
  /** Seconds that the oldest waiting job has waited; undefined: not known for this kind of source. */
  readonly oldestAgeSeconds: number | undefined;
  /** Jobs that ever arrived, a counter that only grows; undefined: not known. */
  readonly arrivalsTotal: number | undefined;
  /** Jobs that ever ended, well or badly, a counter that only grows; undefined: not known. */
  readonly completionsTotal: number | undefined;
  /** Arrivals per second where the source knows the rate but no counter (Prometheus). */
  readonly arrivalsPerSecond: number | undefined;
  readonly paused: boolean;
  /** The limiter holds the queue back right now. */
  readonly rateLimited: boolean;
  /** Jobs that the queue lets run at once over all workers; undefined: no such limit. */
  readonly concurrencyLimit: number | undefined;
  /** Jobs per second that the queue's own rate limit lets start; undefined: no such limit. */
  readonly rateLimitPerSecond: number | undefined;
  /** Jobs in work by pod name, as far as the queue tells. Empty: it does not tell. */
  readonly busy: Readonly<Record<string, number>>;
}

export interface LostSample {
  readonly state: 'lost';
  readonly atMs: number;
  /** Since when there has been no good reading, milliseconds since the epoch. */
  readonly sinceMs: number;
  /** A code of the table in errors.ts, with its sentence; never text that a server answered. */
  readonly code: string;
  readonly message: string;
}

export interface SourceObservation {
  readonly name: string;
  readonly sample: Sample;
}

export interface TargetObservation {
  /** `spec.replicas` of the target now. */
  readonly replicas: number;
  /** Who else sets the replicas (`HorizontalPodAutoscaler media/x`); undefined: nobody that can be seen. */
  readonly scaledBy: string | undefined;
  /** A rollout of the target is under way. */
  readonly rollingOut: boolean;
  /** Why the template cannot run on the virtual pool; empty: it can. */
  readonly refusals: readonly Refusal[];
}

/** Why a template is kept off the virtual pool: a code and a sentence that says what to do. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

export interface PodsObservation {
  /** Bound to VM nodes that are not NotReady for more than 40 s (P), and those Ready or given up on (Pr). */
  readonly placed: number;
  readonly placedReady: number;
  /** The target's own pods that run on virtual nodes anyway (V), and those Ready (Vr). */
  readonly onVirtual: number;
  readonly onVirtualReady: number;
  /** Pods that the scheduler has called Unschedulable, and for how long the oldest has been. */
  readonly stuck: number;
  readonly oldestStuckSeconds: number;
  /** Pods asked for that are not Ready yet, seconds since each was created; companion pods included. */
  readonly startingSeconds: readonly number[];
  /** Companion pods that are Ready. */
  readonly burstReady: number;
  /** Companion pods bound to a virtual node, Ready or not. */
  readonly burstRunning: number;
  /** When a pod of the target was last bound to a VM node; undefined: not since the start. */
  readonly lastBoundAtMs: number | undefined;
  /** Seconds from being bound to Ready (L, see start-latency.ts); undefined: no pod has been seen to start. */
  readonly startLatencySeconds: number | undefined;
}

/** What one pod asks of a node. */
export interface Resources {
  readonly cpuMillicores: number;
  readonly memoryBytes: number;
  readonly ephemeralStorageBytes: number;
  /** Extended resources by name, in their own units. */
  readonly extended: Readonly<Record<string, number>>;
}

export interface PodShape {
  readonly requests: Resources;
  readonly priority: number;
  readonly preempts: boolean;
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Required node affinity: one of the terms must match; empty: none asked. */
  readonly nodeAffinity: readonly NodeSelectorTerm[];
  readonly tolerations: readonly Toleration[];
  /** Host ports as `protocol:ip:port`; a node holds one pod with each. */
  readonly hostPorts: readonly string[];
  /** Hard topology spread that counts the target's own pods. */
  readonly spread: readonly { readonly topologyKey: string; readonly maxSkew: number }[];
  /** Topology keys by which the pod refuses its own like (required anti-affinity). */
  readonly exclusiveBy: readonly string[];
}

export interface NodeSelectorTerm {
  readonly matchExpressions: readonly NodeSelectorRequirement[];
  readonly matchFields: readonly NodeSelectorRequirement[];
}

export interface NodeSelectorRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values: readonly string[];
}

export interface Toleration {
  readonly key: string | undefined;
  readonly operator: 'Equal' | 'Exists' | 'Lt' | 'Gt';
  readonly value: string | undefined;
  readonly effect: string | undefined;
}

export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** What nodes have in common as far as admission goes: labels (without those that name one node) and taints. */
export interface NodeClass {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
}

export interface VmPoolObservation {
  /** VM nodes whose labels and taints admit the pod, Ready or not. Zero: the template is not meant for VMs. */
  readonly matchingNodes: number;
  /** Ready, schedulable nodes that admit the pod, grouped by what makes them alike. */
  readonly groups: readonly RoomGroup[];
  /** When a matching node last became Ready, milliseconds since the epoch; undefined: not since the start. */
  readonly lastJoinedAtMs: number | undefined;
  /** Whether more VMs can come: `Unknown` where no autoscaler tells. */
  readonly growth: 'Growing' | 'CanGrow' | 'CannotGrow' | 'Unknown';
}

/** Nodes with the same free room. */
export interface RoomGroup {
  readonly nodes: number;
  /** Free on each of them for a pod of the policy's priority. */
  readonly free: Resources;
  readonly freePods: number;
  /** Pods of the target on each of them. */
  readonly mates: number;
  /** Another pod on each of them holds one of the host ports. */
  readonly hostPortTaken: boolean;
  /** What the nodes have in common; a topology domain is a label of it (hostname: each node is one). */
  readonly nodeClass: NodeClass;
}

/** So many pods of this shape will take room that still looks free. */
export interface RoomClaim {
  readonly policy: string;
  readonly shape: PodShape;
  readonly pods: number;
}

export interface VirtualPoolObservation {
  /** The pool that this policy bursts to. */
  readonly name: string;
  /** Virtual nodes that are Ready and not cordoned. */
  readonly readyNodes: number;
  /** Pod slots still free on them. */
  readonly freePods: number;
}

export interface CompanionObservation {
  readonly name: string;
  /** Hash of the template that it was cloned from. */
  readonly templateHash: string;
  /** The hash is that of the target's template as it is now. */
  readonly current: boolean;
  readonly replicas: number;
  readonly ready: number;
  /** Pods that exist, whatever their state. */
  readonly pods: number;
  /** Pods chosen to leave and not gone yet (K). */
  readonly draining: number;
}

export interface LimitsObservation {
  /** Replicas that the provider's quota still has room for; undefined: not known, not a limit. */
  readonly freeQuota: number | undefined;
  /** Replicas that may be created now without overrunning the provider's pace; undefined: not a limit. */
  readonly creationTokens: number | undefined;
  /** Replicas that the namespace's ResourceQuota still admits; undefined: no quota. */
  readonly namespaceQuota: number | undefined;
  readonly breaker: 'closed' | 'half-open' | 'open';
  /** Price of one burst replica, per hour, in the configured currency; undefined: no price configured. */
  readonly pricePerHour: number | undefined;
  /** Spent over the last 24 h, by this policy. */
  readonly spentToday: number;
}
