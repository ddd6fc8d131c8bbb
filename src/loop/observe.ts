import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { adapt } from '../act/adapt.ts';
import { designCompanion } from '../act/companion.ts';
import { drainsAmong, leavingOf } from '../act/drain-count.ts';
import { type FailedPod, failedReplicas } from '../act/failed.ts';
import { names } from '../act/names.ts';
import type { RescueStanding } from '../act/rescue.ts';
import type { Standing, StandingCompanion, StandingPolicy } from '../act/standing.ts';
import type { StandingPod } from '../act/drain-order.ts';
import type { Growth } from '../cluster/autoscaler.ts';
import type { Companion } from '../cluster/companions.ts';
import { isOver, type SlimPod, type SlimPolicy, type SlimWorkload } from '../cluster/slim.ts';
import type { TargetState } from '../cluster/target.ts';
import type { ClusterView } from '../cluster/view.ts';
import { claimsBefore } from '../decide/claims.ts';
import type { RecordedDecision } from '../decide/decision.ts';
import type { Observation, Sample } from '../decide/observation.ts';
import type { Drains } from './drains.ts';
import { failedAmong, withStaying } from './failed-pods.ts';
import type { BurstLimits } from '../limits/burst-limits.ts';
import type { Policy } from '../policy/policy.ts';
import type { BurstPolicy } from '../policy/schema.ts';
import type { Rescues } from './rescues.ts';

/** What a pass looks at. */
export interface Scene {
  readonly view: ClusterView;
  /** Whether more VMs can come, as the cluster's autoscaler tells. */
  readonly growth: () => Growth;
  readonly policy: Policy;
  /** The object of the policy. */
  readonly object: SlimPolicy;
  readonly target: TargetState;
  readonly virtual: NonNullable<ReturnType<ClusterView['virtualPool']>>;
  /** The latest reading of each source of the policy. */
  readonly samples: ReadonlyMap<string, Sample>;
  /** The latest decisions on the other policies. */
  readonly decided: readonly RecordedDecision[];
  readonly limits: BurstLimits;
  readonly drains: Drains;
  readonly rescues: Rescues;
  /** Milliseconds since the epoch, and of a clock that never jumps. */
  readonly atMs: number;
  readonly elapsedMs: number;
}

/** What a pass has seen: everything the decision may know, and the objects that the plan starts from. */
export type Observed = {
  readonly observation: Observation;
  /** Burst pods that a virtual node failed. */
  readonly failed: readonly FailedPod[];
} & (
  | { readonly strategy: 'Companion'; readonly standing: Standing }
  | {
      readonly strategy: 'Rescue';
      readonly standing: RescueStanding;
      /** Of each rescued pod that has got a node since the last pass: seconds since it was stuck. */
      readonly boundAfterSeconds: readonly number[];
    }
);

