import { planRemoval } from '../act/plan.ts';
import type { SlimPolicy } from '../cluster/slim.ts';
import { observeRemains } from './observe.ts';
import { type Next, type PolicyState, type ReconcileParts, report, statusIn } from './pass.ts';
import type { Problem } from '../report/conditions.ts';
import { rejectedStatus } from '../report/status.ts';
import { markDrains, settle } from './settle.ts';

/** While companions of a target that is gone are drained, their pods are looked at so often. */
const removalLookSeconds = 0.5;

/** Nothing can be decided: what was made for the target goes, and the status says why. */
export async function withoutTarget(
  parts: ReconcileParts,
  state: PolicyState,
  object: SlimPolicy,
  trouble: Problem,
): Promise<Next> {
  const { policy } = state;
  const { view, clock, limits } = parts;
  const atMs = clock.now();
  const { samples, drains } = state;
  const elapsedMs = clock.elapsed();
  const standing = observeRemains({ view, policy, object, samples, limits, drains, atMs, elapsedMs });
  const decisionId = `${policy.uid.slice(0, 8)}-${atMs.toString(36)}-gone`;
  const writes = planRemoval(policy, decisionId, atMs, standing);
  const grounds = { summary: trouble.message, facts: {}, sinceMs: undefined };
  await settle(parts, state, { decisionId, atMs, standing, writes, grounds });
  markDrains(parts, state);
  state.last = undefined;
  state.memory = undefined;
  const latest = view.store.policies.get(policy.key) ?? object;
  const status = rejectedStatus({
    generation: policy.generation,
    problem: trouble,
    previous: statusIn(latest),
    nowMs: clock.now(),
  });
  const dueInMs = await report(parts, policy, latest, status);
  const draining = standing.companions.length > 0 && !policy.dryRun;
  return { after: 'seconds', seconds: Math.min(draining ? removalLookSeconds : 60, dueInMs / 1000) };
}
