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
  readonly drain: DrainObservation;
  /** The burst of the strategy `Rescue`; undefined: the policy bursts by companions. */
  readonly rescued: RescuedObservation | undefined;
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
  /**
   * When `busy` was read, milliseconds since the epoch, and whether of every active job: who is not named may be busy
   * otherwise. Left out: with the sample, of every one.
   */
  readonly names?: { readonly atMs: number; readonly whole: boolean };
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
  /** HPAs that count burst pods of a companion too and so scale by a wrong average (kubernetes#124307). */
  readonly hpasThatCountBurst: readonly string[];
  /** Why the template cannot run on the virtual pool; empty: it can. */
  readonly refusals: readonly Refusal[];
  /** What is different on the virtual pool, though the template can run there. */
  readonly warnings: readonly Refusal[];
  /** Somebody else's Deployment has the name of its companion; left out: nobody's has. */
  readonly companionNameTaken?: boolean;
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
  /** The target's pods that exist and are bound to no node, stuck or not looked at yet. */
  readonly unbound: number;
  /** Pods asked for that are not Ready yet, seconds since each was created; companion pods included. */
  readonly startingSeconds: readonly number[];
  /** Burst pods, companions' or rescued, that are Ready. */
  readonly burstReady: number;
  /** Burst pods, companions' or rescued, bound to a virtual node, Ready or not. */
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
  /** What a ResourceQuota looks at besides the requests; left out: not known. */
  readonly quota?: QuotaTraits;
}

/** What of a pod a ResourceQuota looks at besides its requests (kubernetes.io/docs/concepts/policy/resource-quotas). */
export interface QuotaTraits {
  readonly limits: Resources;
  /** No container asks for cpu or memory, nor limits them. */
  readonly bestEffort: boolean;
  /** It has an `activeDeadlineSeconds`. */
  readonly terminating: boolean;
  /** Undefined: none. */
  readonly priorityClass: string | undefined;
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
  /** Who says so and why; undefined: no autoscaler tells. */
  readonly growthReason: GrowthReason | undefined;
}

/** Why the VM pool grows, can or cannot, as its autoscaler tells. */
export interface GrowthReason {
  readonly by: 'cluster-autoscaler' | 'karpenter';
  readonly code: GrowthCode;
  /** When VMs were last asked for, as far as seen, milliseconds since the epoch; undefined: no scale-up is seen. */
  readonly sinceMs: number | undefined;
  /** VMs that are there or asked for, and the most that there may be; undefined: not told in VMs. */
  readonly targetNodes: number | undefined;
  readonly maxNodes: number | undefined;
  /** One word of the provider (`QUOTA_EXCEEDED`), never its text; undefined: it told none. */
  readonly errorCode: string | undefined;
}

export type GrowthCode =
  /** Growing: VMs are on their way. */
  | 'ScaleUp'
  /** CanGrow: there may be more VMs than there are. */
  | 'BelowMax'
  /** CannotGrow: as many VMs as there may be; the provider failed and is left alone for a while; no VM came for too long; … */
  | 'MaxReached'
  | 'Backoff'
  | 'InProgressTooLong'
  /** … too many nodes are unhealthy; VMs cannot be launched; no node pool is ready. */
  | 'Unhealthy'
  | 'LaunchFailing'
  | 'NoPoolReady'
  /** Unknown: the autoscaler has stopped telling; what it tells cannot be read. */
  | 'Stale'
  | 'Unreadable';

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
  /** All its virtual nodes; those below are parts of it, each node in one. */
  readonly nodes: number;
  /** Virtual nodes that can be used: Ready, not cordoned, and alive. */
  readonly readyNodes: number;
  readonly cordoned: number;
  readonly notReady: number;
  /** Nodes that read Ready though nobody has renewed them for minutes: v2 leaves such when it is scaled down. */
  readonly ghosts: number;
  /** Burst pods of the policy on virtual nodes that cannot be used, or that are gone. */
  readonly burstOnUnusable: number;
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
  /** Pods that count as replicas and that the virtual node failed: no burst; undefined or left out: none. */
  readonly failed?: number | undefined;
  /** Replicas that the API server refuses to become pods; undefined or left out: none that is known. */
  readonly refused?: RefusedPods | undefined;
}

/** Pods that were chosen to leave and still run, and what is known of their work. */
export interface DrainObservation {
  /** Pods of companions, and the target's own. */
  readonly burst: number;
  readonly target: number;
  /** Of both: those with jobs in work, as far as known. */
  readonly busy: number;
  /** Burst pods that run and whose workers say nothing of themselves: that one is idle is a guess of what its queue tells. */
  readonly guessed: number;
  /** Sources whose Redis forbids to mark workers, so that theirs cannot be asked; left out: none. */
  readonly forbidden?: number;
}

/** Replicas that are asked for and do not become pods, because the API server refuses these. */
export interface RefusedPods {
  readonly pods: number;
  readonly cause: 'QuotaExceeded' | 'QuotaWantsLimits' | 'Other';
  /** Name of the ResourceQuota; undefined: the cause is another. */
  readonly quota: string | undefined;
}

