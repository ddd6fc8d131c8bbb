import { adapt } from '../../../act/adapt.ts';
import { type CompanionDesign, designCompanion } from '../../../act/companion.ts';
import { names } from '../../../act/names.ts';
import type { Standing } from '../../../act/plan.ts';
import type { Observation, Refusal } from '../../../decide/observation.ts';
import type { Policy } from '../../../policy/policy.ts';
import { groupSize } from '../../world/group-size.ts';
import type { Deployment, Pod } from '../../world/kube.ts';
import { needsOf } from '../../world/needs.ts';
import type { Queue, QueueSample, VirtualNode, World } from '../../world/types.ts';
import { type VirtualPool, virtualNodeName } from '../setup.ts';
import { Creations } from './creations.ts';
import { growthIn } from './growth.ts';
import { type BookedPod, PodBook } from './pod-book.ts';
import { countPods, isBoundTo, LastBound } from './pods.ts';
import { sampleFor } from './sample.ts';
import {
  type Companion,
  identity,
  isDeleting,
  podsOf,
  replicasOf,
  standingOf,
  templateOf,
} from './standing.ts';
import { VmPoolBook } from './vm-pool.ts';

/** What the observer is told from outside. */
export interface ObserverOptions {
  readonly world: World;
  readonly queue: Queue;
  readonly policy: Policy;
  readonly pool: VirtualPool;
  /** Quota, pace and prices are known. */
  readonly limitsKnown: boolean;
  /** Spent on burst in the last 24 h. */
  readonly spentToday: (nowMs: number) => number;
}

/** One look: what the decision may know, and the objects that the plan starts from. */
export interface Look {
  readonly observation: Observation;
  readonly standing: Standing;
}

/**
 * Makes observations out of a world, as the controller's view of a cluster makes them: everything that `decide` asks
 * for, kept up to date by the world's changes so that a look costs little.
 */
export class Observer {
  readonly #options: ObserverOptions;
  readonly #pods: PodBook;
  readonly #vms: VmPoolBook;
  readonly #node: VirtualNode;
  readonly #creations: Creations;
  readonly #lastBound = new LastBound();
  readonly #designs = new WeakMap<object, Design>();

  constructor(options: ObserverOptions) {
    this.#options = options;
    const { world } = options;
    const now = (): number => world.now();
    const node = world.virtualNodes.get(virtualNodeName);
    if (node === undefined) throw new Error('the world of a simulation has a virtual node');
    this.#node = node;
    this.#pods = new PodBook(now, (name) => world.virtualNodes.has(name));
    this.#vms = new VmPoolBook((name) => world.virtualNodes.has(name), now, world.objects.values('nodes'));
    this.#creations = new Creations(node.settings);
    world.objects.onChange((change) => {
      this.#pods.take(change);
      this.#vms.take(change);
      if (change.resource !== 'pods' || change.type !== 'MODIFIED') return;
      const bound = isBoundTo(change.object as Pod, virtualNodeName);
      if (bound && !isBoundTo(change.before as Pod, virtualNodeName)) this.#creations.add(world.now());
    });
  }

