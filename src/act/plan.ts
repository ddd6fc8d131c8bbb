import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import type { Decision } from '../decide/decision.ts';
import type { Policy } from '../policy/policy.ts';
import {
  type CompanionDesign,
  type CompanionTarget,
  companionManifest,
  matchesManifest,
} from './companion.ts';
import type { Write } from './write.ts';

/** What the plan starts from: the objects as they are, own writes included. */
export interface Standing {
  readonly target: CompanionTarget & { readonly resourceVersion: string; readonly replicas: number };
  /** What a companion of the target's template would be; undefined: the template cannot run there. */
  readonly design: CompanionDesign | undefined;
  readonly companions: readonly StandingCompanion[];
  /** A Deployment that has the companion's name and is not ours. */
  readonly nameTaken: boolean;
  readonly burstPods: readonly BurstPod[];
}

export interface StandingCompanion {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly replicas: number;
  readonly ready: number;
  /** Pods that still exist, terminating ones included. */
  readonly pods: number;
  readonly deleting: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly template: V1PodTemplateSpec;
}

/** What a deletion has to name. */
type Removable = Pick<StandingCompanion, 'name' | 'uid' | 'resourceVersion'>;

/** A live pod of a companion. */
export interface BurstPod {
  readonly name: string;
  readonly resourceVersion: string;
  readonly companion: string;
  /** Jobs in work on it, as far as the queue tells. */
  readonly busyJobs: number;
  readonly deletionCost: number;
}

/**
 * From a decision to the writes that carry it out, in the order in which they are safe: room is made before it is
 * given up, and the next pass finishes what a crash between two of them left.
 */
export function plan(policy: Policy, decision: Decision, standing: Standing): readonly Write[] {
  if (standing.nameTaken) return [];
  const sizes = sizesOf(decision, standing);
  const writes = standing.companions
    .filter((companion) => !companion.deleting)
    .flatMap((companion) => writesFor(policy, decision, standing, companion, sizes.get(companion.name) ?? 0));
  const growing = writes.filter((write) => write.kind === 'ScaleCompanion' && write.to > write.from);
  const rest = writes.filter((write) => !growing.includes(write));
  return [
    ...creation(policy, decision, standing, sizes),
    ...growing,
    ...targetScale(decision, standing),
    ...rest,
  ];
}

/** The writes that take every companion away: the target is gone. */
export function planRemoval(
  policy: Policy,
  decisionId: string,
  companions: readonly (Removable & Pick<StandingCompanion, 'deleting'>)[],
): readonly Write[] {
  return companions
    .filter((companion) => !companion.deleting)
    .map((companion) => deletion(policy, decisionId, companion));
}

/**
 * Replicas of each companion, by name. The burst belongs to the companion of the current template; those of
 * older templates give up a replica for every new one that is Ready, or step aside by a quarter at a time where no
 * limit leaves room for both.
 */
function sizesOf(decision: Decision, standing: Standing): ReadonlyMap<string, number> {
  const { granted, hard, soft } = decision.burst;
  const sizes = new Map<string, number>();
  const current = standing.companions.find((one) => one.name === standing.design?.name && !one.deleting);
  const older = standing.companions.filter((one) => one !== current && !one.deleting);
  const olderReplicas = older.reduce((total, one) => total + one.replicas, 0);
  const ready = Math.min(current?.ready ?? 0, current?.replicas ?? 0);

  let kept = Math.min(olderReplicas, Math.max(0, granted - (standing.design === undefined ? 0 : ready)));
  const room = Math.max(granted, Math.min(hard, soft));
  if (standing.design !== undefined) {
    const atMost = Math.max(0, Math.min(granted, room - kept));
    const settled = ready >= atMost && olderReplicas === kept;
    if (atMost < granted && settled) kept = Math.max(0, kept - Math.ceil(granted / 4));
    sizes.set(standing.design.name, Math.max(0, Math.min(granted, room - Math.max(kept, olderReplicas))));
  }
  for (const one of older) {
    const share = Math.min(one.replicas, kept);
    sizes.set(one.name, share);
    kept -= share;
  }
  return sizes;
}

function creation(
  policy: Policy,
  decision: Decision,
  standing: Standing,
  sizes: ReadonlyMap<string, number>,
): readonly Write[] {
  const { design, target } = standing;
  if (design === undefined || standing.companions.some((one) => one.name === design.name)) return [];
  const replicas = sizes.get(design.name) ?? 0;
  if (replicas === 0) return [];
  return [
    {
      kind: 'CreateCompanion',
      namespace: policy.namespace,
      name: design.name,
      manifest: companionManifest(policy, target, design, replicas, decision.id),
      to: replicas,
      decisionId: decision.id,
    },
  ];
}

function writesFor(
  policy: Policy,
  decision: Decision,
  standing: Standing,
  companion: StandingCompanion,
  size: number,
): readonly Write[] {
  const at = {
    namespace: policy.namespace,
    name: companion.name,
    resourceVersion: companion.resourceVersion,
  };
  const { design, target } = standing;
  if (size === 0 && companion.replicas === 0) {
    return companion.pods === 0 ? [deletion(policy, decision.id, companion)] : [];
  }
  if (design?.name === companion.name) {
    const manifest = companionManifest(policy, target, design, size, decision.id);
    if (!matchesManifest(manifest, companion)) {
      return [{ kind: 'MendCompanion', ...at, manifest, decisionId: decision.id }];
    }
  }
  if (size === companion.replicas) return [];
  return [
    ...(size < companion.replicas ? costs(policy, decision, standing, companion) : []),
    { kind: 'ScaleCompanion', ...at, from: companion.replicas, to: size, decisionId: decision.id },
  ];
}

/** Busy pods cost more to delete than idle ones; where all are alike there is nothing to tell. */
function costs(
  policy: Policy,
  decision: Decision,
  standing: Standing,
  companion: StandingCompanion,
): readonly Write[] {
  const pods = standing.burstPods.filter((pod) => pod.companion === companion.name);
  if (new Set(pods.map((pod) => pod.busyJobs)).size <= 1) return [];
  return pods
    .filter((pod) => pod.deletionCost !== pod.busyJobs)
    .map((pod) => ({
      kind: 'SetDeletionCost',
      namespace: policy.namespace,
      name: pod.name,
      resourceVersion: pod.resourceVersion,
      cost: pod.busyJobs,
      decisionId: decision.id,
    }));
}

function targetScale(decision: Decision, { target }: Standing): readonly Write[] {
  const to = decision.targetReplicas;
  if (to === undefined || to === target.replicas) return [];
  return [
    {
      kind: 'ScaleTarget',
      namespace: target.namespace,
      name: target.name,
      resourceVersion: target.resourceVersion,
      from: target.replicas,
      to,
      decisionId: decision.id,
    },
  ];
}

function deletion(
  policy: Policy,
  decisionId: string,
  companion: Pick<StandingCompanion, 'name' | 'uid' | 'resourceVersion'>,
): Write {
  return {
    kind: 'DeleteCompanion',
    namespace: policy.namespace,
    name: companion.name,
    uid: companion.uid,
    resourceVersion: companion.resourceVersion,
    decisionId,
  };
}
