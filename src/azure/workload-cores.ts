import type { Store } from '../cluster/store.ts';
import { type Grouped, groupSize } from '../limits/group-size.ts';
import { workloadOf } from '../limits/owners.ts';
import type { Policy } from '../policy/policy.ts';

/** What a pod of the policy's target asks of a quota, in cores; undefined: there is no target, or its requests are none. */
export function coresOf(store: Store, policy: Policy): number | undefined {
  const workload = workloadOf(store, policy);
  return workload && coresIn(workload.spec);
}

/** What the group of a pod of this spec asks for, in cores; undefined: its requests are no quantities. */
export function coresIn(spec: Grouped): number | undefined {
  try {
    return groupSize(spec).cores;
  } catch {
    return undefined;
  }
}
