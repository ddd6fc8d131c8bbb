import { drainMark, drainText, readDrainNote } from '../../../../src/act/drain-note.ts';
import type { StandingPod } from '../../../../src/act/drain-order.ts';
import { Sightings } from '../../../../src/act/drain-sightings.ts';
import { Waits } from '../../../../src/act/drain-waits.ts';
import { allStand, obeyed, workOf } from '../../../../src/act/drain-work.ts';
import { names } from '../../../../src/act/names.ts';
import { resized } from '../../../../src/act/plan-workload.ts';
import type { Write } from '../../../../src/act/write.ts';
import type { WorkerReport, WorkersSample } from '../../../../src/demand/drain.ts';
import { policy, sample, startMs } from '../../decide/given.ts';

/** A pod with a worker that uses the drain library. */
interface ModelPod {
  readonly name: string;
  readonly bornMs: number;
  bound: boolean;
  running: boolean;
  ready: boolean;
  busy: number;
  annotations: Readonly<Record<string, string>>;
  /** What stood on it, and when it changed last: a ReplicaSet controller may not have seen the change yet. */
  before: Readonly<Record<string, string>>;
  changedMs: number;
  /** The mark that its worker obeys. */
  obeys: string | undefined;
  obeysUntilMs: number;
  /** When it took its latest job. */
  tookMs: number;
  /** What it said last: in the same call it hears of its mark, and obeys only after it. */
  report: WorkerReport | undefined;
}

export const timeoutSeconds = 90;
/** A worker hears of its mark a second after the drain began, and is counted from then on, ms. */
const hearsMs = 3_000;
/** A ReplicaSet controller's cache is behind by less than this, ms; plans count on a second. */
const lagMs = 900;
const stepMs = 250;
/** Marks live so long after the last renewal, ms. */
const markLifeMs = 60_000;
const given = policy({ burst: { drain: { timeoutSeconds } } });

/** One companion, its ReplicaSet, its workers, their Redis, and a controller that may be restarted at any moment. */
export class DrainModel {
  readonly pods: ModelPod[] = [];
  replicas = 0;
  wanted = 0;
  #redisUp = true;
  /** Workers, by pod, that were deleted with jobs in work although their time was not over. */
  readonly interrupted: string[] = [];
  #nowMs = startMs;
  /** Since when this controller looks, and is no dry run. */
  #ledSinceMs = startMs;
  #named = 0;
  #sightings = new Sightings();
  #waits = new Waits();
  /** Pods that are not marked yet. */
  #unheard: ReadonlySet<string> = new Set();
  #marks = new Map<string, { readonly mark: string; readonly untilMs: number }>();
  #markedAtMs: number | undefined;

  constructor(pods: readonly (Pick<ModelPod, 'bound' | 'running' | 'ready'> & { readonly busy: number })[]) {
    for (const each of pods) this.#make({ ...each, bound: each.bound || each.running });
    this.replicas = pods.length;
    this.wanted = pods.length;
  }

  /** A new controller: it knows nothing but what stands in the cluster. */
  restart(): void {
    this.#sightings = new Sightings();
    this.#waits = new Waits();
    this.#markedAtMs = undefined;
    this.#ledSinceMs = this.#nowMs;
  }

  get redisUp(): boolean {
    return this.#redisUp;
  }

  /** Reports from before an outage of the Redis are too old to count: those that are heard first come after it. */
  set redisUp(up: boolean) {
    this.#redisUp = up;
    if (up) for (const pod of this.pods) if (pod.running) pod.report = reportOf(pod);
  }

