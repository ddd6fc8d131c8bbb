/** What a demand that fell remembers, so that noise does not raise it again at once. */
export interface Settled {
  /** The demand last decided on. */
  readonly level: number;
  /** When it last fell, milliseconds since the epoch; undefined: not yet. */
  readonly fellAtMs: number | undefined;
}

/** For so long after a fall, a rise by this part of the level, or one replica, is taken for noise. */
const noiseShare = 0.1;
const noiseReplicas = 1;

/**
 * Replicas for what the sources ask for, rounded up. A demand falls to the highest that was asked for within the
 * stabilisation window, and of a load that only jitters every second window has a higher one: so within one window after
 * a fall a rise has to be more than noise. Nothing is held back at zero, nor where jobs wait for long: then it is no noise.
 */
export function steady(
  { replicas: asked, late }: { readonly replicas: number; readonly late: boolean },
  settled: Settled,
  atMs: number,
  holdSeconds: number,
): number {
  const { level, fellAtMs } = settled;
  const rounded = Math.ceil(asked - roundingSlack);
  const fresh = fellAtMs !== undefined && atMs - fellAtMs < holdSeconds * 1000;
  const noise = Math.max(noiseReplicas, level * noiseShare);
  return fresh && !late && level > 0 && rounded > level && asked <= level + noise ? level : rounded;
}

/** Seconds until a rise that is held back as noise would be believed; infinite when none can be. */
export function secondsToBelief({ fellAtMs }: Settled, atMs: number, holdSeconds: number): number {
  const left = fellAtMs === undefined ? 0 : holdSeconds - (atMs - fellAtMs) / 1000;
  return left > 0 ? left : Number.POSITIVE_INFINITY;
}

/** What is remembered of a decision. */
export function settledAt(demand: number, before: Settled, atMs: number): Settled {
  return { level: demand, fellAtMs: demand < before.level ? atMs : before.fellAtMs };
}

/** A sum of parts is rounded up, but not for the sake of the last bit of a float. */
const roundingSlack = 1e-6;
