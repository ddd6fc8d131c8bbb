import { isDeepStrictEqual } from 'node:util';
import type { BurstPolicyStatus } from '../policy/schema.ts';

/** A status of which only numbers changed is written at most this often. */
const numbersEveryMs = 15_000;

/** Whether the status has to be written now, over the one in the cluster. */
export function shouldWrite(
  previous: BurstPolicyStatus | undefined,
  next: BurstPolicyStatus,
  nowMs: number,
): boolean {
  return writeDueInMs(previous, next, nowMs) === 0;
}

/**
 * In how many milliseconds the status has to be written if it stays like this; undefined: it says nothing new. What a
 * person or a script reacts to (conditions, reasons, granted burst) is due at once; numbers wait until 15 s after the
 * decision that the status in the cluster shows. A new decision that says the same is not written.
 */
export function writeDueInMs(
  previous: BurstPolicyStatus | undefined,
  next: BurstPolicyStatus,
  nowMs: number,
): number | undefined {
  if (previous === undefined) return 0;
  if (!isDeepStrictEqual(urgent(previous), urgent(next))) return 0;
  if (isDeepStrictEqual(substance(previous), substance(next))) return undefined;
  const sinceMs = nowMs - Date.parse(previous.lastDecision?.at ?? '');
  // Not a time, or one that another machine's clock put into the future: no ground for waiting.
  if (!(sinceMs >= 0)) return 0;
  return Math.max(0, numbersEveryMs - sinceMs);
}

/** What must not wait. */
function urgent(status: BurstPolicyStatus): unknown {
  return {
    observedGeneration: status.observedGeneration,
    conditions: status.conditions?.map(({ type, status, reason, observedGeneration }) => ({
      type,
      status,
      reason,
      observedGeneration,
    })),
    granted: status.burst?.granted,
    reasons: [...new Set(status.lastDecision?.reasons?.map(({ code }) => code))].toSorted(),
  };
}

/** All but the identity of the decision, as JSON has it: the API server gives back no keys that are undefined. */
function substance(status: BurstPolicyStatus): unknown {
  const { lastDecision, ...rest } = status;
  const { summary, reasons } = lastDecision ?? {};
  return JSON.parse(JSON.stringify({ ...rest, summary, reasons }));
}
