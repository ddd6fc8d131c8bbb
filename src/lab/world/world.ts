import { startAutoscaler } from './autoscaler.ts';
import { startDeployments } from './deployments.ts';
import { startDisruption } from './disruption-budgets.ts';
import { startGarbageCollector } from './garbage.ts';
import { startHpas } from './hpa.ts';
import { startJobs } from './jobs.ts';
import { startKubelets } from './kubelets.ts';
import { startNodeLifecycle } from './node-lifecycle.ts';
import { ObjectStore } from './objects.ts';
import { PodRuns } from './pod-runs.ts';
import { Processes } from './processes.ts';
import { JobQueue } from './queue.ts';
import { QueueWorkers } from './queue-workers.ts';
import { createRandom, type Random } from './random.ts';
import { startReplicaSets } from './replica-sets.ts';
import { Rooms } from './rooms.ts';
import { defaults } from './scenario.ts';
import { startScheduler } from './scheduler.ts';
import { Timeline } from './timeline.ts';
import type {
  ExternalMetrics,
  PodProcesses,
  Queue,
  Scenario,
  Stage,
  VirtualNode,
  VmNodes,
  World,
  WorldOptions,
} from './types.ts';
import { VirtualKubelet } from './virtual-kubelet.ts';
import { VmFleet } from './vm-nodes.ts';

/** Makes a world; see types.ts for how it is used. */
export function createWorld(options: WorldOptions): World {
  return new Cluster(options);
}

/** The clock, the events and the parts of one world. */
class Cluster implements World, Stage {
  readonly objects: ObjectStore;
  readonly random: Random;
  readonly queues: ReadonlyMap<string, Queue>;
  readonly virtualNodes: ReadonlyMap<string, VirtualNode>;
  readonly vmNodes: VmNodes;
  readonly #timeline = new Timeline();
  readonly #jobQueues: readonly JobQueue[];
  readonly #processes: Processes;
  readonly #earlier = new Set<() => void>();
  #nowMs: number;
  #running = false;
  #metrics: ExternalMetrics;

  constructor({ seed, startMs, scenario }: WorldOptions) {
    this.#nowMs = startMs;
    this.random = createRandom(seed);
    this.objects = new ObjectStore({
      now: () => this.#nowMs,
      random: this.random.fork('objects'),
      changeLogLength: scenario.changeLogLength ?? defaults.changeLogLength,
    });
    const rooms = new Rooms(this.objects);
    this.#processes = new Processes(this);
    this.#jobQueues = this.#makeQueues(scenario);
    this.queues = new Map(this.#jobQueues.map((queue) => [queue.name, queue]));
    this.#processes.add(new QueueWorkers(this, this.#jobQueues));
    this.#metrics = (_, name, selector) =>
      name === 'queue_backlog'
        ? this.queues.get(selector?.matchLabels?.['queue'] ?? '')?.sample().backlog
        : undefined;

    startScheduler(this, rooms, { ...defaults.scheduler, ...scenario.scheduler });
    startReplicaSets(this);
    startDeployments(this);
    startJobs(this);
    startDisruption(this);
    startGarbageCollector(this, rooms);
    startNodeLifecycle(this, rooms);
    startHpas(this, (namespace, name, selector) => this.#metrics(namespace, name, selector));
    const runs = new PodRuns(this, this.#processes);
    const kubelet = { ...defaults.kubelet, ...scenario.kubelet };
    const fleet = new VmFleet(this, runs, kubelet, scenario.pools);
    this.vmNodes = fleet;
    const virtual = (scenario.virtualNodes ?? []).map((spec) => new VirtualKubelet(this, runs, spec));
    const virtualByName = new Map(virtual.map((node) => [node.name, node]));
    this.virtualNodes = virtualByName;
    startKubelets(this, runs, (name) => virtualByName.get(name) ?? fleet.kubelet(name));
    if (scenario.autoscaler !== undefined) {
      startAutoscaler(this, rooms, fleet, scenario.pools, {
        ...defaults.autoscaler,
        ...scenario.autoscaler,
      });
    }
    this.#createObjects(scenario);
  }

  now(): number {
    return this.#nowMs;
  }

  get nextEventAtMs(): number | undefined {
    const atMs = Math.min(this.#timeline.nextAtMs, ...this.#jobQueues.map((queue) => queue.nextAtMs));
    return atMs === Number.POSITIVE_INFINITY ? undefined : Math.max(atMs, this.#nowMs);
  }

  runUntil(ms: number): void {
    if (this.#running) throw new Error('runUntil was called from an event');
    if (ms < this.#nowMs) return;
    this.#running = true;
    try {
      while (this.#step(ms));
    } finally {
      this.#running = false;
    }
    this.#nowMs = ms;
  }

  schedule(atMs: number, run: () => void): () => void {
    const before = this.#running ? 0 : (this.nextEventAtMs ?? Number.POSITIVE_INFINITY);
    const cancel = this.#timeline.add(Math.max(atMs, this.#nowMs), run);
    if (atMs < before) this.#tellEarlier();
    return cancel;
  }

  onEarlier(listener: () => void): () => void {
    this.#earlier.add(listener);
    return () => this.#earlier.delete(listener);
  }

  addProcesses(processes: PodProcesses): void {
    this.#processes.add(processes);
  }

  setExternalMetrics(read: ExternalMetrics): void {
    this.#metrics = read;
  }

  /** One event, or a stretch of one queue's own events; false: nothing is due. Queues go before events of the same time. */
  #step(untilMs: number): boolean {
    const eventAtMs = this.#timeline.nextAtMs;
    let [first, firstAtMs, secondAtMs]: [JobQueue | undefined, number, number] = [
      undefined,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ];
    for (const queue of this.#jobQueues) {
      const atMs = queue.nextAtMs;
      if (atMs < firstAtMs) [first, firstAtMs, secondAtMs] = [queue, atMs, firstAtMs];
      else if (atMs < secondAtMs) secondAtMs = atMs;
    }
    if (Math.min(eventAtMs, firstAtMs) > untilMs) return false;
    if (first !== undefined && firstAtMs <= eventAtMs) {
      first.advance(Math.min(untilMs, eventAtMs, secondAtMs));
    } else {
      this.#nowMs = Math.max(this.#nowMs, eventAtMs);
      this.#timeline.runNext();
    }
    return true;
  }

  /** Inside `runUntil` nobody needs to hear it: who called it asks for `nextEventAtMs` afterwards. */
  #tellEarlier(): void {
    if (!this.#running) for (const listener of this.#earlier) listener();
  }

  #makeQueues(scenario: Scenario): readonly JobQueue[] {
    return (scenario.queues ?? []).map(
      (spec) =>
        new JobQueue(spec, {
          now: () => this.#nowMs,
          enter: (ms) => {
            this.#nowMs = ms;
          },
          touched: () => this.#tellEarlier(),
          random: this.random.fork(`queue/${spec.name}`),
        }),
    );
  }

  #createObjects(scenario: Scenario): void {
    const objects = scenario.objects ?? [];
    const named = objects.flatMap(({ object }) => object.metadata?.namespace ?? []);
    for (const name of new Set(['default', 'kube-system', ...named])) {
      if (this.objects.get('namespaces', name) === undefined) {
        const made = this.objects.create('namespaces', { metadata: { name } });
        this.objects.updateStatus('namespaces', { ...made, status: { phase: 'Active' } });
      }
    }
    for (const { resource, object } of objects) {
      if (
        resource !== 'namespaces' ||
        this.objects.get('namespaces', object.metadata?.name ?? '') === undefined
      ) {
        this.objects.create(resource, object);
      }
    }
  }
}
