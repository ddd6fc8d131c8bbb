import type { Decision } from '../decide/decision.ts';
import type { Policy } from '../policy/policy.ts';
import { companionManifest, matchesManifest } from './companion.ts';
import { finalizerWrites } from './plan-finalizer.ts';
import { sizesOf } from './plan-sizes.ts';
import {
  givenUp,
  nothingToDo,
  type Order,
  resized,
  takenBack,
  type WorkloadWrites,
} from './plan-workload.ts';
import type { Standing, StandingCompanion } from './standing.ts';
import type { Write } from './write.ts';

export type { Standing, StandingCompanion } from './standing.ts';

/** While pods drain something waits for time to pass: for a pod's cost to reach the ReplicaSet, for the drain's end. */
const drainLookSeconds = 0.5;

/** When to look again after these writes, seconds: the decision did not know of the drains that they begin or end. */
export function lookSeconds(policy: Policy, decision: Decision, writes: readonly Write[]): number {
  const drains = policy.deleting || writes.some(({ kind }) => kind === 'SetDrain');
  return drains ? Math.min(drainLookSeconds, decision.nextLookSeconds) : decision.nextLookSeconds;
}

/**
 * From a decision to the writes that carry it out, in the order in which they are safe: pods that drain are taken back
 * before others are created, room is made before it is given up, and the next pass finishes what a crash between two
 * of them left.
 */
export function plan(policy: Policy, decision: Decision, standing: Standing): readonly Write[] {
  // Somebody else's Deployment has the name: hands off, so nothing new can burst. All else goes on.
  if (standing.nameTaken && standing.design !== undefined) {
    return plan(policy, decision, { ...standing, design: undefined });
  }
  const order: Order = { policy, decisionId: decision.id, atMs: decision.atMs };
  const sizes = sizesOf(decision, standing);
  const companions = standing.companions
    .filter((companion) => !companion.deleting)
    .map((companion) => companionWrites(order, standing, companion, sizes.get(companion.name) ?? 0));
  const target = targetWrites(order, decision, standing);
  return inOrder(order, standing, creation(order, standing, sizes), target, companions);
}

/** The writes that take every companion away, drained: the target is gone, or cannot be served any more. */
export function planRemoval(
  policy: Policy,
  decisionId: string,
  atMs: number,
  standing: Pick<Standing, 'policy' | 'companions'>,
): readonly Write[] {
  const order: Order = { policy, decisionId, atMs };
  const companions = standing.companions
    .filter(({ deleting }) => !deleting)
    .map((companion) => givenUp(order, companion));
  return inOrder(order, { ...standing, target: undefined }, [], nothingToDo, companions);
}

function inOrder(
  order: Order,
  standing: Parameters<typeof finalizerWrites>[1],
  creations: readonly Write[],
  target: WorkloadWrites,
  companions: readonly WorkloadWrites[],
): readonly Write[] {
  const writes = [
    ...companions.flatMap((each) => each.takenBack),
    ...target.takenBack,
    ...creations,
    ...companions.flatMap((each) => each.growth),
    ...target.growth,
    ...target.giving,
    ...companions.flatMap((each) => each.giving),
  ];
  const { first, last } = finalizerWrites(order, standing, writes);
  return [...first, ...writes, ...last];
}

function creation(
  { policy, decisionId }: Order,
  { design, target, companions }: Standing,
  sizes: ReadonlyMap<string, number>,
): readonly Write[] {
  if (design === undefined || companions.some((one) => one.name === design.name)) return [];
  const replicas = sizes.get(design.name) ?? 0;
  if (replicas === 0) return [];
  return [
    {
      kind: 'CreateCompanion',
      namespace: policy.namespace,
      name: design.name,
      manifest: companionManifest(policy, target, design, replicas, decisionId),
      to: replicas,
      decisionId,
    },
  ];
}

function companionWrites(
  order: Order,
  { design, target }: Standing,
  companion: StandingCompanion,
  size: number,
): WorkloadWrites {
  if (size === 0) return givenUp(order, companion);
  const { policy, decisionId } = order;
  if (design?.name === companion.name) {
    const manifest = companionManifest(policy, target, design, size, decisionId);
    const { name, resourceVersion } = companion;
    const { namespace } = policy;
    if (!matchesManifest(manifest, companion)) {
      return {
        ...nothingToDo,
        giving: [{ kind: 'MendCompanion', namespace, name, resourceVersion, manifest, decisionId }],
      };
    }
  }
  return resized('ScaleCompanion', order, companion, size);
}

/** The target's replicas where Spillway sets them; where it does not, none of its pods is chosen to leave. */
function targetWrites(order: Order, { targetReplicas }: Decision, { target }: Standing): WorkloadWrites {
  if (targetReplicas !== undefined) return resized('ScaleTarget', order, target, targetReplicas);
  const chosen = target.live.filter(({ drain }) => drain !== undefined);
  return { ...nothingToDo, takenBack: takenBack(order, chosen) };
}
