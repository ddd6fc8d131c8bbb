import type { RefusedPods } from '../decide/observation.ts';
import { refusedPods } from './refusal.ts';
import type { SlimPod, SlimWorkload } from './slim.ts';
import type { Store } from './store.ts';

/** A Deployment whose controlling owner is the policy, with its pods. */
export interface Companion {
  readonly deployment: SlimWorkload;
  /** All pods that exist, whatever their state. */
  readonly pods: readonly SlimPod[];
  /** Its replicas that the API server refuses to become pods; undefined: none. */
  readonly refused: RefusedPods | undefined;
}

/** The companions of a policy, oldest first. Found by owner UID; by label only where nobody owns it any more. */
export function companionsOf(store: Store, policyUid: string): readonly Companion[] {
  return store.deployments
    .by('owner', policyUid)
    .map((deployment) => {
      const pods = store.podsOf(deployment.uid);
      return { deployment, pods, refused: refusedPods(deployment, pods.length) };
    })
    .sort((a, b) => a.deployment.createdAtMs - b.deployment.createdAtMs);
}
