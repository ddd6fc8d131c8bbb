import type { RefusedPods } from '../decide/observation.ts';
import type { RawCondition } from './raw.ts';
import type { SlimWorkload } from './slim.ts';

/**
 * Why the API server refuses pods of a Deployment: its condition `ReplicaFailure`, which it takes over from its ReplicaSets,
 * without the text. Undefined: it does not refuse any.
 */
export function refusalIn(
  conditions: readonly RawCondition[] | undefined,
): Omit<RefusedPods, 'pods'> | undefined {
  const failure = conditions?.find(({ type }) => type === 'ReplicaFailure');
  if (failure?.status !== 'True') return undefined;
  // The words of the quota admission plugin (k8s.io/apiserver, plugin/resourcequota/controller.go).
  const [, verb, quota] =
    /\b(exceeded|failed) quota: ([a-z0-9][a-z0-9.-]*)/.exec(failure.message ?? '') ?? [];
  if (quota === undefined) return { cause: 'Other', quota: undefined };
  return { cause: verb === 'exceeded' ? 'QuotaExceeded' : 'QuotaWantsLimits', quota };
}

/** The replicas of a Deployment that are refused; `pods`: those of its pods that exist. Undefined: none. */
export function refusedPods({ refusal, replicas }: SlimWorkload, pods: number): RefusedPods | undefined {
  const missing = Math.max(0, replicas - pods);
  return refusal === undefined || missing === 0 ? undefined : { pods: missing, ...refusal };
}
