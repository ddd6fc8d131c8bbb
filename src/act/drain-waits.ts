import type { DrainNote } from './drain-note.ts';

/** How long the worker of a pod that leaves has been waited for. */
export interface DrainWait {
  /** Time for which it was surely asked to take no more jobs, or looked at, ms. */
  readonly waitedMs: number;
  /** It has gone on taking jobs since it was chosen: its marks did not stand. The drain begins anew. */
  readonly lapsed: boolean;
  /** Another process chose it, and what its worker obeys was not heard yet: marking it now would hide that. */
  readonly found: boolean;
}

/** A live pod and what is known of its drain. */
export interface Waiting {
  readonly uid: string;
  readonly note: DrainNote | undefined;
  /** Its worker obeys the mark of this very drain; undefined: it does not say. */
  readonly obeys: boolean | undefined;
}

/** When it is, and whether all marks that were asked for surely stand. */
export interface WaitLook {
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Milliseconds of a clock that never jumps. */
  readonly elapsedMs: number;
  readonly standing: boolean;
}

interface Begun {
  readonly sinceMs: number;
  /** From when on waiting counts, and when the mark was last known to stand, `elapsedMs`; undefined: not yet. */
  readonly fromMs: number;
  readonly stoodMs: number | undefined;
  /** `found`: another process wrote the note; `unsure`: our mark may have expired. */
  readonly state: 'kept' | 'found' | 'unsure' | 'lapsed';
}

/** A mark lives 60 s from its last renewal, may have only 45 s of that left, and is known to stand up to 20 s late, ms. */
const surelyStandsMs = 25_000;
/** So soon a mark is written where its Redis can be reached; a worker that hears of it later has taken jobs until then, ms. */
const writtenMs = 3_000;
/** Who has not looked for so long was away: marks may have expired since, ms. */
const awayMs = 25_000;

/**
 * How long pods that leave have been waited for: a clock that jumps, and an outage during which marks expire and
 * workers rightly take jobs again, must not make a drain look overdue. A note that another process wrote counts from
 * its beginning if the worker still obeys its mark, begins anew if the worker does not, and counts from its
 * first sight while nobody tells.
 */
export class Waits {
  #begun: ReadonlyMap<string, Begun> = new Map();
  #seen: ReadonlySet<string> = new Set();
  #lookedMs = Number.NEGATIVE_INFINITY;

  /** Looks at all live pods of a policy; returns the waits of those that leave, by UID. */
  look(pods: readonly Waiting[], look: WaitLook): ReadonlyMap<string, DrainWait> {
    const away = look.elapsedMs - this.#lookedMs > awayMs;
    const begun = new Map<string, Begun>();
    const waits = new Map<string, DrainWait>();
    for (const { uid, note, obeys } of pods) {
      if (note === undefined) continue;
      const known = this.#begun.get(uid);
      const ours = !away && this.#seen.has(uid);
      const before =
        known?.sinceMs === note.sinceMs ? aged(known, look) : first(note, look, ours ? 'kept' : 'found');
      const now = judged(before, obeys, look);
      begun.set(uid, now);
      waits.set(uid, {
        waitedMs: now.state === 'lapsed' ? 0 : look.elapsedMs - now.fromMs,
        lapsed: now.state === 'lapsed',
        found: now.state === 'found',
      });
    }
    this.#begun = begun;
    this.#seen = new Set(pods.map(({ uid }) => uid));
    this.#lookedMs = look.elapsedMs;
    return waits;
  }

  /** Marks were lifted: no drain is known to stand any more. */
  lifted(): void {
    this.#begun = new Map();
    this.#seen = new Set();
  }
}

function first({ sinceMs }: DrainNote, { elapsedMs }: WaitLook, state: 'kept' | 'found'): Begun {
  return { sinceMs, fromMs: elapsedMs, stoodMs: undefined, state };
}

function aged(begun: Begun, { elapsedMs, standing }: WaitLook): Begun {
  if (begun.state !== 'kept') return begun;
  const { fromMs, stoodMs } = begun;
  const untilMs = stoodMs === undefined ? fromMs + writtenMs : stoodMs + surelyStandsMs;
  if (elapsedMs > untilMs) return { ...begun, state: 'unsure' };
  return standing ? { ...begun, stoodMs: elapsedMs } : begun;
}

function judged(begun: Begun, obeys: boolean | undefined, { nowMs, elapsedMs }: WaitLook): Begun {
  if (obeys === undefined || begun.state === 'kept' || begun.state === 'lapsed') return begun;
  if (!obeys) return { ...begun, state: 'lapsed' };
  const fromMs =
    begun.state === 'found' ? Math.min(begun.fromMs, elapsedMs - (nowMs - begun.sinceMs)) : begun.fromMs;
  return { ...begun, fromMs, stoodMs: elapsedMs, state: 'kept' };
}
