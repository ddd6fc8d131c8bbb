/** What one reading of a queue says about the jobs in it. */
export interface JobCount {
  /** Jobs waiting, held by a pause, due or in work. */
  readonly here: number;
  /** Jobs that exist and cannot start yet: delayed, or waiting for their children. */
  readonly away: number;
  /** Jobs ever added minus jobs that exist: those that ended, were removed or were duplicates. */
  readonly gone: number;
  /** Ends that workers counted themselves (BullMQ metrics); undefined: none do. */
  readonly counted: number | undefined;
}

/** Arrivals and ends of one queue as counters that only grow, carried from reading to reading. */
export interface Ledger {
  readonly last: JobCount;
  readonly arrivalsTotal: number;
  readonly completionsTotal: number;
  /** Jobs that went from here to `away` and are not new when they return (retries with a delay). */
  readonly owed: number;
  /** The workers' own count has been seen to move: it is used in place of `gone`. */
  readonly trustsCount: boolean;
  /** Jobs gone since the workers' count last moved. */
  readonly uncounted: number;
}

/** So many jobs may be gone while the workers' count stands still, before it is taken to be switched off. */
const uncountedLimit = 100;

/** The first reading of a queue. */
export function openLedger(count: JobCount): Ledger {
  const completionsTotal = Math.max(0, count.counted ?? count.gone);
  return {
    last: count,
    arrivalsTotal: completionsTotal + count.here,
    completionsTotal,
    owed: 0,
    trustsCount: false,
    uncounted: 0,
  };
}

/**
 * Takes in the next reading. Ends are the workers' own count once it has been seen to move, else the jobs gone. Arrivals
 * balance the books: what is here now, minus what was, plus what ended. So a delayed job arrives when it is due, a
 * duplicate (whose id BullMQ counts all the same) never makes an arrival without an end, and both counters only grow,
 * whatever is drained, removed or obliterated.
 */
export function nextLedger(before: Ledger, count: JobCount): Ledger {
  const { last } = before;
  const gone = Math.max(0, count.gone - last.gone);
  const counted = count.counted === undefined ? 0 : Math.max(0, count.counted - (last.counted ?? 0));
  const uncounted = counted > 0 ? 0 : before.uncounted + gone;
  const trustsCount = counted > 0 || (before.trustsCount && uncounted < uncountedLimit + count.here);
  const ended = trustsCount ? counted : gone;

  const change = count.here - last.here + ended;
  const awayChange = count.away - last.away;
  const left = Math.min(Math.max(0, -change), Math.max(0, awayChange));
  const returned = Math.min(before.owed, Math.max(0, change), Math.max(0, -awayChange));
  return {
    last: count,
    arrivalsTotal: before.arrivalsTotal + Math.max(0, change) - returned,
    completionsTotal: before.completionsTotal + ended,
    owed: Math.min(count.away, before.owed + left - returned),
    trustsCount,
    uncounted,
  };
}
