import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import type { CompanionDesign, CompanionTarget } from './companion.ts';
import type { StandingPod } from './drain-order.ts';

/** What the plan starts from: the objects as they are, own writes included. */
export interface Standing {
  readonly policy: StandingPolicy;
  readonly target: CompanionTarget & {
    readonly resourceVersion: string;
    readonly replicas: number;
    readonly live: readonly StandingPod[];
  };
  /** What a companion of the target's template would be; undefined: the template cannot run there. */
  readonly design: CompanionDesign | undefined;
  readonly companions: readonly StandingCompanion[];
  /** A Deployment that has the companion's name and is not ours. */
  readonly nameTaken: boolean;
}

/** The object of the policy, as far as its finalizers go. */
export interface StandingPolicy {
  readonly resourceVersion: string;
  readonly finalizers: readonly string[];
}

export interface StandingCompanion {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly replicas: number;
  readonly ready: number;
  /** Pods that may still work, terminating ones included: those that are over are left to go with the companion. */
  readonly pods: number;
  /** Those that are neither over nor terminating. */
  readonly live: readonly StandingPod[];
  readonly deleting: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly template: V1PodTemplateSpec;
}
