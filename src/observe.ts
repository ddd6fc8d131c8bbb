import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { adapt } from './act/adapt.ts';
import { designCompanion } from './act/companion.ts';
import { names } from './act/names.ts';
import type { BurstPod, Standing } from './act/plan.ts';
import type { Growth } from './cluster/autoscaler.ts';
import type { Companion } from './cluster/companions.ts';
import { isLive, type SlimWorkload } from './cluster/slim.ts';
import type { TargetState } from './cluster/target.ts';
import type { ClusterView } from './cluster/view.ts';
import { claimsBefore } from './decide/claims.ts';
import type { RecordedDecision } from './decide/decision.ts';
import type { Observation, Sample } from './decide/observation.ts';
import type { Policy } from './policy/policy.ts';

/** A target that this version can burst: a Deployment that is there. */
export type Target = TargetState & { readonly workload: SlimWorkload };

/** What a pass looks at. */
export interface Scene {
  readonly view: ClusterView;
  /** Whether more VMs can come, as the cluster's autoscaler tells. */
  readonly growth: () => Growth;
  readonly policy: Policy;
  readonly target: Target;
  readonly virtual: NonNullable<ReturnType<ClusterView['virtualPool']>>;
  /** The latest reading of each source of the policy. */
  readonly samples: ReadonlyMap<string, Sample>;
  /** The latest decisions on the other policies. */
  readonly decided: readonly RecordedDecision[];
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** Everything the decision may know, and the objects that the plan starts from, out of caches alone. */
export function observe(scene: Scene): { readonly observation: Observation; readonly standing: Standing } {
  const { view, growth, policy, target, samples, decided, atMs } = scene;
  const { pool, observation: virtualPool } = scene.virtual;
  const adapted = adapt(templateOf(target.workload), pool);
  const design = adapted.template && designCompanion(target.workload, adapted.template);
  const all = view.companionsOf(policy);
  const shape = view.shapeOf(target);
  const namesake = design && view.store.deployments.get(`${policy.namespace}/${design.name}`);
  return {
    observation: {
      atMs,
      sources: [...samples].map(([name, sample]) => ({ name, sample })),
      target: {
        replicas: target.replicas,
        scaledBy: target.scaledBy,
        rollingOut: target.rollingOut,
        refusals: adapted.refusals,
      },
      pods: view.podsOf(policy, target, all),
      shape,
      vmPool: view.vmPool(target, shape, growth()),
      virtualPool,
      companions: all
        .filter(({ deployment }) => !deployment.deleting)
        .map(({ deployment, pods }) => ({
          name: deployment.name,
          templateHash: deployment.labels[names.companion] ?? '',
          current: deployment.name === design?.name,
          replicas: deployment.replicas,
          ready: deployment.status.readyReplicas,
          pods: pods.length,
          draining: 0,
        })),
      roomClaims: claimsBefore(policy, decided),
      limits: nothingLimits,
    },
    standing: {
      target: target.workload,
      design,
      nameTaken: namesake !== undefined && namesake.ownerUid !== policy.uid,
      companions: all.map(({ deployment, pods }) => ({
        name: deployment.name,
        uid: deployment.uid,
        resourceVersion: deployment.resourceVersion,
        replicas: deployment.replicas,
        ready: deployment.status.readyReplicas,
        pods: pods.length,
        deleting: deployment.deleting,
        labels: deployment.labels,
        template: templateOf(deployment),
      })),
      burstPods: burstPods(all, busyJobs(samples)),
    },
  };
}

/** What limits a burst besides its policy: nothing that this version knows of. */
const nothingLimits: Observation['limits'] = {
  freeQuota: undefined,
  creationTokens: undefined,
  namespaceQuota: undefined,
  breaker: 'closed',
  pricePerHour: undefined,
  spentToday: 0,
};

/** The template as the API server has it: what is kept of it is whole. */
function templateOf(workload: SlimWorkload): V1PodTemplateSpec {
  return workload.template as unknown as V1PodTemplateSpec;
}

function burstPods(companions: readonly Companion[], busy: ReadonlyMap<string, number>): readonly BurstPod[] {
  return companions.flatMap(({ deployment, pods }) =>
    pods.filter(isLive).map((pod) => ({
      name: pod.name,
      resourceVersion: pod.resourceVersion,
      companion: deployment.name,
      busyJobs: busy.get(pod.name) ?? 0,
      deletionCost: Number(pod.annotations[names.deletionCost] ?? 0),
    })),
  );
}

/** Jobs in work by pod, over all sources, as far as the queues tell. */
function busyJobs(samples: ReadonlyMap<string, Sample>): ReadonlyMap<string, number> {
  const busy = new Map<string, number>();
  for (const sample of samples.values()) {
    if (sample.state !== 'ok') continue;
    for (const [pod, jobs] of Object.entries(sample.busy)) busy.set(pod, (busy.get(pod) ?? 0) + jobs);
  }
  return busy;
}
