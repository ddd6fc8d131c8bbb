import type { Distribution } from './distribution.ts';
import type { Labels } from './kube.ts';

/** Times at which jobs arrive, pulled one by one: milliseconds since the epoch, never decreasing; undefined: no more. */
export interface Arrivals {
  next(): number | undefined;
}

/** A queue and how its workers work. Behaves like BullMQ: FIFO, retries at the end, stalled jobs at the head. */
export interface QueueSpec {
  readonly name: string;
  /** Pods that work on it: every started pod with these labels in this namespace is a worker. */
  readonly namespace: string;
  readonly workers: Labels;
  /** Jobs that one worker runs at once: 1 by default. */
  readonly concurrency?: number;
  /** How long a job takes, milliseconds. */
  readonly serviceMs: Distribution;
  /** From the start of the containers to the worker taking jobs, milliseconds: 0 by default. */
  readonly workerStartMs?: Distribution;
  readonly arrivals?: Arrivals;
  /** Share of attempts that fail, 0 by default; each job has so many attempts (3), the next one so much later (0 ms: at once, at the end of the queue). */
  readonly failureShare?: number;
  readonly attempts?: number;
  readonly retryDelayMs?: number;
  /** BullMQ: lock of a job, renewed at half of it (30 s); looked for stalled jobs every so often (30 s); a job that stalls more often fails (1). */
  readonly lockMs?: number;
  readonly stalledIntervalMs?: number;
  readonly maxStalled?: number;
  /** Workers use the drain library: they tell of themselves and obey marks (false by default). */
  readonly drains?: boolean;
  /** SIGTERM makes a worker finish its jobs and take no more (true by default); false: it dies at once. */
  readonly closesGracefully?: boolean;
  /** Waiting times up to this count as within the objective (`stats.within`), milliseconds. */
  readonly objectiveMs?: number;
}

/** What a queue looks like from outside: the fields of `OkSample` that a queue can tell. */
export interface QueueSample {
  /** Jobs that wait and may start now. */
  readonly backlog: number;
  /** Jobs in work, those of killed workers that nobody has found yet included. */
  readonly active: number;
  readonly delayed: number;
  readonly oldestAgeSeconds: number | undefined;
  readonly arrivalsTotal: number;
  /** Jobs that ended, well or badly. */
  readonly completionsTotal: number;
  /** Jobs in work by pod name. */
  readonly busy: Readonly<Record<string, number>>;
}

/** What a worker with the drain library says of itself (docs/drain.md). */
export interface QueueWorkerReport {
  readonly pod: string;
  readonly state: 'working' | 'draining' | 'drained';
  /** The mark that it obeys; undefined: none. */
  readonly mark: string | undefined;
  readonly busy: number;
}

/** Totals of a queue since the start. Waiting is from the arrival of a job to its first start. */
export interface QueueStats {
  readonly added: number;
  readonly completed: number;
  readonly failed: number;
  /** Times that a job was found stalled. */
  readonly stalled: number;
  /** Jobs that started a second time, for whatever reason. */
  readonly restarted: number;
  readonly started: number;
  /** First starts within the objective. */
  readonly within: number;
  /** Sum of the service times of finished attempts, milliseconds. */
  readonly workMs: number;
}

/** A queue with its workers. Costs a few bytes a waiting job. */
export interface Queue {
  readonly name: string;
  readonly spec: QueueSpec;
  /** Adds jobs now. */
  add(jobs: number): void;
  /** Adds jobs at the times of the stream, merged with those fed before by being in order. */
  feed(arrivals: Arrivals): void;
  setPaused(paused: boolean): void;
  sample(): QueueSample;
  /** Marks the worker of a pod to drain, or lifts its mark; without the drain library nobody hears it. */
  mark(podName: string, mark: string | undefined): void;
  /** What the workers say of themselves; empty without the drain library. */
  reports(): readonly QueueWorkerReport[];
  readonly stats: QueueStats;
  /** Waiting time of first starts, seconds, at a quantile of 0 to 1, within 1 %; undefined: nothing has started. */
  waitSeconds(quantile: number): number | undefined;
  /** Workers that take jobs now. */
  readonly workers: number;
  /** Called when a job arrives at a queue in which none waited: what an event-driven controller wakes up from. The time of the world is that of the arrival. The returned function ends it. */
  onArrival(listener: () => void): () => void;
  /** No job waits, runs, is delayed or will arrive. */
  readonly done: boolean;
}
