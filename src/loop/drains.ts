import { isDeepStrictEqual } from 'node:util';
import { drainMark, readDrainNote } from '../act/drain-note.ts';
import type { StandingPod } from '../act/drain-order.ts';
import { Sightings } from '../act/drain-sightings.ts';
import { type SourceTold, workOf } from '../act/drain-work.ts';
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
  readonly #sightings = new Sightings();

  /** Takes what the workers of a source say; returns whether it is something new. */
  heard(source: string, sample: WorkersSample): boolean {
    const before = this.#workers.get(source);
    this.#workers.set(source, sample);
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
    const sources = (policy.scaling?.sources ?? []).map((source) => this.#told(source, samples));
    const work = workOf(live, sources, nowMs);
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
          settled: settled.has(pod.uid),
          work: work.get(name) ?? { busyJobs: 0, told: 'unknown', reports: false },
        },
      ]),
    );
  }

  #told({ name, feed }: Source, samples: ReadonlyMap<string, Sample>): SourceTold {
    return {
      sample: samples.get(name),
      namesWorkers: feed.type === 'BullMQ',
      workers: feed.type === 'Prometheus' ? 'none' : this.#workers.get(name),
    };
  }
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
