import { names } from '../act/names.ts';
import type { Write } from '../act/write.ts';
import { type CarryOutParts, carryOut } from './carry-out.ts';
import { companionsOf } from '../cluster/companions.ts';
import type { SlimPolicy } from '../cluster/slim.ts';
import type { SpillwayError } from '../errors.ts';
import type { BurstPolicy } from '../policy/schema.ts';
import type { Reporter } from '../report/reporter.ts';
import { rejectedStatus } from '../report/status.ts';
import { writeDueInMs } from '../report/status-writes.ts';

/** A policy that goes, and that nobody can read, is looked at so often until it has gone. */
const goingSeconds = 5;

/**
 * The policy does not hold what its type promises: an older CRD let it through. Nothing is done, and that is said; only if
 * it is being deleted it is let go. Resolves to the seconds until the next look.
 */
export async function refuse(
  parts: CarryOutParts & { readonly reporter: Reporter },
  object: SlimPolicy,
  error: SpillwayError,
): Promise<number> {
  const { view, clock, reporter } = parts;
  const raw = object.raw as BurstPolicy;
  const { key, namespace, name } = object;
  if (raw.metadata.deletionTimestamp !== undefined) {
    const grounds = { summary: error.message, facts: {}, sinceMs: undefined };
    await carryOut(parts, { key, deleting: true }, grounds, abandonment(parts, object, clock.now()));
    return goingSeconds;
  }
  const status = rejectedStatus({
    generation: raw.metadata.generation ?? 0,
    problem: { code: error.code, message: error.message },
    previous: raw.status,
    nowMs: clock.now(),
  });
  if (writeDueInMs(raw.status, status, clock.now()) === 0) {
    const written = await reporter.status(raw, { key, namespace, name }, status);
    if (written !== undefined) view.applied('policies', written);
  }
  return Number.POSITIVE_INFINITY;
}

/** What burst goes without a drain: nobody knows any more which queues it works on. Then the policy is let go. */
function abandonment({ view }: CarryOutParts, object: SlimPolicy, atMs: number): readonly Write[] {
  const { namespace, uid, resourceVersion } = object;
  const decisionId = `${uid.slice(0, 8)}-${atMs.toString(36)}-refused`;
  const companions = companionsOf(view.store, uid).map(({ deployment }) => deployment);
  if (companions.length > 0) {
    return companions
      .filter(({ deleting }) => !deleting)
      .map((companion) => ({
        kind: 'DeleteCompanion',
        namespace,
        name: companion.name,
        uid: companion.uid,
        resourceVersion: companion.resourceVersion,
        decisionId,
      }));
  }
  const held = (object.raw as BurstPolicy).metadata.finalizers ?? [];
  const finalizers = held.filter((each) => each !== names.drain);
  if (finalizers.length === held.length) return [];
  return [
    {
      kind: 'SetFinalizers',
      namespace,
      name: object.name,
      resourceVersion,
      finalizers,
      holds: false,
      decisionId,
    },
  ];
}
