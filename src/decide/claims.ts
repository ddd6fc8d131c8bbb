import type { Policy } from '../policy/policy.ts';
import type { Decision } from './decision.ts';
import type { RoomClaim } from './observation.ts';

type Ranked = Pick<Policy, 'priority' | 'createdAtMs' | 'uid'>;

/** Orders policies by age, older first; of the same second, by UID. */
export function byAge(a: Ranked, b: Ranked): number {
  return a.createdAtMs - b.createdAtMs || (a.uid < b.uid ? -1 : a.uid > b.uid ? 1 : 0);
}

/** Orders policies by who gets free room and quota first: priority, then age, then UID. */
export function byPrecedence(a: Ranked, b: Ranked): number {
  return b.priority - a.priority || byAge(a, b);
}

/** The room that the policies before this one were promised by their latest decisions. A dry run takes none. */
export function claimsBefore(
  policy: Ranked,
  others: readonly { readonly policy: Policy; readonly decision: Decision }[],
): readonly RoomClaim[] {
  return others
    .filter((other) => !other.policy.dryRun && byPrecedence(other.policy, policy) < 0)
    .filter((other) => other.decision.roomClaim.pods > 0)
    .map((other) => ({ policy: other.policy.key, ...other.decision.roomClaim }));
}
