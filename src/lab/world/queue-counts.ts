import type { QueueStats } from './queue-types.ts';

/** The totals of a queue while they are counted. */
export type Counts = { -readonly [K in keyof QueueStats]: number };

/** Nothing counted yet. */
export function noCounts(): Counts {
  return {
    added: 0,
    completed: 0,
    failed: 0,
    stalled: 0,
    restarted: 0,
    started: 0,
    within: 0,
    workMs: 0,
  };
}
