import { names } from './names.ts';

/** What stands on a pod that was chosen to leave. */
export interface DrainNote {
  readonly stage: 'draining' | 'drained';
  /** When the drain began, milliseconds since the epoch. */
  readonly sinceMs: number;
}

/** Why a drain is over, and how long it took. */
export interface DrainEnd {
  /** `drained`: the worker said so itself; `idle_guess`: as far as the queue tells; `timeout`: not done in time. */
  readonly outcome: 'drained' | 'idle_guess' | 'timeout';
  readonly seconds: number;
}

/** Deletion costs: a ReplicaSet takes the lowest first, and pods without one count as 0. */
export const drainCosts = { draining: -1_000, drained: -2_000, failed: -3_000 } as const;

/** The annotation as it is written: `draining 2026-01-01T00:00:00.000Z`. */
export function drainText({ stage, sinceMs }: DrainNote): string {
  return `${stage} ${new Date(sinceMs).toISOString()}`;
}

/** Reads the annotation; undefined: there is none, or it says nothing that makes sense. */
export function readDrainNote(
  annotations: Readonly<Record<string, string>> | undefined,
): DrainNote | undefined {
  const text = annotations?.[names.drain] ?? '';
  const [, stage, since = ''] = /^(draining|drained) (\S+)$/.exec(text) ?? [];
  const sinceMs = Date.parse(since);
  return stage === undefined || Number.isNaN(sinceMs)
    ? undefined
    : { stage: stage as DrainNote['stage'], sinceMs };
}

/** The mark by which a worker is told: the same for the whole drain, another for the next one. */
export function drainMark({ sinceMs }: DrainNote): string {
  return sinceMs.toString(36);
}
