import type { Decision } from '../decide/decision.ts';
import type { Standing } from './standing.ts';

/**
 * Replicas that each companion should have, by name. The burst belongs to the companion of the current template; those of
 * older templates give up a replica for every new one that is Ready, or step aside by a quarter at a time where no
 * limit leaves room for both.
 */
export function sizesOf(decision: Decision, standing: Standing): ReadonlyMap<string, number> {
  const { granted, hard, soft } = decision.burst;
  const sizes = new Map<string, number>();
  const current = standing.companions.find((one) => one.name === standing.design?.name && !one.deleting);
  const older = standing.companions.filter((one) => one !== current && !one.deleting);
  const olderReplicas = older.reduce((total, one) => total + one.replicas, 0);
  const ready = Math.min(current?.ready ?? 0, current?.replicas ?? 0);

  let kept = Math.min(olderReplicas, Math.max(0, granted - (standing.design === undefined ? 0 : ready)));
  const room = Math.max(granted, Math.min(hard, soft));
  if (standing.design !== undefined) {
    const atMost = Math.max(0, Math.min(granted, room - kept));
    const settled = ready >= atMost && olderReplicas === kept;
    if (atMost < granted && settled) kept = Math.max(0, kept - Math.ceil(granted / 4));
    sizes.set(standing.design.name, Math.max(0, Math.min(granted, room - Math.max(kept, olderReplicas))));
  }
  for (const one of older) {
    const share = Math.min(one.replicas, kept);
    sizes.set(one.name, share);
    kept -= share;
  }
  return sizes;
}
