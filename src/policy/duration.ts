import { SpillwayError } from '../errors.ts';

/**
 * The one duration format of Spillway, as RE2 and JavaScript both read it: hours, minutes, seconds and milliseconds,
 * whole numbers, in this order, each at most once. A subset of what Go's and CEL's duration parser takes. The digits
 * are bounded so that a sum never overflows CEL's 292 years.
 */
export const durationPattern = '^([0-9]{1,5}h)?([0-9]{1,6}m)?([0-9]{1,8}s)?([0-9]{1,10}ms)?$';

/** No duration that matches `durationPattern` is longer than this. */
export const durationMaxLength = 34;

const durationShape = new RegExp(durationPattern);
const unitMs = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

/** Whether `parseDuration` reads the text. */
export function isDuration(text: string): boolean {
  return text !== '' && durationShape.test(text);
}

/** Seconds of a duration such as `300ms`, `10s`, `5m`, `1h30m`. Throws DURATION_INVALID. */
export function parseDuration(text: string): number {
  if (!isDuration(text)) throw new SpillwayError('DURATION_INVALID', { value: text });
  let totalMs = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)(ms|h|m|s)/g)) {
    totalMs += Number(digits) * unitMs[unit as keyof typeof unitMs];
  }
  return totalMs / 1000;
}

/** The shortest text that `parseDuration` reads as so many seconds, rounded to the millisecond: 5400 → `1h30m`. */
export function formatDuration(seconds: number): string {
  let restMs = Math.round(seconds * 1000);
  let text = '';
  for (const [unit, lengthMs] of Object.entries(unitMs)) {
    const count = Math.floor(restMs / lengthMs);
    restMs -= count * lengthMs;
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}
