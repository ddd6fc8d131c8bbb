/** How many of something happened lately: the first moment of each part, and how many came in it. Oldest first. */
export type Tally = readonly (readonly [firstMs: number, count: number])[];

/** What is older is forgotten. */
const windowMs = 300_000;

/** What comes within so long after the first of a part is counted with it: a tally has at most 31 parts, however many come. */
const partMs = 10_000;

/** What of it is not older than five minutes; nothing where the clock was set back to before it. */
export function lately(tally: Tally, nowMs: number): Tally {
  return tally.filter(([firstMs]) => firstMs > nowMs - windowMs && firstMs <= nowMs);
}

/** With one more, now. */
export function oneMore(tally: Tally, nowMs: number): Tally {
  const before = lately(tally, nowMs);
  const latest = before.at(-1);
  return latest !== undefined && nowMs - latest[0] < partMs
    ? [...before.slice(0, -1), [latest[0], latest[1] + 1]]
    : [...before, [nowMs, 1]];
}

export function total(tally: Tally): number {
  return tally.reduce((sum, [, count]) => sum + count, 0);
}
