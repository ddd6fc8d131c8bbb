import { type DrainEnd, type DrainNote, drainCosts } from './drain-note.ts';
import { byState, neverRan, type StandingPod, surelyTaken } from './drain-order.ts';

/** A Deployment, a companion or the target itself, and how many replicas it should have. */
export interface Workload {
  /** Its live pods. */
  readonly pods: readonly StandingPod[];
  readonly replicas: number;
  readonly wanted: number;
}

/** What a workload's drain needs now. */
export interface DrainPlan {
  /** Pods taken back, the busiest first. */
  readonly takenBack: readonly StandingPod[];
  /** Pods whose note changes. */
  readonly noted: readonly NotedPod[];
  /** Replicas that the workload may have now: as wanted, or more until enough pods are empty. */
  readonly replicas: number;
}

export interface NotedPod {
  readonly pod: StandingPod;
  readonly note: DrainNote;
  readonly cost: number;
  readonly ended: DrainEnd | undefined;
}

/** When it is, and how long a drain may take. */
export interface DrainTerms {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** 0: pods are let go at once. */
  readonly timeoutSeconds: number;
}

/**
 * How a workload gets from the replicas that it has to those that are wanted without deleting a pod at work. The
 * pods alone carry the state, so that whoever looks next goes on where the last one ended.
 */
export function planDrain({ pods, replicas, wanted }: Workload, terms: DrainTerms): DrainPlan {
  const sets = [...Map.groupBy(pods, ({ set }) => set).values()];
  const goes = (pod: StandingPod): boolean => mayLeave(pod, terms);
  // During a rollout nobody knows how the Deployment spreads what it gives up over its ReplicaSets: each must be able to give all.
  const spread = sets.length > 1 && wanted < replicas;
  const leaving = Math.max(0, (spread ? replicas : pods.length) - wanted);
  const noted = sets.flatMap((set) => {
    // Pods beyond the replicas are being deleted already; whom the ReplicaSet takes is not for us to choose any more.
    const chosen = wanted < replicas ? set : set.filter(({ drain }) => drain !== undefined);
    return notesOf(chosen.toSorted(byChoice).slice(0, leaving), set, terms);
  });
  const stay = new Set(pods.filter(({ drain }) => drain !== undefined));
  for (const { pod } of noted) stay.delete(pod);
  return {
    takenBack: [...stay].toSorted((a, b) => b.work.busyJobs - a.work.busyJobs),
    noted: noted.filter(({ pod, note, cost }) => !stands(pod, note, cost)),
    replicas: wanted >= replicas ? wanted : Math.max(wanted, lowest(sets, pods.length, replicas, goes)),
  };
}

/** Fewest replicas by which no pod dies that may not leave. */
function lowest(
  sets: readonly (readonly StandingPod[])[],
  live: number,
  replicas: number,
  mayLeave: (pod: StandingPod) => boolean,
): number {
  const taken = sets.map((set) => {
    const count = surelyTaken(set, mayLeave);
    return count === set.length && sets.length > 1 ? Number.POSITIVE_INFINITY : count;
  });
  // Replicas without a pod are given up first: the ReplicaSet has not made them yet, or only just.
  return sets.length > 1 ? replicas - Math.min(...taken) : Math.min(replicas, live - (taken[0] ?? 0));
}

/**
 * Who leaves first: as the ReplicaSet must choose, then failed pods, then those that are leaving, then those of the lowest
 * cost (rescued ones), then the least busy.
 */
export function byChoice(a: StandingPod, b: StandingPod): number {
  return (
    byState(a, b) ||
    Number(b.failed) - Number(a.failed) ||
    stageOf(a) - stageOf(b) ||
    a.deletionCost - b.deletionCost ||
    a.work.busyJobs - b.work.busyJobs ||
    (a.name < b.name ? -1 : 1)
  );
}

function stageOf({ drain }: StandingPod): number {
  if (drain === undefined) return 2;
  return drain.stage === 'drained' ? 0 : 1;
}

/** What has to stand on the pods that leave, as it may stand there already. */
function notesOf(
  leaving: readonly StandingPod[],
  set: readonly StandingPod[],
  terms: DrainTerms,
): readonly NotedPod[] {
  // Where one pod is as good as the other there is nothing to tell the ReplicaSet.
  const alike = new Set(set.map(({ work }) => work.busyJobs)).size <= 1;
  const anyone = alike && set.every((pod) => isFree(pod, terms));
  return leaving
    .filter((pod) => pod.drain !== undefined || pod.failed || !(anyone || neverRan(pod)))
    .map((pod) => noteOf(pod, terms));
}

function noteOf(pod: StandingPod, terms: DrainTerms): NotedPod {
  const lapsed = pod.wait?.lapsed === true;
  const sinceMs = (lapsed ? undefined : pod.drain?.sinceMs) ?? Math.floor(terms.atMs);
  const outcome = outcomeOf(pod, terms);
  const stage = outcome === undefined ? staying(pod) : 'drained';
  const ends = outcome !== undefined && (lapsed || pod.drain?.stage !== 'drained') && !pod.failed;
  return {
    pod,
    note: { stage, sinceMs },
    cost: pod.failed ? drainCosts.failed : drainCosts[stage],
    ended: ends ? { outcome, seconds: Math.max(0, terms.atMs - sinceMs) / 1000 } : undefined,
  };
}

/** While nobody answers a pod stays what it was; one that took a job after all is draining again. */
function staying({ drain, wait, work }: StandingPod): DrainNote['stage'] {
  return work.told === 'unknown' && wait?.lapsed !== true ? (drain?.stage ?? 'draining') : 'draining';
}

/** How the drain of a pod ends now; undefined: it goes on. */
function outcomeOf(pod: StandingPod, terms: DrainTerms): DrainEnd['outcome'] | undefined {
  if (isOverdue(pod, terms) || terms.timeoutSeconds === 0) return 'timeout';
  if (isFree(pod, terms)) return 'idle_guess';
  if (pod.drain === undefined) return undefined;
  if (pod.work.told === 'empty') return 'drained';
  return pod.work.told === 'idle' ? 'idle_guess' : undefined;
}

/** Whether a pod that leaves loses no work by it, or has had its time. */
export function mayLeave(pod: StandingPod, terms: DrainTerms): boolean {
  return isFree(pod, terms) || isDone(pod, terms);
}

/** Needs no drain: there is no work to lose, nobody would ever tell, or the policy says at once. */
function isFree(pod: StandingPod, { timeoutSeconds }: DrainTerms): boolean {
  return pod.failed || neverRan(pod) || pod.work.told === 'silent' || timeoutSeconds === 0;
}

/** Has been drained and still is. */
function isDone(pod: StandingPod, terms: DrainTerms): boolean {
  if (isOverdue(pod, terms)) return true;
  const { drain, work } = pod;
  return drain?.stage === 'drained' && (work.told === 'empty' || work.told === 'idle');
}

function isOverdue({ drain, wait }: StandingPod, { atMs, timeoutSeconds }: DrainTerms): boolean {
  return drain !== undefined && (wait?.waitedMs ?? atMs - drain.sinceMs) >= timeoutSeconds * 1000;
}

function stands({ drain, deletionCost }: StandingPod, note: DrainNote, cost: number): boolean {
  return drain?.stage === note.stage && drain.sinceMs === note.sinceMs && deletionCost === cost;
}
