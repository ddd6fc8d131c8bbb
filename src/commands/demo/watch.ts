import type { Queue } from 'bullmq';
import type { RecordedDecision } from '../../decide/decision.ts';
import type { KubeObject } from '../../lab/world/kube.ts';
import type { World } from '../../lab/world/types.ts';
import type { Crew } from './crew.ts';
import { namespace, prices, target } from './scene.ts';

/** What the demo shows at a moment. */
export interface Moment {
  /** Seconds since the start. */
  readonly atSeconds: number;
  readonly waiting: number;
  readonly active: number;
  readonly completed: number;
  /** Running pods of the target on VM nodes, and those asked for. */
  readonly vmRunning: number;
  readonly vmAsked: number;
  readonly vmNodes: number;
  readonly burstRunning: number;
  readonly burstAsked: number;
  /** Price of the burst so far. */
  readonly cost: number;
  /** Sentence of the latest decision. */
  readonly summary: string;
  /** What Azure tells; left out: the demo runs without. */
  readonly azure?: string;
}

/** What the demo tells at its end: the one line of `--json`. */
export interface Summary {
  readonly jobs: {
    readonly added: number;
    readonly completed: number;
    readonly failed: number;
    readonly stalled: number;
  };
  /** From the first job of the spike to the companion being there, milliseconds; null: nothing burst. */
  readonly reactionMs: number | null;
  readonly burst: {
    readonly peak: number;
    /** Milliseconds from the spike to the first companion, and to its end; null: not seen. */
    readonly firstAtMs: number | null;
    readonly goneAtMs: number | null;
  };
  readonly vm: { readonly peak: number };
  readonly cost: number;
}

interface DeploymentLike extends KubeObject {
  readonly spec?: { readonly replicas?: number };
}

interface PodLike extends KubeObject {
  readonly spec?: { readonly nodeName?: string };
  readonly status?: { readonly phase?: string };
}

/** Looks on: counts, adds up the cost, and remembers when things happened first and last. */
export class Watch {
  readonly #world: World;
  readonly #queue: Queue;
  readonly #crew: Crew;
  readonly #lastDecision: () => RecordedDecision | undefined;
  readonly #startedMs = Date.now();
  readonly #stop: () => void;
  #spikeMs: number | undefined;
  #added = 0;
  #firstMs: number | undefined;
  #goneMs: number | undefined;
  #burstPeak = 0;
  #vmPeak = 0;
  #cost = 0;
  #costedMs = Date.now();

  constructor(parts: {
    readonly world: World;
    readonly queue: Queue;
    readonly crew: Crew;
    readonly lastDecision: () => RecordedDecision | undefined;
  }) {
    this.#world = parts.world;
    this.#queue = parts.queue;
    this.#crew = parts.crew;
    this.#lastDecision = parts.lastDecision;
    this.#stop = parts.world.objects.onChange(() => this.#noticeCompanions());
  }

  /** The first job of the spike is there. */
  spike(jobs: number, atMs: number): void {
    this.#spikeMs ??= atMs;
    this.#added += jobs;
  }

  /** The burst has come and gone, and every job that was added has ended. */
  get over(): boolean {
    const { completed, failed } = this.#crew.tally;
    return this.#goneMs !== undefined && this.#added > 0 && completed + failed >= this.#added;
  }

  async moment(): Promise<Moment> {
    this.#charge();
    const counts = await this.#queue.getJobCounts('waiting', 'active', 'prioritized', 'delayed');
    const running = this.#pods().filter((pod) => pod.status?.phase === 'Running');
    const burstRunning = running.filter((pod) => this.#isVirtual(pod)).length;
    const vmRunning = running.length - burstRunning;
    this.#vmPeak = Math.max(this.#vmPeak, vmRunning);
    return {
      atSeconds: (Date.now() - this.#startedMs) / 1000,
      waiting: (counts.waiting ?? 0) + (counts.prioritized ?? 0) + (counts.delayed ?? 0),
      active: counts.active ?? 0,
      completed: this.#crew.tally.completed,
      vmRunning,
      vmAsked: this.#replicas((deployment) => deployment.metadata.name === target),
      vmNodes: this.#nodes(),
      burstRunning,
      burstAsked: this.#replicas(isCompanion),
      cost: this.#cost,
      summary: this.#lastDecision()?.decision.summary ?? 'Waiting for the first decision.',
    };
  }

  summary(): Summary {
    this.#charge();
    const since = (atMs: number | undefined): number | null =>
      atMs === undefined || this.#spikeMs === undefined ? null : Math.round(atMs - this.#spikeMs);
    return {
      jobs: { added: this.#added, ...this.#crew.tally },
      reactionMs: since(this.#firstMs),
      burst: { peak: this.#burstPeak, firstAtMs: since(this.#firstMs), goneAtMs: since(this.#goneMs) },
      vm: { peak: this.#vmPeak },
      cost: Number(this.#cost.toFixed(6)),
    };
  }

  close(): void {
    this.#stop();
  }

  #noticeCompanions(): void {
    const asked = this.#replicas(isCompanion);
    this.#burstPeak = Math.max(this.#burstPeak, asked);
    if (asked > 0) {
      this.#firstMs ??= Date.now();
      this.#goneMs = undefined;
    } else if (this.#firstMs !== undefined) {
      this.#goneMs ??= Date.now();
    }
  }

  /** Container groups are paid by the second, from creation to end. */
  #charge(): void {
    const nowMs = Date.now();
    const hours = (nowMs - this.#costedMs) / 3_600_000;
    this.#costedMs = nowMs;
    for (const node of this.#world.virtualNodes.values()) {
      for (const { cores, memoryBytes } of node.groups()) {
        this.#cost += hours * (cores * prices.perCpuHour + (memoryBytes / 1e9) * prices.perMemoryGbHour);
      }
    }
  }

  #replicas(which: (deployment: DeploymentLike) => boolean): number {
    return this.#list('deployments')
      .map((object): DeploymentLike => object)
      .filter(which)
      .reduce((total, deployment) => total + (deployment.spec?.replicas ?? 0), 0);
  }

  #pods(): readonly PodLike[] {
    return this.#list('pods').filter((pod) => pod.metadata.deletionTimestamp === undefined);
  }

  #isVirtual(pod: PodLike): boolean {
    return this.#world.virtualNodes.has(pod.spec?.nodeName ?? '');
  }

  #nodes(): number {
    return this.#world.objects
      .list('nodes')
      .filter((node) => !this.#world.virtualNodes.has(node.metadata.name)).length;
  }

  #list(resource: string): readonly KubeObject[] {
    return this.#world.objects.list(resource, namespace);
  }
}

function isCompanion(deployment: KubeObject): boolean {
  return deployment.metadata.labels?.['app.kubernetes.io/managed-by'] === 'spillway';
}
