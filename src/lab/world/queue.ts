import { ActiveJobs } from './active-jobs.ts';
import { MergedArrivals } from './arrivals.ts';
import { Crew, type Worker } from './crew.ts';
import { type Distribution, draw } from './distribution.ts';
import { Heap } from './heap.ts';
import { JobLine } from './job-line.ts';
import { attemptsOf, failedOnce, fresh, hasStarted, stalledOnce, stallsOf, started } from './job-marks.ts';
import type { Pod } from './kube.ts';
import { noCounts } from './queue-counts.ts';
import type { QueueHost } from './queue-host.ts';
import { type Orphan, StalledJobs } from './stalled.ts';
import type { Arrivals, Queue, QueueSample, QueueSpec, QueueStats, QueueWorkerReport } from './types.ts';
import { WaitHistogram } from './wait-histogram.ts';

interface Delayed {
  readonly atMs: number;
  readonly arrivalMs: number;
  readonly marks: number;
}

/**
 * A queue and its workers, a small simulation of its own inside the world: jobs are numbers in rings and heaps, and
 * the world hands it whole stretches of time in which nothing else happens.
 */
export class JobQueue implements Queue {
  readonly name: string;
  readonly spec: QueueSpec;
  readonly #host: QueueHost;
  readonly #waiting = new JobLine();
  readonly #active = new ActiveJobs();
  readonly #delayed = new Heap<Delayed>((a, b) => a.atMs < b.atMs);
  readonly #arrivals = new MergedArrivals();
  readonly #stalled: StalledJobs;
  readonly #crew = new Crew();
  readonly #waits = new WaitHistogram();
  readonly #listeners = new Set<() => void>();
  readonly #serviceMs: Distribution;
  readonly #counts = noCounts();
  #paused = false;
  /** Somebody outside heard something and may have planned an event: the world looks around before time goes on. */
  #interrupted = false;

  constructor(spec: QueueSpec, host: QueueHost) {
    this.name = spec.name;
    this.spec = spec;
    this.#host = host;
    this.#serviceMs = spec.serviceMs;
    this.#stalled = new StalledJobs(spec.lockMs ?? 30_000, spec.stalledIntervalMs ?? 30_000);
    if (spec.arrivals !== undefined) this.feed(spec.arrivals);
  }

  get stats(): QueueStats {
    return this.#counts;
  }

  get workers(): number {
    return this.#crew.open;
  }

  get done(): boolean {
    return (
      this.#waiting.size + this.#active.size + this.#stalled.size + this.#delayed.size === 0 &&
      this.#arrivals.nextMs === Number.POSITIVE_INFINITY
    );
  }

  /** When something happens next by itself; infinity: nothing will. */
  get nextAtMs(): number {
    return Math.min(
      this.#arrivals.nextMs,
      this.#active.nextEndMs,
      this.#delayed.peek()?.atMs ?? Number.POSITIVE_INFINITY,
      this.#stalled.nextLookMs,
    );
  }

  /** Lets time pass up to and including `untilMs`, or until somebody outside has heard something. */
  advance(untilMs: number): void {
    this.#interrupted = false;
    for (let atMs = this.nextAtMs; atMs <= untilMs && !this.#interrupted; atMs = this.nextAtMs) {
      this.#host.enter(Math.max(atMs, this.#host.now()));
      if (this.#arrivals.nextMs === atMs) {
        this.#arrivals.shift();
        this.#arrive(atMs, 1);
      } else if (this.#active.nextEndMs === atMs) {
        this.#active.endNext(this.#ended);
      } else if (this.#delayed.peek()?.atMs === atMs) {
        const job = this.#delayed.pop();
        if (job !== undefined) this.#wait(job.arrivalMs, job.marks);
      } else {
        this.#stalled.look(atMs, this.#found);
      }
    }
  }

  add(jobs: number): void {
    if (jobs <= 0) return;
    this.#arrive(this.#host.now(), jobs);
    this.#host.touched();
  }

  feed(arrivals: Arrivals): void {
    this.#arrivals.add(arrivals);
    this.#host.touched();
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
    this.#dispatch();
    this.#host.touched();
  }

