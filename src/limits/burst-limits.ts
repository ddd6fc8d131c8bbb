import type { SlimPod } from '../cluster/slim.ts';
import type { VirtualPool } from '../config.ts';
import type { RecordedDecision } from '../decide/decision.ts';
import type { FailureCause, LimitsObservation } from '../decide/observation.ts';
import type { Policy } from '../policy/policy.ts';
import type { BreakerState } from './breaker.ts';

export type { FailureCause } from '../decide/observation.ts';

/** What bounds bursts besides their policies: money, pace and failures. Out of memory alone; its ledger is kept in the cluster. */
export interface BurstLimits {
  /** What limits the burst of a policy now; quotas are not among it. */
  current(question: PolicyBurst): LimitsObservation;
  /** Why a virtual node failed a burst pod; undefined: it did not, or the pod is being deleted. */
  failureOf(pod: SlimPod): FailureCause | undefined;
  /** All pools and the cluster's money, for metrics. */
  told(): LimitsTold;
}

/** One policy's burst, as a pass sees it. */
export interface PolicyBurst {
  readonly policy: Policy;
  /** Where it bursts to. */
  readonly pool: VirtualPool;
  /** Name of the companion of the template as it is now (`CompanionDesign.name`); undefined: the template cannot burst. */
  readonly companion: string | undefined;
  /** Replicas that companions ask for (those that the API server refuses left out) and rescued pods. */
  readonly asked: number;
  /** Live ones among them that are bound to virtual nodes. */
  readonly running: number;
  /** The latest decisions on the other policies. */
  readonly others: readonly RecordedDecision[];
}

/** How limits stand, beyond single policies. Money in the configured currency. */
export interface LimitsTold {
  readonly pools: readonly {
    readonly name: string;
    readonly breaker: BreakerState;
    /** Creations that the pace allows now, promised ones not taken off; undefined: no pace is configured. */
    readonly creationTokens: number | undefined;
  }[];
  /** Undefined: no price is configured. */
  readonly ratePerHour: number | undefined;
  readonly spentToday: number | undefined;
  /** Left of the cluster's budget for 24 h; undefined: it has none, or it is not known. */
  readonly leftToday: number | undefined;
}