/**
 * The target's own pods that were let onto the virtual pool (N), bound or not. Such a pod that a VM took after all counts
 * as placed, and a pod that waits to be let on counts as stuck; neither is in here.
 */
export interface RescuedObservation {
  readonly pods: number;
  /** Those bound to virtual nodes, and those Ready. */
  readonly running: number;
  readonly ready: number;
  /** Those chosen to leave and not gone yet (K). */
  readonly draining: number;
  /** Stuck pods that can be let on: seconds since each was called unschedulable, longest first. */
  readonly waitingSeconds: readonly number[];
  /** Stuck pods that cannot be let on, by the first thing that keeps them off. */
  readonly unrescuable: readonly (Refusal & { readonly pods: number })[];
}

export interface LimitsObservation {
  /** Replicas that the provider's quota still has room for; undefined: not known, not a limit. */
  readonly freeQuota: number | undefined;
  /** The provider's quota that leaves room for the fewest; left out: nobody reads it, or it does not matter. */
  readonly quota?: QuotaObservation | undefined;
  /** Seconds until the quota is read again, where it may hold the burst back; undefined or left out: it does not. */
  readonly quotaSeconds?: number | undefined;
  /** Container groups of the policy's burst pods that do not simply run, at most ten; left out: none that is known. */
  readonly groups?: readonly GroupObservation[] | undefined;
  /** Replicas that may be created now without overrunning the provider's pace; undefined: not a limit. */
  readonly creationTokens: number | undefined;
  /** Replicas that the namespace's ResourceQuota still admits; undefined: no quota. */
  readonly namespaceQuota: number | undefined;
  /** Name of the ResourceQuota that admits the fewest; left out: not known. */
  readonly namespaceQuotaName?: string | undefined;
  /** Seconds until there is one more creation token; undefined or left out: some are there, or not known. */
  readonly tokenSeconds?: number | undefined;
  readonly breaker: 'closed' | 'half-open' | 'open';
  /** Of the failure that opened it; undefined or left out: it is closed. */
  readonly breakerCause?: FailureCause | undefined;
  /** Seconds until an open breaker lets a probe through; undefined or left out: it is not open. */
  readonly breakerSeconds?: number | undefined;
  /** The probe of a half-open breaker is on its way, or belongs to another policy. */
  readonly probing?: boolean;
  /** Price of one burst replica, per hour, in the configured currency; undefined: no price configured. */
  readonly pricePerHour: number | undefined;
  /** What the burst that exists costs per hour, pods that are being deleted included; undefined or left out: not known. */
  readonly ratePerHour?: number | undefined;
  /** Spent over the last 24 h, by this policy. */
  readonly spentToday: number;
  /** What was spent is not known: the ledger cannot be read. `spentToday` is what was counted since. */
  readonly spendUnknown?: boolean;
  /** Seconds until so much has fallen out of the 24 h that a budget that is gone opens again; undefined: none is gone. */
  readonly budgetSeconds?: number | undefined;
  /** What all bursts together may cost; undefined or left out: no budget of the cluster is configured. */
  readonly cluster?: ClusterBudget | undefined;
}

/** The container group of a burst pod, as its provider last told it. */
export interface GroupObservation {
  readonly pod: string;
  readonly group: string;
  /** `Creating`, `Running`, `Failed`, … */
  readonly state: string;
  readonly restarts: number;
  /** What happened to it last, newest first. */
  readonly events: readonly string[];
  /** Since it told that. */
  readonly ageSeconds: number;
}

/** A quota of the provider, as it was last read. */
export type QuotaObservation =
  | {
      readonly state: 'known';
      /** As the provider calls it (`StandardCores`). */
      readonly name: string;
      readonly limit: number;
      /** As the provider counts it, and what of the rest nobody was promised. */
      readonly used: number;
      readonly free: number;
      readonly ageSeconds: number;
    }
  | {
      readonly state: 'unknown';
      /** Since it was last read; undefined or left out: it never was. */
      readonly ageSeconds?: number | undefined;
    };

/** The budget of all bursts of the cluster; money in the configured currency. */
export interface ClusterBudget {
  readonly maxRatePerHour: number | undefined;
  readonly maxSpendPerDay: number | undefined;
  readonly onExhausted: 'Keep' | 'Drain';
  /** Spent over the last 24 h, by all policies. */
  readonly spentToday: number;
  /** What the bursts of the policies that come first cost per hour, and those of all others; promised ones included. */
  readonly rateBefore: number;
  readonly rateOthers: number;
}

/** Why a burst pod failed, as far as its provider tells (limits/failure-cause.ts). */
export type FailureCause =
  | 'Quota'
  | 'Capacity'
  | 'Image'
  | 'Network'
  | 'Throttled'
  | 'Rejected'
  | 'StuckCreating'
  | 'Vanished'
  | 'Unknown';
