import type { Clock } from '../../clock.ts';
import type { Kind, Store } from '../../cluster/store.ts';
import type { TargetState } from '../../cluster/target.ts';
import type { Config, VirtualPool } from '../../config.ts';
import type { PodShape } from '../../decide/observation.ts';
import type { Policy } from '../../policy/policy.ts';
import type { BurstPolicy } from '../../policy/schema.ts';
import type { Found } from './finding.ts';
import type { QueueLooker } from './queues.ts';
import type { DoctorNode } from './raw.ts';
import type { Reader } from './reader.ts';
import type { Settings } from './settings.ts';

/** A ServiceAccount. */
export interface Account {
  readonly namespace: string;
  readonly name: string;
}

/** Everything that a check may look at. */
export interface Look {
  readonly reader: Reader;
  readonly clock: Clock;
  readonly config: Config;
  /** Where it is from. */
  readonly settings: Settings;
  /** The objects of the policies' namespaces, and all nodes, as the controller keeps them. */
  readonly store: Store;
  /** What could not be listed, and why. */
  readonly unread: ReadonlyMap<Kind, string>;
  /** All nodes, as they came over the wire. */
  readonly nodes: readonly DoctorNode[];
  /** The policies that were asked for; undefined: the API does not serve any. */
  readonly policies: readonly BurstPolicy[] | undefined;
  /** Whom Spillway runs as; undefined: nobody was found. */
  readonly account: Account | undefined;
  /** The pool that policies burst to, with the version that its node tells. */
  readonly pool: VirtualPool | undefined;
  readonly queues: QueueLooker;
}

/** A policy that can be understood, with what it is about. */
export interface LookedPolicy {
  readonly look: Look;
  readonly object: BurstPolicy;
  readonly policy: Policy;
  /** Undefined: the target is not there. */
  readonly target: TargetState | undefined;
  /** One pod of the target; undefined without a target. */
  readonly shape: PodShape | undefined;
}

/** Looks at one thing of the cluster. */
export type Check = (look: Look) => Promise<readonly Found[]>;

/** Looks at one thing of a policy. */
export type PolicyCheck = (about: LookedPolicy) => Promise<readonly Found[]>;
