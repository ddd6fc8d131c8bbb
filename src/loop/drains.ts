import { isDeepStrictEqual } from 'node:util';
import { type DrainNote, drainMark, readDrainNote } from '../act/drain-note.ts';
import type { StandingPod } from '../act/drain-order.ts';
import { Sightings } from '../act/drain-sightings.ts';
import { type DrainWait, Waits } from '../act/drain-waits.ts';
import { allStand, obeyed, type SourceTold, type Working, workOf } from '../act/drain-work.ts';
import { names } from '../act/names.ts';
import { isLive, isOver, type SlimPod } from '../cluster/slim.ts';
import type { Sample } from '../decide/observation.ts';
import type { WorkersSample } from '../demand/drain.ts';
import type { Policy, Source } from '../policy/policy.ts';

/** One look at the pods of a policy. */
export interface DrainLook {
  readonly policy: Policy;
  /** All pods of the target and of the companions. */
  readonly pods: readonly SlimPod[];
  readonly samples: ReadonlyMap<string, Sample>;
  /** Whether a virtual node failed a pod. */
  readonly isFailed: (pod: SlimPod) => boolean;
  /** Milliseconds since the epoch, and of a clock that never jumps. */
  readonly nowMs: number;
  readonly elapsedMs: number;
}

/** What one process knows of the drains of one policy. All that has to last stands on the pods themselves. */
export class Drains {
  readonly #workers = new Map<string, WorkersSample>();
  /** The first word after a silence, by source: those after it may follow from marks that were renewed by then. */
  readonly #comebacks = new Map<string, WorkersSample>();
  /** Sources whose workers have spoken once. */
  readonly #spoke = new Set<string>();
  /** ReplicaSets of which a pod has reported. */
  #spoken: ReadonlySet<string> = new Set();
  readonly #sightings = new Sightings();
  readonly #waits = new Waits();
  #unheard: ReadonlySet<string> = new Set();

  /** Takes what the workers of a source say; returns whether it is something new. */
  heard(source: string, sample: WorkersSample): boolean {
    const before = this.#workers.get(source);
    this.#workers.set(source, sample);
    if (sample.state === 'ok' && before?.state !== 'ok') this.#comebacks.set(source, sample);
    if (sample.workers.length > 0) this.#spoke.add(source);
    return (
      before?.state !== sample.state ||
      (before.markedAtMs === undefined) !== (sample.markedAtMs === undefined) ||
      !isDeepStrictEqual(before.workers, sample.workers)
    );
  }

  /** The live pods as the plan needs them, by UID. */
  look({ policy, pods, samples, isFailed, nowMs, elapsedMs }: DrainLook): ReadonlyMap<string, StandingPod> {
    const settled = this.#sightings.look(pods, elapsedMs);
    const live = pods.filter(isLive).map((pod) => ({
      pod,
      name: pod.name,
      set: pod.ownerUid ?? '',
      note: readDrainNote(pod.annotations),
    }));
    const feeds = policy.scaling?.sources ?? [];
    const sources = feeds.map((source) => this.#told(source, samples));
    const work = workOf(live, sources, nowMs, this.#spoken);
    const sets = new Set(live.map(({ set }) => set).filter((set) => this.#spoken.has(set)));
    for (const { name, set } of live) if (work.get(name)?.reports === true) sets.add(set);
    this.#spoken = sets;
    const waits = this.#waited(live, feeds, sources, { nowMs, elapsedMs });
    return new Map(
      live.map(({ pod, name, set, note }) => [
        pod.uid,
        {
          name,
          resourceVersion: pod.resourceVersion,
          set,
          bound: pod.nodeName !== undefined,
          phase: pod.phase === 'Running' || pod.phase === 'Unknown' ? pod.phase : 'Pending',
          ready: pod.ready,
          failed: isFailed(pod),
          deletionCost: Number(pod.annotations[names.deletionCost] ?? 0),
          drain: note,
          ...waitIn(waits, pod.uid),
          settled: settled.has(pod.uid),
          work: work.get(name) ?? { busyJobs: 0, told: 'unknown', reports: false },
        },
      ]),
    );
  }

  /** Whether this pod is not to be marked yet: what its worker does without a mark is to be heard first. */
  isUnheard({ uid, annotations }: Pick<SlimPod, 'uid' | 'annotations'>): boolean {
    return this.#unheard.has(unheardKey(uid, readDrainNote(annotations)));
  }

  /** No pod is marked any more, whatever stands on it. */
  lifted(): void {
    this.#waits.lifted();
  }

  /** Sources whose Redis lets nobody be marked: of their workers all is a guess. */
  forbidden(policy: Policy): readonly string[] {
    const sources = policy.scaling?.sources ?? [];
    return sources.map(({ name }) => name).filter((name) => this.#isForbidden(name));
  }

  #waited(
    live: readonly LivePod[],
    feeds: readonly Source[],
    sources: readonly SourceTold[],
    { nowMs, elapsedMs }: Pick<DrainLook, 'nowMs' | 'elapsedMs'>,
  ): ReadonlyMap<string, DrainWait> {
    const first = sources.map((source, index) => {
      const comeback = this.#comebacks.get(feeds[index]?.name ?? '');
      return comeback === undefined || source.workers === 'none' ? source : { ...source, workers: comeback };
    });
    const obeys = obeyed(live, first, nowMs);
    const waits = this.#waits.look(
      live.map(({ pod: { uid }, name, note }) => ({ uid, note, obeys: obeys.get(name) })),
      { nowMs, elapsedMs, standing: allStand(sources, nowMs) },
    );
    const allSpeak = sources.every(({ workers }) => workers === 'none' || workers?.state === 'ok');
    if (allSpeak) this.#comebacks.clear();
    const unheard = live.filter(({ pod }) => {
      const wait = waits.get(pod.uid);
      return wait !== undefined && (wait.found || wait.lapsed);
    });
    this.#unheard = new Set(unheard.map(({ pod, note }) => unheardKey(pod.uid, note)));
    return waits;
  }

  #told({ name, feed }: Source, samples: ReadonlyMap<string, Sample>): SourceTold {
    const none = feed.type === 'Prometheus' || this.#isForbidden(name);
    return {
      sample: samples.get(name),
      namesWorkers: feed.type === 'BullMQ',
      workers: none ? 'none' : this.#workers.get(name),
    };
  }

  /** Its user may not write, and never could as far as this process knows: then workers that report would be marked. */
  #isForbidden(source: string): boolean {
    return this.#workers.get(source)?.problem?.code === 'REDIS_DRAIN_FORBIDDEN' && !this.#spoke.has(source);
  }
}

interface LivePod extends Working {
  readonly pod: SlimPod;
}

/** The same pod under another note is another drain. */
function unheardKey(uid: string, note: DrainNote | undefined): string {
  return `${uid} ${note?.sinceMs ?? ''}`;
}

function waitIn(waits: ReadonlyMap<string, DrainWait>, uid: string): { readonly wait?: DrainWait } {
  const wait = waits.get(uid);
  return wait === undefined ? {} : { wait };
}

/** The marks that follow from what stands on the pods; one that is being deleted keeps its own until it is gone. */
export function marksOf(pods: readonly SlimPod[]): ReadonlyMap<string, string> {
  const marks = new Map<string, string>();
  for (const pod of pods) {
    const note = isOver(pod) ? undefined : readDrainNote(pod.annotations);
    if (note !== undefined) marks.set(pod.name, drainMark(note));
  }
  return marks;
}
