import type { Policy } from '../policy/policy.ts';
import type { LimitName, RecordedDecision } from './decision.ts';
import type { Observation } from './observation.ts';

/**
 * So long a promise holds that nothing comes of, ms. A controller makes pods of replicas within seconds; one that makes
 * none has a reason that others must not wait for.
 */
const promiseMs = 60_000;

/**
 * A decision as the others are to know it: with what was seen before of how its promises come true. `previous`: the
 * latest decision on the same policy.
 */
export function recorded(
  previous: RecordedDecision | undefined,
  now: Pick<RecordedDecision, 'policy' | 'observation' | 'decision'>,
): RecordedDecision {
  const { observation, decision } = now;
  const pods = podsOf(observation);
  const waits = decision.burst.granted > pods;
  const came = previous !== undefined && pods > podsOf(previous.observation);
  const sinceMs = came ? undefined : notAfter(previous?.unmetSinceMs, decision.atMs);
  return {
    ...now,
    unmetSinceMs: waits ? (sinceMs ?? decision.atMs) : undefined,
    refusedAtMs: notAfter(previous?.refusedAtMs, decision.atMs),
  };
}

/** The same after its writes: `refused`, some of them were not taken and will not be by itself. */
export function carriedOut(last: RecordedDecision, refused: boolean): RecordedDecision {
  const { burst, atMs } = last.decision;
  // Without growth nothing was tried.
  return burst.granted > burst.asked ? { ...last, refusedAtMs: refused ? atMs : undefined } : last;
}

/** Whether what is granted may be expected to become pods. */
export function isKept(last: RecordedDecision): boolean {
  return !isStalled(last) && !isRefused(last);
}

/**
 * Replicas of a policy that may become pods and are bound to no node yet. `queuesFor`: with all that it waits for at this
 * limit. Of a promise that does not come true only that counts which stands in the cluster.
 */
export function comingOf(last: RecordedDecision, queuesFor?: LimitName): number {
  const { burst } = last.decision;
  const { companions } = last.observation;
  const pods = podsOf(last.observation);
  if (isStalled(last)) return Math.max(0, Math.min(pods, burst.asked) - burst.running);
  const refused = companions.reduce((sum, each) => sum + (each.refused?.pods ?? 0), 0);
  const most = isRefused(last) ? burst.asked : Math.max(burst.granted, queuedOf(last, queuesFor));
  return Math.max(0, most - burst.running - refused);
}

/** Whether others have to take it into account at all. A dry run takes nothing. */
export function takesPart({ policy, decision }: RecordedDecision): boolean {
  const { wanted, granted, asked, running } = decision.burst;
  return (
    !policy.dryRun && (wanted > 0 || granted > 0 || asked > 0 || running > 0 || decision.roomClaim.pods > 0)
  );
}

/** Whether two policies are about one target. */
export function sameTarget(a: Policy, b: Policy): boolean {
  if (a.namespace !== b.namespace) return false;
  if (a.target.kind !== 'Jobs' && b.target.kind !== 'Jobs') {
    return a.target.kind === b.target.kind && a.target.name === b.target.name;
  }
  if (a.target.kind !== 'Jobs' || b.target.kind !== 'Jobs') return false;
  const [ours, theirs] = [a.target.matchLabels, b.target.matchLabels];
  const names = Object.keys(ours);
  return names.length === Object.keys(theirs).length && names.every((name) => ours[name] === theirs[name]);
}

/** What it would have without the limit that it waits at. A rescue lets on only what is there. */
function queuedOf(
  { decision: { burst }, observation }: RecordedDecision,
  limit: LimitName | undefined,
): number {
  if (limit === undefined || !burst.limitedBy.includes(limit)) return 0;
  const { rescued } = observation;
  const there =
    rescued === undefined ? Number.POSITIVE_INFINITY : rescued.pods + rescued.waitingSeconds.length;
  return Math.min(burst.wanted, burst.hard, there);
}

function isStalled({ decision, unmetSinceMs }: RecordedDecision): boolean {
  return unmetSinceMs !== undefined && decision.atMs - unmetSinceMs >= promiseMs;
}

function isRefused({ decision, refusedAtMs }: RecordedDecision): boolean {
  return refusedAtMs !== undefined && decision.atMs - refusedAtMs < promiseMs;
}

/** A clock that was set back must not make a minute last for hours. */
function notAfter(earlierMs: number | undefined, nowMs: number): number | undefined {
  return earlierMs === undefined ? undefined : Math.min(earlierMs, nowMs);
}

/** Burst pods that exist. */
function podsOf({ companions, rescued }: Observation): number {
  return companions.reduce((sum, { pods }) => sum + pods, rescued?.pods ?? 0);
}
