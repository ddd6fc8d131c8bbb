import { byPrecedence } from '../decide/claims.ts';
import type { RecordedDecision } from '../decide/decision.ts';
import { comingOf } from '../decide/promise.ts';
import type { Policy } from '../policy/policy.ts';
import type { Promised } from './quota.ts';

export interface PromiseQuestion {
  readonly policy: Policy;
  /** Whether the quota is that of a virtual pool, by its name. */
  readonly serves: (pool: string) => boolean;
  /** The latest decisions on the other policies. */
  readonly others: readonly RecordedDecision[];
  /** What one replica of a policy takes; undefined: not known. */
  readonly coresOf: (policy: Policy) => number | undefined;
  /** What a replica counts as whose size is not known. */
  readonly assumedCores: number;
}

/**
 * What of the quota others were promised and nobody sees yet: of every policy, the replicas that are granted and not bound
 * yet; of those that come first and wait for the quota, all that they wait for. Dry runs were promised nothing.
 */
export function promisedToOthers(question: PromiseQuestion): readonly Promised[] {
  const { policy, serves, others, coresOf, assumedCores } = question;
  return others
    .filter((other) => !other.policy.dryRun && other.policy.key !== policy.key)
    .filter(({ observation }) => serves(observation.virtualPool.name))
    .map((other) => {
      const before = byPrecedence(other.policy, policy) < 0;
      return {
        replicas: comingOf(other, before ? 'ProviderQuota' : undefined),
        cores: coresOf(other.policy) ?? assumedCores,
      };
    })
    .filter(({ replicas }) => replicas > 0);
}