  /** The world as it is now. */
  look(): Look {
    const { world, queue } = this.#options;
    const target = this.#target();
    const pods = [...this.#pods.all()];
    const companions = world.objects
      .ownedBy('deployments', this.#options.policy.uid)
      .map((deployment) => ({ deployment, pods: podsOf(pods, deployment) }));
    const { refusals, design } = this.#designOf(target);
    const sample = queue.sample();
    return {
      observation: this.#observation(target, refusals, design, pods, companions, sample),
      standing: standingOf(target, design, companions, sample),
    };
  }

  #target(): Deployment {
    const { world, policy } = this.#options;
    const key = `${policy.namespace}/${policy.target.kind === 'Jobs' ? '' : policy.target.name}`;
    const target = world.objects.get('deployments', key);
    if (target === undefined) throw new Error(`the world of a simulation has the Deployment ${key}`);
    return target;
  }

  #observation(
    target: Deployment,
    refusals: readonly Refusal[],
    design: CompanionDesign | undefined,
    pods: readonly BookedPod[],
    companions: readonly Companion[],
    sample: QueueSample,
  ): Observation {
    const { world, policy, pool } = this.#options;
    const atMs = world.now();
    const own = podsOf(pods, target);
    const burst = companions.flatMap((each) => each.pods);
    const standing = companions.filter(({ deployment }) => !isDeleting(deployment));
    const shape = needsOf(target.spec.template.spec);
    const growth = growthIn(world.objects.get('configmaps', autoscalerStatus), atMs);
    return {
      atMs,
      sources: (policy.scaling?.sources ?? []).map((source) => ({
        name: source.name,
        sample: sampleFor(source.feed.type, sample, atMs),
      })),
      target: { replicas: replicasOf(target), scaledBy: undefined, rollingOut: false, refusals },
      pods: countPods({
        target: own,
        burst,
        readyTimeoutSeconds: policy.burst.reclaim.readyTimeoutSeconds,
        carries: (nodeName) => this.#vms.carries(nodeName),
        isVirtual: (nodeName) => nodeName === virtualNodeName,
        lastBound: this.#lastBound,
        startLatencySeconds: this.#pods.startLatencySeconds,
        nowMs: atMs,
      }),
      shape,
      vmPool: this.#vms.observe(shape, own, growth),
      virtualPool: { name: pool.name, ...this.#virtualRoom(pods) },
      companions: standing.map((each) => ({
        name: each.deployment.metadata.name,
        templateHash: each.deployment.metadata.labels?.[names.companion] ?? '',
        current: each.deployment.metadata.name === design?.name,
        replicas: replicasOf(each.deployment),
        ready: each.deployment.status.readyReplicas ?? 0,
        pods: each.pods.length,
        draining: 0,
      })),
      roomClaims: [],
      limits: this.#limits(target, standing, burst, atMs),
    };
  }

  #designOf(target: Deployment): Design {
    const { template } = target.spec;
    const known = this.#designs.get(template);
    if (known !== undefined) return known;
    const adapted = adapt(templateOf(target), this.#options.pool);
    const design = {
      refusals: adapted.refusals,
      design: adapted.template && designCompanion(identity(target), adapted.template),
    };
    this.#designs.set(template, design);
    return design;
  }

  #virtualRoom(pods: readonly BookedPod[]): { readonly readyNodes: number; readonly freePods: number } {
    if (!this.#node.settings.ready) return { readyNodes: 0, freePods: 0 };
    const slots = Number(
      this.#options.world.objects.get('nodes', virtualNodeName)?.status.allocatable?.['pods'] ?? 0,
    );
    const used = pods.filter(({ nodeName }) => nodeName === virtualNodeName).length;
    return { readyNodes: 1, freePods: Math.max(0, slots - used) };
  }

  /** What is asked for and not at the provider yet has its part of quota and pace already. */
  #limits(
    target: Deployment,
    companions: readonly Companion[],
    burst: readonly BookedPod[],
    nowMs: number,
  ): Observation['limits'] {
    if (!this.#options.limitsKnown) return unknownLimits;
    const size = groupSize({ ...target, spec: target.spec.template.spec } as unknown as Pod);
    const { price } = this.#options.pool;
    const { quotaCores } = this.#node.settings;
    const there = burst.filter(({ nodeName, live }) => live && nodeName === virtualNodeName).length;
    const asked = companions.reduce((sum, { deployment }) => sum + replicasOf(deployment), 0);
    const coming = Math.max(0, asked - there);
    const free = Math.floor((quotaCores - this.#node.usedCores) / size.cores + 1e-9);
    return {
      freeQuota: Math.max(0, free - coming),
      creationTokens: Math.max(0, this.#creations.tokens(nowMs) - coming),
      namespaceQuota: undefined,
      breaker: 'closed',
      pricePerHour:
        price === undefined
          ? undefined
          : size.cores * price.perCpuHour + (size.memoryBytes / 1e9) * price.perMemoryGbHour,
      spentToday: this.#options.spentToday(nowMs),
    };
  }
}

const unknownLimits: Observation['limits'] = {
  freeQuota: undefined,
  creationTokens: undefined,
  namespaceQuota: undefined,
  breaker: 'closed',
  pricePerHour: undefined,
  spentToday: 0,
};

interface Design {
  readonly refusals: readonly Refusal[];
  readonly design: CompanionDesign | undefined;
}

const autoscalerStatus = 'kube-system/cluster-autoscaler-status';
