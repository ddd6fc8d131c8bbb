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

/** Buckets that are closed hold whole millionths; what is left over goes on into the next one. */
const millionths = 1e6;

/**
 * Charges the time since the last charge at the rates that were known then, and takes these as the rates from now on
 * (a policy that is not named costs nothing any more). So a gap between two leaders is charged from the last known burst,
 * and a moment never twice: a clock that goes backwards charges nothing until it has caught up.
 */
export function charge(spend: Spend, nowMs: number, ratesPerHour: ReadonlyMap<string, number>): Spend {
  const chargedAtMs = Math.max(spend.chargedAtMs ?? nowMs, nowMs);
  const fromMs = Math.max(spend.chargedAtMs ?? nowMs, chargedAtMs - dayMs);
  const policies: Record<string, PolicySpend> = {};
  for (const key of new Set([...Object.keys(spend.policies), ...ratesPerHour.keys()])) {
    const before = spend.policies[key] ?? { ratePerHour: 0, buckets: [] };
    const ratePerHour = Math.max(0, ratesPerHour.get(key) ?? 0);
    const buckets = within24h(charged(before, fromMs, chargedAtMs), chargedAtMs);
    if (ratePerHour > 0 || buckets.length > 0) policies[key] = { ratePerHour, buckets };
  }
  return { chargedAtMs, policies };
}

/** Spent within the 24 h before `nowMs` by one policy; what the last charge left open is included at the known rate. */
export function spentBy(spend: Spend, policy: string, nowMs: number): number {
  const one = spend.policies[policy];
  if (one === undefined) return 0;
  const openMs = Math.min(dayMs, Math.max(0, nowMs - (spend.chargedAtMs ?? nowMs)));
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

/** A bucket counts until all of it is older than a day. */
function within24h(buckets: readonly Bucket[], nowMs: number): readonly Bucket[] {
  const first = Math.floor((nowMs - dayMs) / bucketMs);
  return (buckets[0]?.[0] ?? first) >= first ? buckets : buckets.filter(([number]) => number >= first);
}