  onArrival(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  waitSeconds(quantile: number): number | undefined {
    const ms = this.#waits.quantileMs(quantile);
    return ms === undefined ? undefined : ms / 1000;
  }

  sample(): QueueSample {
    const { size } = this.#waiting;
    const busy: Record<string, number> = {};
    for (const worker of this.#crew.all()) if (worker.busy > 0) busy[worker.pod.metadata.name] = worker.busy;
    return {
      backlog: size,
      active: this.#active.size + this.#stalled.size,
      delayed: this.#delayed.size,
      oldestAgeSeconds:
        size === 0 ? undefined : Math.max(0, this.#host.now() - this.#waiting.firstArrivalMs) / 1000,
      arrivalsTotal: this.#counts.added,
      completionsTotal: this.#counts.completed + this.#counts.failed,
      busy,
    };
  }

  mark(podName: string, mark: string | undefined): void {
    if (this.spec.drains !== true) return;
    for (const worker of this.#crew.all()) {
      if (worker.pod.metadata.name === podName && worker.mark !== mark) this.#crew.mark(worker, mark);
    }
    if (mark !== undefined) return;
    this.#dispatch();
    this.#host.touched();
  }

  reports(): readonly QueueWorkerReport[] {
    if (this.spec.drains !== true) return [];
    return [...this.#crew.all()].map(({ pod, mark, busy }) => ({
      pod: pod.metadata.name,
      state: mark === undefined ? 'working' : busy > 0 ? 'draining' : 'drained',
      mark,
      busy,
    }));
  }

  /** A pod starts to take jobs. */
  join(pod: Pod, exited: (exitCode: number) => void): void {
    this.#crew.join(pod, this.spec.concurrency ?? 1, exited);
    this.#stalled.workerStarted(this.#host.now());
    this.#dispatch();
  }

  /** Whether a pod takes jobs here. */
  has(podUid: string): boolean {
    return this.#crew.ofPod(podUid) !== undefined;
  }

  /** The worker of a pod takes no more jobs and leaves when it has done those it has. */
  close(podUid: string): void {
    const worker = this.#crew.ofPod(podUid);
    if (worker === undefined) return;
    this.#crew.close(worker);
    if (worker.busy === 0) this.#leave(worker);
  }

  /** The worker of a pod dies; its jobs stall. */
  kill(podUid: string): void {
    const worker = this.#crew.ofPod(podUid);
    if (worker === undefined) return;
    this.#crew.leave(worker);
    this.#stalled.workerEnded();
    const nowMs = this.#host.now();
    this.#active.takeFrom(worker.number, (arrivalMs, marks, startMs) =>
      this.#stalled.add(arrivalMs, marks, startMs, nowMs),
    );
  }

  #arrive(atMs: number, jobs: number): void {
    const wasQuiet = this.#waiting.size === 0;
    this.#counts.added += jobs;
    for (let job = 0; job < jobs; job += 1) this.#waiting.push(atMs, fresh);
    this.#dispatch();
    if (!wasQuiet || this.#listeners.size === 0) return;
    this.#interrupted = true;
    for (const listener of this.#listeners) listener();
  }

  #wait(arrivalMs: number, marks: number): void {
    this.#waiting.push(arrivalMs, marks);
    this.#dispatch();
  }

  #dispatch(): void {
    while (this.#waiting.size > 0 && !this.#paused) {
      const worker = this.#crew.takeHand();
      if (worker === undefined) return;
      this.#start(worker);
    }
  }

  /** The first in the row starts on a worker. */
  #start(worker: Worker): void {
    const [arrivalMs, marks] = [this.#waiting.firstArrivalMs, this.#waiting.firstMarks];
    this.#waiting.shift();
    const nowMs = this.#host.now();
    if (hasStarted(marks)) {
      this.#counts.restarted += 1;
    } else {
      const waitMs = Math.max(0, nowMs - arrivalMs);
      this.#counts.started += 1;
      this.#waits.add(waitMs);
      if (waitMs <= (this.spec.objectiveMs ?? Number.POSITIVE_INFINITY)) this.#counts.within += 1;
    }
    worker.busy += 1;
    const endMs = nowMs + draw(this.#serviceMs, this.#host.random);
    this.#active.start(arrivalMs, started(marks), nowMs, endMs, worker.number);
  }

  readonly #ended = (number: number, arrivalMs: number, marks: number, workMs: number): void => {
    this.#counts.workMs += workMs;
    const { failureShare = 0 } = this.spec;
    if (failureShare > 0 && this.#host.random.next() < failureShare)
      this.#retry(arrivalMs, failedOnce(marks));
    else this.#counts.completed += 1;
    const worker = this.#crew.numbered(number);
    if (worker === undefined) return;
    worker.busy -= 1;
    if (worker.closing) {
      if (worker.busy === 0) this.#leave(worker);
      return;
    }
    this.#crew.giveHand(worker);
    this.#dispatch();
  };

  #retry(arrivalMs: number, marks: number): void {
    const { attempts = 3, retryDelayMs = 0 } = this.spec;
    if (attemptsOf(marks) >= attempts) this.#counts.failed += 1;
    else if (retryDelayMs === 0) this.#waiting.push(arrivalMs, marks);
    else this.#delayed.push({ atMs: this.#host.now() + retryDelayMs, arrivalMs, marks });
  }

  readonly #found = ({ arrivalMs, marks }: Orphan): void => {
    this.#counts.stalled += 1;
    const stalled = stalledOnce(marks);
    if (stallsOf(stalled) > (this.spec.maxStalled ?? 1)) {
      this.#counts.failed += 1;
      return;
    }
    this.#waiting.pushFront(arrivalMs, stalled);
    this.#dispatch();
  };

  #leave(worker: Worker): void {
    this.#crew.leave(worker);
    this.#stalled.workerEnded();
    this.#interrupted = true;
    worker.exited(0);
  }
}
