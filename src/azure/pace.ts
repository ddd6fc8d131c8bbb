/**
 * Spillway's own pace, far below ARM's: that lets a principal read 250 times at once and 25 times a second, and delete
 * 200 times and 10 a second (Azure: throttling of ARM). Pure; times are milliseconds.
 */
export interface Pace {
  /** Calls that may be made at `atMs`; below 0: so many are waiting. */
  readonly tokens: number;
  readonly atMs: number;
}

const mostTokens = 10;
const perSecond = 1;

/** A pace that begins now. */
export function freshPace(nowMs: number): Pace {
  return { tokens: mostTokens, atMs: nowMs };
}

/** Takes the next turn: the pace after it, and how long the call has to wait for it, ms. */
export function turn(pace: Pace, nowMs: number): { readonly pace: Pace; readonly waitMs: number } {
  const elapsedSeconds = Math.max(0, nowMs - pace.atMs) / 1000;
  const tokens = Math.min(mostTokens, pace.tokens + elapsedSeconds * perSecond) - 1;
  return { pace: { tokens, atMs: nowMs }, waitMs: tokens >= 0 ? 0 : (-tokens / perSecond) * 1000 };
}
