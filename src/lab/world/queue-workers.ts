import { carries } from '../../policy/labels.ts';
import { constant, draw } from './distribution.ts';
import type { Pod } from './kube.ts';
import type { JobQueue } from './queue.ts';
import type { Random } from './random.ts';
import type { PodProcesses, Stage } from './types.ts';

/** The processes in pods that work on queues: a pod whose labels several queues name works on all of them, each with its own concurrency. */
export class QueueWorkers implements PodProcesses {
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #queues: readonly JobQueue[];
  /** Queues that a started pod works on or is about to. */
  readonly #started = new Map<
    string,
    { readonly queues: Set<JobQueue>; readonly exited: (exitCode: number) => void }
  >();

  constructor(stage: Stage, queues: readonly JobQueue[]) {
    this.#stage = stage;
    this.#random = stage.random.fork('workers');
    this.#queues = queues;
  }

  runs(pod: Pod): boolean {
    return this.#queuesOf(pod).length > 0;
  }

  start(pod: Pod, exited: (exitCode: number) => void): void {
    const { uid } = pod.metadata;
    const queues = new Set(this.#queuesOf(pod));
    const entry = { queues, exited };
    this.#started.set(uid, entry);
    for (const queue of queues) {
      const left = (exitCode: number): void => {
        queues.delete(queue);
        if (queues.size === 0) exited(exitCode);
      };
      const delayMs = draw(queue.spec.workerStartMs ?? constant(0), this.#random);
      this.#stage.schedule(this.#stage.now() + delayMs, () => {
        if (this.#started.get(uid) === entry && queues.has(queue)) queue.join(pod, left);
      });
    }
  }

  terminate(pod: Pod): void {
    const { uid } = pod.metadata;
    const entry = this.#started.get(uid);
    if (entry === undefined) return;
    const graceful = [...entry.queues].every(({ spec }) => spec.closesGracefully !== false);
    if (!graceful) {
      this.kill(pod);
      entry.exited(143);
      return;
    }
    this.#started.delete(uid);
    const left = [...entry.queues];
    for (const queue of left) if (!queue.has(uid)) entry.queues.delete(queue);
    if (entry.queues.size === 0) entry.exited(0);
    else for (const queue of left) queue.close(uid);
  }

  kill(pod: Pod): void {
    this.#started.delete(pod.metadata.uid);
    for (const queue of this.#queues) queue.kill(pod.metadata.uid);
  }

  #queuesOf({ metadata }: Pod): readonly JobQueue[] {
    return this.#queues.filter(
      ({ spec }) => spec.namespace === metadata.namespace && carries(metadata.labels, spec.workers),
    );
  }
}
