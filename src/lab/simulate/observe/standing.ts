import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import type { CompanionDesign } from '../../../act/companion.ts';
import type { StandingPod } from '../../../act/drain-order.ts';
import type { Standing } from '../../../act/standing.ts';
import { isOver } from '../../world/conditions.ts';
import type { Deployment, KubeObject } from '../../world/kube.ts';
import type { BookedPod } from './pod-book.ts';

/** A Deployment that the policy owns, with its pods, whatever their state. */
export interface Companion {
  readonly deployment: Deployment;
  readonly pods: readonly BookedPod[];
}

/** What names a Deployment for a companion. */
export function identity({ metadata }: Deployment): {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
} {
  return { name: metadata.name, namespace: metadata.namespace ?? '', uid: metadata.uid };
}

/** `spec.replicas`, which is 1 where it is left out. */
export function replicasOf({ spec }: Deployment): number {
  return spec.replicas ?? 1;
}

/** The template as the API server has it: what the lab keeps of it is whole. */
export function templateOf({ spec }: Deployment): V1PodTemplateSpec {
  return spec.template as unknown as V1PodTemplateSpec;
}

/** Whether a Deployment is about to go. */
export function isDeleting({ metadata }: Deployment): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** The pods of a Deployment, over all its ReplicaSets. */
export function podsOf(pods: readonly BookedPod[], { metadata }: Deployment): readonly BookedPod[] {
  return pods.filter(({ deploymentUid }) => deploymentUid === metadata.uid);
}

/** The objects that a plan starts from. `live`: those of some pods that are, as the plan needs them; `own`: the target's. */
export function standingOf(
  target: Deployment,
  design: CompanionDesign | undefined,
  companions: readonly Companion[],
  policy: KubeObject,
  live: (pods: readonly BookedPod[]) => readonly StandingPod[],
  own: readonly BookedPod[],
): Standing {
  const { resourceVersion } = target.metadata;
  return {
    policy: {
      resourceVersion: policy.metadata.resourceVersion,
      finalizers: policy.metadata.finalizers ?? [],
    },
    target: { ...identity(target), resourceVersion, replicas: replicasOf(target), live: live(own) },
    design,
    nameTaken: false,
    companions: companions.map(({ deployment, pods }) => ({
      name: deployment.metadata.name,
      uid: deployment.metadata.uid,
      resourceVersion: deployment.metadata.resourceVersion,
      replicas: replicasOf(deployment),
      ready: deployment.status.readyReplicas ?? 0,
      pods: pods.filter(({ pod }) => !isOver(pod)).length,
      live: live(pods),
      deleting: isDeleting(deployment),
      labels: deployment.metadata.labels ?? {},
      template: templateOf(deployment),
    })),
  };
}
