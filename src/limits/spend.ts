/**
 * What bursts have cost over the last 24 h, per policy and in sum. Plain and pure: charged by `charge`, kept in the
 * cluster by ledger-store.ts. Money is in the configured currency, times are milliseconds since the epoch.
 */
export interface Spend {
  /** Up to here everything is charged; undefined: nothing was ever charged. */
  readonly chargedAtMs: number | undefined;
  /** By `namespace/name`, so that a policy that is made anew keeps its past. */
  readonly policies: Readonly<Record<string, PolicySpend>>;
}

export interface PolicySpend {
  /** What its burst costs per hour, as last known. */
  readonly ratePerHour: number;
  /** Number of a bucket (5 min since the epoch) and what was spent in it, oldest first. */
  readonly buckets: readonly Bucket[];
}

export type Bucket = readonly [number: number, amount: number];

export const noSpend: Spend = { chargedAtMs: undefined, policies: {} };

export const bucketMs = 300_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** Clocks of two leaders may differ by so much; what is further ahead was charged by a clock that was wrong. */
const aheadMs = 600_000;
/** Nobody leads for longer only where the whole cluster stood still. */
const longestGapMs = 25 * hourMs;

/** Buckets that are closed hold whole millionths; what is left over goes on into the next one. */
const millionths = 1e6;

/**
 * Charges the time since the last charge at the rates that were known then, and takes these as the rates from now on
 * (a policy that is not named costs nothing any more). `elapsedMs`: the time since the last charge of this process as a
 * clock tells it that never jumps. A wall clock that was set meanwhile takes what was spent along: nothing is charged
 * twice, nothing is lost, and no time that never passed costs anything. Undefined: another process charged last. Then only
 * the wall clock tells: a gap between two leaders is charged from the last known burst, and one that is too long to be
 * believed is not.
 */
export function charge(
  spend: Spend,
  nowMs: number,
  ratesPerHour: ReadonlyMap<string, number>,
  elapsedMs?: number,
): Spend {
  const beforeMs = spend.chargedAtMs ?? nowMs;
  const openMs = elapsedMs === undefined ? believable(nowMs - beforeMs) : Math.max(0, elapsedMs);
  const fromMs = nowMs - Math.min(dayMs, openMs);
  const setByMs = elapsedMs === undefined ? 0 : nowMs - beforeMs - openMs;
  const policies: Record<string, PolicySpend> = {};
  for (const key of new Set([...Object.keys(spend.policies), ...ratesPerHour.keys()])) {
    const before = spend.policies[key] ?? { ratePerHour: 0, buckets: [] };
    const ratePerHour = Math.max(0, ratesPerHour.get(key) ?? 0);
    const moved = { ...before, buckets: within24h(shifted(before.buckets, setByMs), nowMs) };
    const buckets = within24h(charged(moved, fromMs, nowMs), nowMs);
    if (ratePerHour > 0 || buckets.length > 0) policies[key] = { ratePerHour, buckets };
  }
  return { chargedAtMs: nowMs, policies };
}

/** Spent within the 24 h before `nowMs` by one policy; what the last charge left open is included at the known rate. */
export function spentBy(spend: Spend, policy: string, nowMs: number): number {
  const one = spend.policies[policy];
  if (one === undefined) return 0;
  const openMs = Math.min(dayMs, believable(nowMs - (spend.chargedAtMs ?? nowMs)));
  const past = within24h(one.buckets, nowMs).reduce((sum, [, amount]) => sum + amount, 0);
  return past + (openMs / hourMs) * one.ratePerHour;
}

/** Spent within the 24 h before `nowMs` by all policies. */
export function spentByAll(spend: Spend, nowMs: number): number {
  return Object.keys(spend.policies).reduce((sum, policy) => sum + spentBy(spend, policy, nowMs), 0);
}

/**
 * The same spend in fewer buckets: those of each `factor` neighbours become one, at the place of the last of them. What
 * was spent counts a little longer for it, never shorter.
 */
export function coarser(spend: Spend, factor: number): Spend {
  const policies = Object.entries(spend.policies).map(([key, { ratePerHour, buckets }]) => {
    const merged: [number, number][] = [];
    for (const [number, amount] of buckets) {
      const last = merged.at(-1);
      if (last !== undefined && Math.floor(last[0] / factor) === Math.floor(number / factor)) {
        merged[merged.length - 1] = [number, last[1] + amount];
      } else {
        merged.push([number, amount]);
      }
    }
    return [key, { ratePerHour, buckets: merged }] as const;
  });
  return { chargedAtMs: spend.chargedAtMs, policies: Object.fromEntries(policies) };
}

/** The buckets of a policy after a span at its rate, cut where buckets end. */
function charged({ ratePerHour, buckets }: PolicySpend, fromMs: number, toMs: number): readonly Bucket[] {
  if (ratePerHour === 0 || toMs <= fromMs) return buckets;
  const after = [...buckets];
  for (let atMs = fromMs; atMs < toMs; ) {
    const number = Math.floor(atMs / bucketMs);
    const endMs = Math.min(toMs, (number + 1) * bucketMs);
    add(after, number, ((endMs - atMs) / hourMs) * ratePerHour);
    atMs = endMs;
  }
  return after;
}

function add(buckets: Bucket[], number: number, amount: number): void {
  const last = buckets.at(-1);
  // A clock that was set back has already opened a later bucket: the amount belongs to the latest there is.
  if (last !== undefined && last[0] >= number) {
    buckets[buckets.length - 1] = [last[0], last[1] + amount];
    return;
  }
  const whole = last === undefined ? 0 : Math.floor(last[1] * millionths) / millionths;
  const left = last === undefined ? 0 : last[1] - whole;
  if (last !== undefined) buckets[buckets.length - 1] = [last[0], whole];
  buckets.push([number, amount + left]);
}

/** A gap that a wall clock shows; none where it was set back, or so far forward that nobody can have been away for it. */
function believable(gapMs: number): number {
  return gapMs > longestGapMs ? 0 : Math.max(0, gapMs);
}

/** What was spent, moved along with a clock that was set by so much. Clocks that are kept right move by less than a bucket. */
function shifted(buckets: readonly Bucket[], byMs: number): readonly Bucket[] {
  const by = Math.trunc(byMs / bucketMs);
  return by === 0 ? buckets : buckets.map(([number, amount]) => [number + by, amount]);
}

/** A bucket counts until all of it is older than a day. One of a time that is far from having come was never spent. */
function within24h(buckets: readonly Bucket[], nowMs: number): readonly Bucket[] {
  const first = Math.floor((nowMs - dayMs) / bucketMs);
  const last = Math.floor((nowMs + aheadMs) / bucketMs);
  const [oldest = first] = buckets[0] ?? [];
  const [youngest = last] = buckets.at(-1) ?? [];
  return oldest >= first && youngest <= last
    ? buckets
    : buckets.filter(([number]) => number >= first && number <= last);
}
