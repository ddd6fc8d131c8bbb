import { readDrainNote } from '../../../act/drain-note.ts';
import type { StandingPod } from '../../../act/drain-order.ts';
import { Sightings } from '../../../act/drain-sightings.ts';
import { workOf } from '../../../act/drain-work.ts';
import { names } from '../../../act/names.ts';
import type { Policy } from '../../../policy/policy.ts';
import type { Pod } from '../../world/kube.ts';
import type { Queue, QueueSample } from '../../world/types.ts';
import type { BookedPod } from './pod-book.ts';
import { sampleFor } from './sample.ts';

/** What the simulated controller knows of drains: the notes on the pods, and the reports of workers that drain. */
export class Drains {
  readonly #sightings = new Sightings();

  /** The live ones of some pods as the plan needs them. */
  look(
    pods: readonly BookedPod[],
    policy: Policy,
    queue: Queue,
    sample: QueueSample,
    isFailed: (pod: Pod) => boolean,
    nowMs: number,
  ): ReadonlyMap<BookedPod, StandingPod> {
    const seen = pods.map(({ pod: { metadata } }) => ({
      uid: metadata.uid,
      annotations: metadata.annotations ?? {},
    }));
    const settled = this.#sightings.look(seen, nowMs);
    const live = pods
      .filter((each) => each.live)
      .map((booked) => ({
        booked,
        name: booked.pod.metadata.name,
        set: booked.pod.metadata.ownerReferences?.[0]?.uid ?? '',
        note: readDrainNote(booked.pod.metadata.annotations),
      }));
    const workers = { atMs: nowMs, state: 'ok', workers: queue.reports(), markedAtMs: nowMs } as const;
    const sources = (policy.scaling?.sources ?? []).map(({ feed: { type } }) => ({
      sample: sampleFor(type, sample, nowMs),
      namesWorkers: type === 'BullMQ',
      workers: type === 'Prometheus' ? ('none' as const) : workers,
    }));
    const work = workOf(live, sources, nowMs);
    return new Map(
      live.map(({ booked, name, set, note }) => {
        const { metadata, status } = booked.pod;
        const standing: StandingPod = {
          name,
          resourceVersion: metadata.resourceVersion,
          set,
          bound: booked.nodeName !== '',
          phase: status.phase === 'Running' || status.phase === 'Unknown' ? status.phase : 'Pending',
          ready: booked.ready,
          failed: isFailed(booked.pod),
          deletionCost: Number(metadata.annotations?.[names.deletionCost] ?? 0),
          drain: note,
          settled: settled.has(metadata.uid),
          work: work.get(name) ?? { busyJobs: 0, told: 'unknown', reports: false },
        };
        return [booked, standing];
      }),
    );
  }
}
