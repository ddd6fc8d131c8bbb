import type { DrainNote } from './drain-note.ts';
import type { DrainWait } from './drain-waits.ts';
import type { PodWork } from './drain-work.ts';

/** A live pod of a Deployment that Spillway scales. */
export interface StandingPod {
  readonly name: string;
  readonly resourceVersion: string;
  /** UID of its ReplicaSet. */
  readonly set: string;
  /** Bound to a node. */
  readonly bound: boolean;
  readonly phase: 'Pending' | 'Unknown' | 'Running';
  readonly ready: boolean;
  /** A virtual node has failed it: there is nothing to lose. */
  readonly failed: boolean;
  /** 0: none is written on it. */
  readonly deletionCost: number;
  readonly drain: DrainNote | undefined;
  /** How long it has been waited for; left out: since its note says. */
  readonly wait?: DrainWait;
  /** What is written on it has surely reached the ReplicaSet controller. */
  readonly settled: boolean;
  readonly work: PodWork;
}

const phases = { Pending: 0, Unknown: 1, Running: 2 } as const;

/**
 * By what a ReplicaSet chooses first, whatever the costs: unassigned before bound, Pending before Unknown before
 * Running, unready before ready (ActivePodsWithRanks in pkg/controller/controller_utils.go).
 */
export function byState(a: StandingPod, b: StandingPod): number {
  return (
    Number(a.bound) - Number(b.bound) ||
    phases[a.phase] - phases[b.phase] ||
    Number(a.ready) - Number(b.ready)
  );
}

/** A pod that has never run has no job. */
export function neverRan({ bound, phase }: StandingPod): boolean {
  return !bound || phase === 'Pending';
}

/**
 * How many pods of one ReplicaSet it surely takes before it could take one that may not leave. Whatever is not certain
 * counts against us: a tie goes to the pod that may not leave, and so does a cost that may not have been seen yet.
 */
export function surelyTaken(pods: readonly StandingPod[], mayLeave: (pod: StandingPod) => boolean): number {
  const ranked = pods
    .map((pod) => {
      const leaves = mayLeave(pod);
      const unseen = leaves ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
      return { pod, leaves, cost: pod.settled ? pod.deletionCost : unseen };
    })
    .toSorted(
      (a, b) =>
        byState(a.pod, b.pod) ||
        (a.cost === b.cost ? 0 : a.cost - b.cost) ||
        Number(a.leaves) - Number(b.leaves),
    );
  const first = ranked.findIndex(({ leaves }) => !leaves);
  return first === -1 ? pods.length : first;
}
