import type { Decision } from '../decide/decision.ts';

/** A change of a signal that is worth an Event. */
export interface SignalChange {
  readonly reason: 'SignalLost' | 'SignalFallback' | 'SignalBack';
  readonly note: string;
}

/** What was told of signals: which loss stands, when each was last told, and whether the fallback was. */
export interface ToldOfSignals {
  /** Sources whose loss was told and whose return was not. */
  readonly lost: readonly string[];
  /** When the loss of each source was told last, milliseconds since the epoch. */
  readonly toldAtMs: Readonly<Record<string, number>>;
  readonly fallback: boolean;
}

export const nothingTold: ToldOfSignals = { lost: [], toldAtMs: {}, fallback: false };

/** A signal that comes and goes is one story: its loss is told at most this often. */
const retellMs = 300_000;

/**
 * Signals that went, came back, or have been away for so long that the fallback counts. A source that is lost when it
 * is first seen is told too; one that is fine then is not.
 */
export function signalChanges(
  before: ToldOfSignals,
  { sources, reasons, atMs }: Decision,
): { readonly changes: readonly SignalChange[]; readonly told: ToldOfSignals } {
  const isLost = new Set(sources.filter(({ state }) => state === 'lost').map(({ name }) => name));
  const news = [...isLost].filter(
    (name) =>
      !before.lost.includes(name) && atMs - (before.toldAtMs[name] ?? Number.NEGATIVE_INFINITY) >= retellMs,
  );
  const back = before.lost.filter((name) => !isLost.has(name));
  const fallbacks = reasons.filter(({ code }) => code === 'SignalFallback');
  return {
    changes: [
      ...news.map((name) => ({
        reason: 'SignalLost' as const,
        note: `Source ${name} cannot be read: its demand is held.`,
      })),
      ...(fallbacks.length > 0 && !before.fallback
        ? [{ reason: 'SignalFallback' as const, note: fallbacks.map(({ message }) => message).join(' ') }]
        : []),
      ...back.map((name) => ({ reason: 'SignalBack' as const, note: `Source ${name} can be read again.` })),
    ],
    told: {
      lost: [...before.lost.filter((name) => isLost.has(name)), ...news],
      toldAtMs: { ...before.toldAtMs, ...Object.fromEntries(news.map((name) => [name, atMs])) },
      fallback: fallbacks.length > 0,
    },
  };
}
