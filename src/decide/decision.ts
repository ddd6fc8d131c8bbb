import type { Policy } from '../policy/policy.ts';
import type {
  DrainObservation,
  FailureCause,
  LimitsObservation,
  Observation,
  PodShape,
} from './observation.ts';
import type { Reason } from './reasons.ts';
import type { RescueDecision } from './rescue.ts';

/** What to set, which limits bit, and why. The value is plain and is kept, shown and replayed as it is. */
export interface Decision {
  /** Unique in the cluster; every write that follows from the decision carries it. */
  readonly id: string;
  readonly atMs: number;
  readonly policy: string;
  /** Replicas wanted now (D). */
  readonly demand: number;
  readonly sources: readonly SourceDemand[];
  readonly placed: number;
  readonly placedReady: number;
  readonly headroom: number;
  readonly stuck: number;
  readonly spill: number;
  readonly burst: BurstDecision;
  /** Pods that are on their way out. */
  readonly draining: DrainObservation;
  /** What becomes of stuck pods; undefined: the policy bursts by companions. */
  readonly rescue: RescueDecision | undefined;
  /** What the burst costs; undefined: no price is configured. */
  readonly cost: Cost | undefined;
  readonly breaker: BreakerTold;
  /** What the target's replicas should be; undefined: somebody else sets them (promise 6). */
  readonly targetReplicas: number | undefined;
  /** What of the target's replicas is not bound yet and will take VM room. */
  readonly roomClaim: { readonly shape: PodShape; readonly pods: number };
  readonly reasons: readonly Reason[];
  /** One sentence that a person can read. */
  readonly summary: string;
  /** Seconds until something that was waited for (a window, a delay) can change the decision by itself. */
  readonly nextLookSeconds: number;
}

export interface SourceDemand {
  readonly name: string;
  readonly state: 'ok' | 'lost';
  readonly replicas: number;
  readonly backlog: number | undefined;
  readonly active: number | undefined;
  readonly oldestAgeSeconds: number | undefined;
  readonly arrivalsPerSecond: number | undefined;
  readonly serviceSeconds: number | undefined;
}

export interface BurstDecision {
  /** What the spill asks for after delay and reclaim (W). */
  readonly wanted: number;
  /** What the limits let through (G). */
  readonly granted: number;
  /** Replicas that companions ask for now and pods that were rescued (N), and those bound to virtual nodes. */
  readonly asked: number;
  readonly running: number;
  /** The two bounds: what is never exceeded, and what growth may reach now. */
  readonly hard: number;
  readonly soft: number;
  /** Replicas left pending on purpose, so that the VM pool grows (X). */
  readonly pendingForGrowth: number;
  readonly limitedBy: readonly LimitName[];
}

/** Money in the configured currency. */
export interface Cost {
  readonly ratePerHour: number;
  /** Over the last 24 h. */
  readonly spentToday: number;
  /** What is left of the policy's day's budget, never less than 0; undefined: it has none, or it is not known. */
  readonly leftToday: number | undefined;
  /** Seconds until it is gone at this rate; undefined: it has none, or nothing is spent. */
  readonly exhaustedInSeconds: number | undefined;
}

/** The breaker as the decision found it. */
export interface BreakerTold {
  readonly state: LimitsObservation['breaker'];
  /** Undefined: it is closed, or nobody knows. */
  readonly cause: FailureCause | undefined;
}

export type LimitName =
  | 'MaxReplicas'
  | 'RatePerHour'
  | 'DailyBudget'
  | 'ClusterRatePerHour'
  | 'ClusterDailyBudget'
  | 'Breaker'
  | 'NoVirtualNode'
  | 'VirtualNodeFull'
  | 'ProviderQuota'
  | 'CreationPace'
  | 'NamespaceQuota'
  | 'Suspended'
  | 'NotEligible'
  | 'NoVmNodes'
  | 'CompanionNameTaken'
  | 'NothingToRescue';

/** A decision with what it was made from: enough to explain it and to decide again. */
export interface RecordedDecision {
  readonly policy: Policy;
  readonly observation: Observation;
  readonly decision: Decision;
  /** Since when more is granted than there are pods, and none has come; left out: nothing is missing. Ms since the epoch. */
  readonly unmetSinceMs?: number | undefined;
  /** When the API server last refused what growth asks for; left out: it takes it. Ms since the epoch. */
  readonly refusedAtMs?: number | undefined;
}
