/**
 * A quantity over time, as steps `[since, value]`: each value holds until the next step begins. Kept is only what
 * the extreme over the span needs, so a window stays small whatever the rate of its samples.
 */
export type Window = readonly (readonly [sinceMs: number, value: number])[];

/** Adds the value that holds from `atMs` on and forgets what ended more than `spanSeconds` ago. */
export function observed(
  window: Window,
  extreme: 'highest' | 'lowest',
  atMs: number,
  value: number,
  spanSeconds: number,
): Window {
  const beats = (other: number): boolean => (extreme === 'highest' ? other <= value : other >= value);
  const steps = [...window];
  let sinceMs = atMs;
  // A step that is beaten cannot be the extreme again; the new one takes its start, so that the step before
  // it still ends when it really ended.
  for (let last = steps.at(-1); last !== undefined && beats(last[1]); last = steps.at(-1)) {
    sinceMs = last[0];
    steps.pop();
  }
  steps.push([sinceMs, value]);
  const startMs = atMs - spanSeconds * 1000;
  const firstLive = steps.findIndex(
    (_, index) => (steps[index + 1]?.[0] ?? Number.POSITIVE_INFINITY) > startMs,
  );
  return steps.slice(firstLive);
}

/** The extreme of a window that was kept with `observed`: its first step. */
export function extremeOf(window: Window, otherwise: number): number {
  return window[0]?.[1] ?? otherwise;
}

/** Seconds until the extreme changes if nothing else does; infinite when it cannot. */
export function secondsToChange(window: Window, atMs: number, spanSeconds: number): number {
  const next = window[1];
  return next === undefined ? Number.POSITIVE_INFINITY : Math.max(0, (next[0] - atMs) / 1000 + spanSeconds);
}
