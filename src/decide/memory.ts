import { type Distrust, trusting } from './distrust.ts';
import { type Exhausted, notExhausted } from './exhausted.ts';
import type { Rates } from './rates.ts';
import type { Settled } from './steady.ts';
import type { Window } from './window.ts';

/** What one decision leaves to the next: small, plain, versioned. */
export interface Memory {
  readonly version: 1;
  /** Decisions made since the start. */
  readonly sequence: number;
  readonly sources: Readonly<Record<string, SourceMemory>>;
  /** Demand over `scaleDownStabilization`: its highest value counts. */
  readonly demand: Window;
  readonly settled: Settled;
  /** Spill over `burst.delay`: its lowest value counts. */
  readonly spill: Window;
  /** What has to be kept, over `reclaim.after`: its highest value counts. */
  readonly keep: Window;
  readonly distrust: Distrust;
  readonly exhausted: Exhausted;
  /** Demand before the restart: the floor for as long as a source has never been read. */
  readonly restoredDemand: number;
}

export interface SourceMemory {
  readonly rates: Rates;
  /** Replicas that the last good sample asked for. */
  readonly lastReplicas: number;
}

/**
 * The memory of a controller that has just started. What it finds in the cluster seeds the windows, so that a
 * restart in the middle of a burst neither gives it up nor raises it before the windows are full again.
 */
export function restoredMemory(atMs: number, found: { demand: number; burst: number }): Memory {
  return {
    version: 1,
    sequence: 0,
    sources: {},
    demand: [[atMs, found.demand]],
    settled: { level: found.demand, fellAtMs: undefined },
    spill: [[atMs, 0]],
    keep: [[atMs, found.burst]],
    distrust: trusting,
    exhausted: notExhausted,
    restoredDemand: found.demand,
  };
}
