import { releaseOf } from '../act/plan-finalizer.ts';
import type { Standing } from '../act/standing.ts';
import type { Write } from '../act/write.ts';
import { type Applied, carryOut, type Grounds, nothingApplied } from './carry-out.ts';
import { marksOf } from './drains.ts';
import type { PolicyState, ReconcileParts } from './pass.ts';
import { withheld } from './withhold.ts';

/** What a pass has to carry out, and from what it was planned. */
export interface Planned {
  readonly decisionId: string;
  readonly atMs: number;
  readonly standing: Pick<Standing, 'policy'>;
  readonly writes: readonly Write[];
  readonly grounds: Grounds;
}

/** Sends the writes of a plan, unless this is a dry run or what is known is too old. */
export async function settle(parts: ReconcileParts, state: PolicyState, planned: Planned): Promise<Applied> {
  const { policy } = state;
  const { decisionId, atMs, writes, grounds } = planned;
  // A dry run ends with its policy: what keeps the policy is ours, and nothing of it is left to be dry.
  const released = policy.deleting ? releaseOf({ policy, decisionId, atMs }, planned.standing.policy) : [];
  const meant = policy.dryRun ? released : writes;
  if (state.stale.length === 0) return carryOut(parts, policy, grounds, meant, state.refusals);
  if (policy.dryRun) return nothingApplied;
  return { problems: [withheld(parts, policy.key, state.stale, meant)], again: false };
}

/** Tells the workers who is to drain: what stands on the pods now, own writes included. */
export function markDrains(parts: ReconcileParts, state: PolicyState): void {
  const { view, drain, log } = parts;
  const { policy } = state;
  if (state.stale.length > 0) return;
  const pods = [
    ...view.companionsOf(policy).flatMap((each) => each.pods),
    ...(view.targetOf(policy)?.pods ?? []),
  ];
  const heard = pods.filter((pod) => !state.drains.isUnheard(pod));
  const marks: ReadonlyMap<string, string> = policy.dryRun ? new Map() : marksOf(heard);
  // What stands on pods through a dry run is no drain: whether their workers took jobs meanwhile is to be heard.
  if (policy.dryRun) state.drains.lifted();
  const forbidden = state.drains.forbidden(policy);
  if (forbidden.length > 0 && !state.forbidden) {
    log.warn(
      { policy: policy.key, sources: forbidden },
      'nobody can be marked for a drain, who is idle is guessed',
    );
  }
  state.forbidden = forbidden.length > 0;
  const waiting = !policy.dryRun && heard.length < pods.length;
  if (marks.size === 0 && !waiting && !state.marked) return;
  for (const request of state.requests) drain.mark(request, marks);
  state.marked = marks.size > 0 || waiting;
}