/** Looks at everything, out of caches alone. */
export function observe(scene: Scene): Observed {
  const { view, growth, limits, policy, target, samples, decided, atMs } = scene;
  const { pool, observation: virtualPool } = scene.virtual;
  const { workload } = target;
  const adapted = adapt(templateOf(target), pool, workload);
  const design = workload && adapted.template && designCompanion(workload, adapted.template);
  const all = view.companionsOf(policy);
  const shape = view.shapeOf(target);
  const namesake = design && view.store.deployments.get(`${policy.namespace}/${design.name}`);
  const live = scene.drains.look({ ...looked(scene), pods: podsOf(all, target.pods) });
  const own = liveAmong(target.pods, live);
  const burst = all.flatMap(({ pods }) => liveAmong(pods, live));
  const bursts =
    policy.burst.strategy === 'Companion' && workload !== undefined
      ? { workload }
      : { rescue: scene.rescues.look({ view, policy, target, shape, pool, live, atMs }) };
  const forbidden = scene.drains.forbidden(policy).length;
  const rescue = 'rescue' in bursts ? bursts.rescue : undefined;
  const nameTaken =
    rescue === undefined && namesake !== undefined && !all.some(({ deployment }) => deployment === namesake);
  const rescued = new Set(liveAmong(view.rescuedOf(policy, target), live));
  const failedIn = (pods: readonly SlimPod[]): readonly FailedPod[] =>
    failedAmong(pods, (pod) => limits.failureOf(pod), target);
  const failedRescued = failedIn(target.pods.filter(wasRescued));
  const pods = view.podsOf(policy, target, all);
  const observation: Observation = {
    atMs,
    sources: [...samples].map(([name, sample]) => ({ name, sample })),
    target: {
      replicas: target.replicas,
      scaledBy: target.scaledBy,
      rollingOut: target.rollingOut,
      // Rescued pods are the target's own: whoever counts them counts right.
      hpasThatCountBurst: rescue === undefined ? target.hpasThatCountBurst : [],
      refusals: rescue?.refusals ?? adapted.refusals,
      warnings: adapted.warnings,
      companionNameTaken: nameTaken,
    },
    pods,
    shape,
    vmPool: view.vmPool(target, shape, growth()),
    virtualPool: {
      ...virtualPool,
      // Pods that were let on and have no node yet will take a slot.
      freePods: Math.max(0, virtualPool.freePods - [...rescued].filter(({ bound }) => !bound).length),
    },
    companions: all
      .filter(({ deployment }) => !deployment.deleting)
      .map(({ deployment, pods: its, refused }) => ({
        name: deployment.name,
        templateHash: deployment.labels[names.companion] ?? '',
        current: deployment.name === design?.name,
        replicas: deployment.replicas,
        ready: deployment.status.readyReplicas,
        pods: its.length,
        refused,
        draining: leavingOf(deployment.replicas, liveAmong(its, live)),
        failed: failedReplicas(failedIn(its)),
      })),
    drain: {
      ...drainsAmong(
        [...burst, ...rescued],
        own.filter((pod) => !rescued.has(pod)),
      ),
      ...(forbidden === 0 ? {} : { forbidden }),
    },
    rescued: rescue && withStaying(rescue.rescued, failedRescued),
    roomClaims: claimsBefore(policy, decided),
    // A rescue makes no pods: those that are there have their part of the namespace's quota already.
    limits: {
      ...limits.current({
        policy,
        pool,
        companion: design?.name,
        asked: askedOf(all) + (rescue?.rescued.pods ?? 0),
        running: pods.burstRunning,
        others: decided,
      }),
      ...(rescue === undefined ? view.namespaceQuota(policy.namespace, shape) : {}),
    },
  };
  const remains = { policy: policyObject(scene.object), companions: standingCompanions(all, live) };
  if ('rescue' in bursts) {
    const { standing, boundAfterSeconds } = bursts.rescue;
    return {
      observation,
      failed: failedRescued,
      strategy: 'Rescue',
      standing: { ...remains, ...standing },
      boundAfterSeconds,
    };
  }
  const standing = { ...remains, target: { ...bursts.workload, live: own }, design, nameTaken };
  return { observation, failed: failedIn(all.flatMap((each) => each.pods)), strategy: 'Companion', standing };
}

/** What is left of a policy whose target is not there: its companions, and the object itself. */
export function observeRemains(
  scene: Pick<Scene, 'view' | 'policy' | 'object' | 'samples' | 'limits' | 'drains' | 'atMs' | 'elapsedMs'>,
): Pick<Standing, 'policy' | 'companions'> {
  const all = scene.view.companionsOf(scene.policy);
  const live = scene.drains.look({ ...looked(scene), pods: podsOf(all, []) });
  return { policy: policyObject(scene.object), companions: standingCompanions(all, live) };
}

/** Replicas that companions ask for and that may become pods. */
function askedOf(companions: readonly Companion[]): number {
  return companions
    .filter(({ deployment }) => !deployment.deleting)
    .reduce((sum, { deployment, refused }) => sum + deployment.replicas - (refused?.pods ?? 0), 0);
}

function wasRescued({ annotations }: SlimPod): boolean {
  return annotations[names.rescued] !== undefined;
}

function looked(scene: Pick<Scene, 'policy' | 'samples' | 'limits' | 'atMs' | 'elapsedMs'>) {
  const { policy, samples, limits, atMs, elapsedMs } = scene;
  const isFailed = (pod: SlimPod): boolean => limits.failureOf(pod) !== undefined;
  return { policy, samples, isFailed, nowMs: atMs, elapsedMs };
}

function podsOf(companions: readonly Companion[], target: readonly SlimPod[]): readonly SlimPod[] {
  return [...companions.flatMap(({ pods }) => pods), ...target];
}

function policyObject({ raw, resourceVersion }: SlimPolicy): StandingPolicy {
  return { resourceVersion, finalizers: (raw as BurstPolicy).metadata.finalizers ?? [] };
}

function standingCompanions(
  companions: readonly Companion[],
  live: ReadonlyMap<string, StandingPod>,
): readonly StandingCompanion[] {
  return companions.map(({ deployment, pods }) => ({
    name: deployment.name,
    uid: deployment.uid,
    resourceVersion: deployment.resourceVersion,
    replicas: deployment.replicas,
    ready: deployment.status.readyReplicas,
    pods: pods.filter((pod) => !isOver(pod)).length,
    live: liveAmong(pods, live),
    deleting: deployment.deleting,
    labels: deployment.labels,
    template: templateOf(deployment),
  }));
}

function liveAmong(pods: readonly SlimPod[], live: ReadonlyMap<string, StandingPod>): readonly StandingPod[] {
  return pods.flatMap(({ uid }) => live.get(uid) ?? []);
}

/** The template as the API server has it: what is kept of it is whole. */
function templateOf({ template }: Pick<SlimWorkload, 'template'>): V1PodTemplateSpec {
  return template as unknown as V1PodTemplateSpec;
}