  /** A dry run begins: marks are lifted, notes are left; work comes in, and then the policy is no dry run any more. */
  dryRun(seconds: number): void {
    if (this.#redisUp) this.#marks.clear();
    for (let step = 0; step < seconds * 4; step += 1) {
      this.step();
      if (step % 8 === 0) this.begin(step / 8);
      if (step % 4 === 0) this.#standing();
      this.#waits.lifted();
    }
    this.#ledSinceMs = this.#nowMs;
  }

  /** The controller is at work for so long, and so are others. */
  busyFor(seconds: number): void {
    for (let step = 0; step < seconds * 4; step += 1) {
      this.step();
      if (step % 8 === 0) this.begin(step / 8);
      this.pass();
      this.replicaSet();
    }
  }

  /** Time passes: workers hear of marks and report, pods start. */
  step(): void {
    this.#nowMs += stepMs;
    for (const pod of this.pods) {
      if (this.#nowMs - pod.bornMs > 3_000) pod.bound = true;
      if (this.#nowMs - pod.bornMs > 6_000 && !pod.running) {
        pod.running = true;
        pod.ready = true;
      }
      const mark = this.#marks.get(pod.name);
      if (pod.obeysUntilMs <= this.#nowMs) pod.obeys = undefined;
      const hears = this.#redisUp && pod.running && (this.#nowMs / stepMs + pod.bornMs) % 4 < 1;
      if (!hears) continue;
      pod.report = reportOf(pod);
      pod.obeys = mark !== undefined && mark.untilMs > this.#nowMs ? mark.mark : undefined;
      pod.obeysUntilMs = mark?.untilMs ?? 0;
    }
  }

  /** A worker takes a job, if it takes any: none does before its first word. */
  begin(index: number): void {
    const takers = this.pods.filter((pod) => pod.report !== undefined && pod.obeys === undefined);
    const pod = takers[index % Math.max(1, takers.length)];
    if (pod === undefined) return;
    pod.busy += 1;
    pod.tookMs = this.#nowMs;
  }

  finish(index: number): void {
    const pod = this.pods.filter(({ busy }) => busy > 0)[index % Math.max(1, this.pods.length)];
    if (pod !== undefined) pod.busy -= 1;
  }

  finishAll(): void {
    for (const pod of this.pods) pod.busy = 0;
  }

  flap(index: number): void {
    const pod = this.pods.filter(({ running }) => running)[index % Math.max(1, this.pods.length)];
    if (pod !== undefined) pod.ready = !pod.ready;
  }

  /** Nobody leads for so long, and work comes in. */
  leaderless(seconds: number): void {
    for (let step = 0; step < seconds * 4; step += 1) {
      this.step();
      if (step % 8 === 0) this.begin(step / 8);
    }
    this.restart();
  }

  /** One pass of the controller, of whose writes only so many are made before it dies. Returns what it planned. */
  pass(most = Number.POSITIVE_INFINITY): readonly Write[] {
    const live = this.#standing();
    const order = { policy: given, decisionId: 'd', atMs: this.#nowMs };
    const workload = { name: 'companion', resourceVersion: '1', replicas: this.replicas, live };
    const { takenBack, growth, giving } = resized('ScaleCompanion', order, workload, this.wanted);
    const writes = [...takenBack, ...growth, ...giving];
    for (const write of writes.slice(0, most)) this.#apply(write);
    if (most < writes.length) this.restart();
    else this.#mark();
    return writes;
  }

  /** The ReplicaSet controller does its work, with a cache that may be behind and choosing the worst of equals. */
  replicaSet(): void {
    const byLot = this.pods.toSorted((a, b) => this.#rank(a) - this.#rank(b) || b.busy - a.busy);
    const most = this.pods.length - this.replicas;
    for (const pod of byLot.slice(0, Math.max(0, most))) {
      const note = readDrainNote(pod.annotations);
      const leastMs = timeoutSeconds * 1000;
      const overdue =
        note !== undefined &&
        this.#nowMs - note.sinceMs >= leastMs &&
        (this.#nowMs - pod.tookMs >= leastMs - hearsMs || this.#isUntold());
      if (pod.busy > 0 && !overdue) this.interrupted.push(`${pod.name} with ${pod.busy}`);
      this.pods.splice(this.pods.indexOf(pod), 1);
    }
    while (this.pods.length < this.replicas)
      this.#make({ bound: false, running: false, ready: false, busy: 0 });
  }

  get notes(): number {
    return this.pods.filter(({ annotations }) => annotations[names.drain] !== undefined).length;
  }

  /** Whom nobody can tell takes jobs again when its mark expires, and its drain ends by its time all the same. */
  #isUntold(): boolean {
    return !this.#redisUp && this.#nowMs - this.#ledSinceMs >= markLifeMs - hearsMs;
  }

  #rank(pod: ModelPod): number {
    const fresh = this.#nowMs - pod.changedMs < lagMs;
    const costs = [pod.annotations, ...(fresh ? [pod.before] : [])].map(costOf);
    // The worst that the cache may say: a busy pod at its lowest cost, an empty one at its highest.
    const cost = pod.busy > 0 ? Math.min(...costs) : Math.max(...costs);
    const state = (pod.bound ? 100 : 0) + (pod.running ? 10 : 0) + (pod.ready ? 1 : 0);
    return state * 100_000 + cost;
  }

  #make(pod: Pick<ModelPod, 'bound' | 'running' | 'ready' | 'busy'>): void {
    const made: ModelPod = {
      ...pod,
      name: `pod-${this.#named}`,
      ready: pod.running && pod.ready,
      busy: pod.running ? pod.busy : 0,
      bornMs: pod.running ? 0 : this.#nowMs,
      annotations: {},
      before: {},
      changedMs: 0,
      obeys: undefined,
      obeysUntilMs: 0,
      tookMs: startMs,
      report: undefined,
    };
    if (made.running) made.report = reportOf(made);
    this.pods.push(made);
    this.#named += 1;
  }

  #apply(write: Write): void {
    if (write.kind === 'ScaleCompanion') this.replicas = write.to;
    if (write.kind !== 'SetDrain') return;
    const pod = this.pods.find(({ name }) => name === write.name);
    if (pod === undefined) return;
    pod.before = pod.annotations;
    pod.changedMs = this.#nowMs;
    pod.annotations =
      write.drain === undefined
        ? {}
        : { [names.drain]: drainText(write.drain.note), [names.deletionCost]: String(write.drain.cost) };
  }

  /** What DrainPort.mark does: those named are renewed, all others of ours lifted. */
  #mark(): void {
    if (!this.#redisUp) return;
    const noted = this.pods.flatMap(({ name, annotations }) => {
      const note = readDrainNote(annotations);
      return note === undefined || this.#unheard.has(`${name} ${note.sinceMs}`)
        ? []
        : [[name, drainMark(note)] as const];
    });
    const untilMs = this.#nowMs + markLifeMs;
    this.#marks = new Map(noted.map(([name, mark]) => [name, { mark, untilMs }]));
    this.#markedAtMs = this.#nowMs;
  }

  #standing(): readonly StandingPod[] {
    const settled = this.#sightings.look(
      this.pods.map(({ name, annotations }) => ({ uid: name, annotations })),
      this.#nowMs,
    );
    const asked = this.pods.map(({ name, annotations }) => ({
      name,
      set: 'set',
      note: readDrainNote(annotations),
    }));
    const source = {
      sample: sample({ atMs: this.#nowMs }),
      namesWorkers: false,
      workers: this.#reports(),
    };
    const work = workOf(asked, [source], this.#nowMs);
    const obeys = obeyed(asked, [source], this.#nowMs);
    const waits = this.#waits.look(
      asked.map(({ name, note }) => ({ uid: name, note, obeys: obeys.get(name) })),
      { nowMs: this.#nowMs, elapsedMs: this.#nowMs, standing: allStand([source], this.#nowMs) },
    );
    const unheard = asked.filter(({ name }) => {
      const wait = waits.get(name);
      return wait !== undefined && (wait.found || wait.lapsed);
    });
    this.#unheard = new Set(unheard.map(({ name, note }) => `${name} ${note?.sinceMs ?? ''}`));
    return this.pods.map((pod) => ({
      name: pod.name,
      resourceVersion: '1',
      set: 'set',
      bound: pod.bound,
      phase: pod.running ? 'Running' : 'Pending',
      ready: pod.ready,
      failed: false,
      deletionCost: costOf(pod.annotations),
      drain: readDrainNote(pod.annotations),
      ...waitIn(waits, pod.name),
      settled: settled.has(pod.name),
      work: work.get(pod.name) ?? { busyJobs: 0, told: 'unknown', reports: false },
    }));
  }

  #reports(): WorkersSample {
    return {
      atMs: this.#nowMs,
      state: this.#redisUp ? 'ok' : 'lost',
      markedAtMs: this.#redisUp ? this.#markedAtMs : undefined,
      workers: this.pods.flatMap(({ report }) => report ?? []),
    };
  }
}

function reportOf({ name, busy, obeys }: ModelPod): WorkerReport {
  const state = obeys === undefined ? 'working' : busy > 0 ? 'draining' : 'drained';
  return { pod: name, state, mark: obeys, busy };
}

function waitIn(waits: ReturnType<Waits['look']>, name: string): Pick<StandingPod, 'wait'> {
  const wait = waits.get(name);
  return wait === undefined ? {} : { wait };
}

function costOf(annotations: Readonly<Record<string, string>>): number {
  return Number(annotations[names.deletionCost] ?? 0);
}
