/**
 * How fast container groups may be created on one virtual pool: rolling windows over the creations of the last hour.
 * Pure; times are milliseconds since the epoch.
 */
export type Pace = NonNullable<PaceBounds>;

/** Creations that a provider allows; undefined: as many as anybody wants. */
export type PaceBounds = { readonly per5Minutes: number; readonly perHour: number } | undefined;

/** A pod that was bound to the pool: the beginning of its UID, and when. Oldest first, of the last hour. */
export type Creations = readonly (readonly [id: string, atMs: number])[];

const fiveMinutesMs = 300_000;
const hourMs = 3_600_000;

/** What is further ahead than clocks may differ was counted before the clock was set back: it holds nothing back. */
const aheadMs = 300_000;

/** So much of a UID tells pods apart: UIDs are random, and only those of an hour are compared. */
const idLength = 13;

/** The part of a UID that is remembered. */
export function shortId(uid: string): string {
  return uid.slice(0, idLength);
}

/**
 * Takes pods that are bound to the pool; those that are known, or were bound more than an hour ago, change nothing.
 * Only as many are kept as an hour may have: older ones cannot be what holds the next creation back.
 */
export function created(
  creations: Creations,
  pods: readonly { readonly uid: string; readonly atMs: number }[],
  pace: Pace,
  nowMs: number,
): Creations {
  const oldestMs = nowMs - hourMs;
  const past = believable(creations, nowMs);
  const kept = (past[0]?.[1] ?? nowMs) > oldestMs ? past : past.filter(([, atMs]) => atMs > oldestMs);
  const recent = pods.filter(({ atMs }) => atMs > oldestMs);
  if (recent.length === 0) return kept;
  const known = new Set(kept.map(([id]) => id));
  const fresh = recent.flatMap(({ uid, atMs }) => {
    const id = shortId(uid);
    if (known.has(id)) return [];
    known.add(id);
    return [[id, Math.min(atMs, nowMs)] as const];
  });
  if (fresh.length === 0) return kept;
  const all = [...kept, ...fresh].sort(([, a], [, b]) => a - b);
  return all.slice(-Math.max(1, pace.perHour));
}

/** Creations that are allowed now, promised ones not yet taken off. */
export function tokens(creations: Creations, pace: Pace, nowMs: number): number {
  return tokensAt(believable(creations, nowMs), pace, nowMs);
}

/** Seconds until there is a token more than now; undefined: all are there. */
export function secondsToToken(creations: Creations, pace: Pace, nowMs: number): number | undefined {
  const past = believable(creations, nowMs);
  const now = tokensAt(past, pace, nowMs);
  const changesMs = past
    .flatMap(([, atMs]) => [atMs + fiveMinutesMs, atMs + hourMs])
    .filter((atMs) => atMs > nowMs)
    .sort((a, b) => a - b);
  const nextMs = changesMs.find((atMs) => tokensAt(past, pace, atMs) > now);
  return nextMs === undefined ? undefined : (nextMs - nowMs) / 1000;
}

function tokensAt(creations: Creations, pace: Pace, atMs: number): number {
  return Math.max(
    0,
    Math.min(
      pace.per5Minutes - within(creations, atMs - fiveMinutesMs),
      pace.perHour - within(creations, atMs - hourMs),
    ),
  );
}

/** Those that were made by now, as far as clocks agree. */
function believable(creations: Creations, nowMs: number): Creations {
  const latestMs = nowMs + aheadMs;
  return (creations.at(-1)?.[1] ?? nowMs) <= latestMs
    ? creations
    : creations.filter(([, atMs]) => atMs <= latestMs);
}

/** Creations after a moment. */
function within(creations: Creations, afterMs: number): number {
  let first = creations.length;
  while (first > 0 && (creations[first - 1]?.[1] ?? 0) > afterMs) first -= 1;
  return creations.length - first;
}
