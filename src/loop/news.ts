import type { Change } from '../cluster/store.ts';
import type { Policy } from '../policy/policy.ts';
import type { BurstPolicy } from '../policy/schema.ts';

/** Whether a policy came, went or was changed by somebody: its status is our own doing. */
export function isNews({ type, object, previous }: Change & { kind: 'policies' }): boolean {
  if (type === 'deleted' || previous === undefined) return true;
  const [now, before] = [object, previous].map(({ raw }) => (raw as BurstPolicy).metadata);
  return (
    now?.uid !== before?.uid ||
    now?.generation !== before?.generation ||
    now?.deletionTimestamp !== before?.deletionTimestamp
  );
}

/** Whether two policies watch the same: compared by what stands in them. */
export function sourcesOf(policy: Policy): string {
  return JSON.stringify(policy.scaling?.sources.map(({ name, feed }) => ({ name, feed })) ?? []);
}
