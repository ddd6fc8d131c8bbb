import type { FailureCause, LimitsObservation } from '../decide/observation.ts';
import type { PolicyBurst } from './burst-limits.ts';

/** What the provider of a virtual pool tells by itself, besides what the cluster shows of it. Out of memory alone. */
export interface ProviderLimits {
  /** How far its quota lets a policy burst, and the container groups of the policy that do not simply run. */
  current(question: PolicyBurst): ProviderOutlook;
  /** Why it failed a pod that the cluster still takes for starting, by UID; undefined: it did not, or does not tell. */
  failureOf(uid: string): FailureCause | undefined;
}

export type ProviderOutlook = Pick<LimitsObservation, 'freeQuota' | 'quota' | 'quotaSeconds' | 'groups'>;
