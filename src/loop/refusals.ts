import type { Write } from '../act/write.ts';
import type { Problem } from '../report/conditions.ts';

/** The first wait after a refusal and the longest, ms. In between it doubles. */
const firstWaitMs = 1_000;
const longestWaitMs = 60_000;

/** A refusal whose wait was over so long ago is forgotten, ms: what it was about is not wanted any more. */
const forgottenAfterMs = 300_000;

interface Refusal {
  readonly problem: Problem;
  readonly times: number;
  /** `clock.elapsed()`. */
  readonly untilMs: number;
}

/**
 * Writes of one policy that the API server has refused. A queue that stirs causes many passes a second, and each would
 * ask for the same again: a refusal stands for a while, and the status goes on to say so.
 */
export class Refusals {
  readonly #refused = new Map<string, Refusal>();

  /** Why this write is not sent now; undefined: it may be. */
  standing(write: Write, elapsedMs: number): Problem | undefined {
    const refusal = this.#refused.get(keyOf(write));
    return refusal !== undefined && elapsedMs < refusal.untilMs ? refusal.problem : undefined;
  }

  /** Takes a refusal; one that is `final` stands as long as the policy. */
  refused(write: Write, problem: Problem, elapsedMs: number, final: boolean): void {
    for (const [key, { untilMs }] of this.#refused) {
      if (elapsedMs - untilMs > forgottenAfterMs) this.#refused.delete(key);
    }
    const times = (this.#refused.get(keyOf(write))?.times ?? 0) + 1;
    const waitMs = final ? Number.POSITIVE_INFINITY : Math.min(longestWaitMs, firstWaitMs * 2 ** (times - 1));
    this.#refused.set(keyOf(write), { problem, times, untilMs: elapsedMs + waitMs });
  }

  /** The write was taken. */
  taken(write: Write): void {
    this.#refused.delete(keyOf(write));
  }
}

function keyOf({ kind, name }: Write): string {
  return `${kind} ${name}`;
}
