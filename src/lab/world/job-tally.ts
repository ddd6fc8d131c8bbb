import type { Pod } from './kube.ts';

/** What became of the pods of one Job: when each failed, and which have succeeded, by UID. */
export interface Ends {
  readonly failedAtMs: ReadonlyMap<string, number>;
  readonly succeeded: ReadonlySet<string>;
}

interface Kept {
  readonly failedAtMs: Map<string, number>;
  readonly succeeded: Set<string>;
}

/**
 * Counts pods of Jobs that ended, also when they are there no longer. One that somebody deletes before it ended has failed
 * (kubernetes, job_controller.go, `isPodFailed`); one that its Job takes away has not.
 */
export class JobTally {
  readonly #jobs = new Map<string, Kept>();
  /** UIDs of pods that their Jobs take away. */
  readonly #takenAway = new Set<string>();

  of(jobUid: string): Ends {
    return this.#of(jobUid);
  }

  /** A pod of a Job is as it is; `gone`: it was deleted. */
  saw(jobUid: string, pod: Pod, gone: boolean, atMs: number): void {
    const { uid, deletionTimestamp } = pod.metadata;
    const { phase } = pod.status;
    const ends = this.#of(jobUid);
    if (phase === 'Succeeded') ends.succeeded.add(uid);
    const lost = (gone || deletionTimestamp !== undefined) && !this.#takenAway.has(uid);
    const failed = phase === 'Failed' || (lost && phase !== 'Succeeded');
    if (failed && !ends.failedAtMs.has(uid)) ends.failedAtMs.set(uid, atMs);
    if (gone) this.#takenAway.delete(uid);
  }

  /** The Job is about to delete a pod that it needs no longer. */
  takesAway(pod: Pod): void {
    this.#takenAway.add(pod.metadata.uid);
  }

  /** The Job is gone. */
  forget(jobUid: string): void {
    this.#jobs.delete(jobUid);
  }

  #of(jobUid: string): Kept {
    const kept = this.#jobs.get(jobUid) ?? { failedAtMs: new Map<string, number>(), succeeded: new Set() };
    this.#jobs.set(jobUid, kept);
    return kept;
  }
}
