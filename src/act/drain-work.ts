import type { Sample } from '../decide/observation.ts';
import type { WorkerReport, WorkersSample } from '../demand/drain.ts';
import { type DrainNote, drainMark } from './drain-note.ts';

/** What one source of a policy tells of its workers. */
export interface SourceTold {
  readonly sample: Sample | undefined;
  /** Whether the queue can name the pods that work on its jobs: only BullMQ does. */
  readonly namesWorkers: boolean;
  /** Reports of workers with the drain library; undefined: not heard yet. `none`: this kind of source has none. */
  readonly workers: WorkersSample | 'none' | undefined;
}

/**
 * Whether a pod may leave, as far as its work goes. `empty`: its worker has said that it is drained; `idle`: the queue names
 * no job of it, which is a guess; `working`: jobs in work, or it does not obey yet; `unknown`: there is no answer now;
 * `silent`: nobody will ever tell.
 */
export type WorkTold = 'empty' | 'idle' | 'working' | 'unknown' | 'silent';

export interface PodWork {
  /** Jobs in work on it, as far as known. */
  readonly busyJobs: number;
  readonly told: WorkTold;
  /** Its worker uses the drain library. */
  readonly reports: boolean;
}

/** A pod that is asked about. */
export interface Working {
  readonly name: string;
  /** UID of its ReplicaSet: pods of one have one image, so one that reports shows that all can. */
  readonly set: string;
  readonly note: DrainNote | undefined;
}

/** Older readings of workers tell nothing, ms: the port gives one every 5 s. */
const freshMs = 15_000;
/** A mark lives 60 s and is renewed every 15 s; one that was last seen longer ago may have been missed, ms. */
const markedMs = 20_000;
/** Names of who works on what are read once a second (bullmq.ts): older ones were not read in time, and tell nothing, ms. */
const freshNamesMs = 1_500;

/**
 * What is known of the work of each pod, by name. `spoken`: ReplicaSets of which a pod has reported once; where a Redis
 * lost its data all reports are gone for a moment, and their workers are no others by that.
 */
export function workOf(
  pods: readonly Working[],
  sources: readonly SourceTold[],
  nowMs: number,
  spoken: ReadonlySet<string> = new Set(),
): ReadonlyMap<string, PodWork> {
  const heard = sources.map((source) => ({
    ...source,
    reports: reportsIn(source, nowMs),
    standing: isStanding(source, nowMs),
  }));
  const reporting = new Set(
    pods.filter(({ name }) => heard.some(({ reports }) => reports?.has(name))).map(({ set }) => set),
  );
  return new Map(
    pods.map((pod) => [pod.name, podWork(pod, heard, reporting.has(pod.set) || spoken.has(pod.set))]),
  );
}

/**
 * Whether the workers of pods that leave obey the marks of these very drains, by name; a pod of which nobody tells is
 * left out.
 */
export function obeyed(
  pods: readonly Working[],
  sources: readonly SourceTold[],
  nowMs: number,
): ReadonlyMap<string, boolean> {
  const heard = sources.map((source) => reportsIn(source, nowMs));
  const known = new Map<string, boolean>();
  if (heard.includes(undefined)) return known;
  for (const { name, note } of pods) {
    if (note === undefined) continue;
    const mark = drainMark(note);
    const own = heard.flatMap((reports) => reports?.get(name) ?? []);
    const obeys = own.every((report) => report.state !== 'working' && report.mark === mark);
    if (own.length > 0) known.set(name, obeys);
  }
  return known;
}

/** Whether the marks of every source that has some surely stand. */
export function allStand(sources: readonly SourceTold[], nowMs: number): boolean {
  return sources.every((source) => source.workers === 'none' || isStanding(source, nowMs));
}

interface Heard extends SourceTold {
  /** By pod; undefined: there should be some, but nobody answers. */
  readonly reports: ReadonlyMap<string, WorkerReport> | undefined;
  /** The marks surely stand. */
  readonly standing: boolean;
}

function reportsIn({ workers }: SourceTold, nowMs: number): Heard['reports'] {
  if (workers === 'none') return new Map();
  if (workers?.state !== 'ok' || nowMs - workers.atMs > freshMs) return undefined;
  return new Map(workers.workers.map((report) => [report.pod, report]));
}

function isStanding({ workers }: SourceTold, nowMs: number): boolean {
  return workers !== 'none' && nowMs - (workers?.markedAtMs ?? Number.NEGATIVE_INFINITY) <= markedMs;
}

function podWork(pod: Working, sources: readonly Heard[], siblingsReport: boolean): PodWork {
  const own = sources.flatMap((source) => {
    const report = source.reports?.get(pod.name);
    return report === undefined ? [] : [{ report, standing: source.standing }];
  });
  const guesses = sources.filter(({ reports }) => reports?.has(pod.name) !== true);
  const busyJobs =
    own.reduce((sum, { report }) => sum + report.busy, 0) +
    guesses.reduce((sum, { sample }) => sum + namedJobs(sample, pod.name), 0);
  const reports = own.length > 0;
  const told = (answer: WorkTold): PodWork => ({ busyJobs, told: answer, reports });
  if (sources.some((source) => source.reports === undefined)) return told('unknown');
  if (!reports) {
    const guess = guessOf(pod, sources);
    return told(guess === 'silent' && siblingsReport ? 'unknown' : guess);
  }
  if (guesses.some(({ sample }) => namedJobs(sample, pod.name) > 0)) return told('working');
  const mark = pod.note && drainMark(pod.note);
  if (mark === undefined || own.some(({ report }) => report.state !== 'drained' || report.mark !== mark)) {
    return told('working');
  }
  return told(own.every(({ standing }) => standing) ? 'empty' : 'unknown');
}

/** Without a word of the worker itself: what all queues together say, the worst of it. */
function guessOf(pod: Working, sources: readonly SourceTold[]): WorkTold {
  const guesses = new Set(sources.map((source) => guessBy(pod, source)));
  return (['working', 'unknown', 'idle'] as const).find((worst) => guesses.has(worst)) ?? 'silent';
}

function guessBy({ name, note }: Working, { sample, namesWorkers }: SourceTold): WorkTold {
  if (!namesWorkers) return 'silent';
  if (sample?.state !== 'ok') return 'unknown';
  if (namedJobs(sample, name) > 0) return 'working';
  const begunMs = note?.sinceMs ?? Number.NEGATIVE_INFINITY;
  if (sample.active === 0) return sample.atMs > begunMs ? 'idle' : 'unknown';
  const { atMs, whole } = sample.names ?? { atMs: sample.atMs, whole: true };
  if (sample.atMs - atMs > freshNamesMs) return 'unknown';
  if (Object.keys(sample.busy).length === 0) return 'silent';
  return whole && atMs > begunMs ? 'idle' : 'unknown';
}

function namedJobs(sample: Sample | undefined, pod: string): number {
  return sample?.state === 'ok' ? (sample.busy[pod] ?? 0) : 0;
}
