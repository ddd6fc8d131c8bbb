import type { SlimPod, SlimWorkload } from './slim.ts';
import type { Store } from './store.ts';

/** A Deployment whose controlling owner is the policy, with its pods. */
export interface Companion {
  readonly deployment: SlimWorkload;
  /** All pods that exist, whatever their state. */
  readonly pods: readonly SlimPod[];
}

/** The companions of a policy, oldest first. Found by owner UID, never by label. */
export function companionsOf(store: Store, policyUid: string): readonly Companion[] {
  return store.deployments
    .by('owner', policyUid)
    .map((deployment) => ({ deployment, pods: store.podsOf(deployment.uid) }))
    .sort((a, b) => a.deployment.createdAtMs - b.deployment.createdAtMs);
}
