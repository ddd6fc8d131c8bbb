import type { V1PodTemplateSpec } from '@kubernetes/client-node';
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
import { VmPoolBook } from './vm-pool.ts';

/** What the observer is told from outside. */
export interface ObserverOptions {
  readonly world: World;
  readonly queue: Queue;
  readonly policy: Policy;
  readonly pool: VirtualPool;
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
    this.#pods = new PodBook(now);
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
    const { world, queue, policy, pool } = this.#options;
    const { objects } = world;
    const atMs = world.now();
    const { namespace, target: named } = policy;
    const name = named.kind === 'Jobs' ? '' : named.name;
    const target = objects.get('deployments', `${namespace}/${name}`);
    if (target === undefined)
      throw new Error(`the world of a simulation has the Deployment ${namespace}/${name}`);
    const companions = objects.ownedBy('deployments', policy.uid);
    const live = [...this.#pods.all()];
    const own = live.filter((each) => each.deploymentUid === target.metadata.uid);
    const podsOf = new Map(companions.map((each) => [each, ofDeployment(live, each)]));
    const burst = [...podsOf.values()].flat();
    const { refusals, design } = this.#designOf(target);
    const sample = queue.sample();
    const shape = needsOf(target.spec.template.spec);
    const counts = countPods({
      target: own,
      burst,
      readyTimeoutSeconds: policy.burst.reclaim.readyTimeoutSeconds,
      carries: (nodeName) => this.#vms.carries(nodeName),
      isVirtual: (nodeName) => nodeName === virtualNodeName,
      lastBound: this.#lastBound,
      startLatencySeconds: this.#pods.startLatencySeconds,
      nowMs: atMs,
    });
    const replicas = replicasOf(target);
    const standing = companions.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const asked = standing.reduce((sum, each) => sum + replicasOf(each), 0);
    return {
      observation: {
        atMs,
        sources: (policy.scaling?.sources ?? []).map((source) => ({
          name: source.name,
          sample: sampleFor(source.feed.type, sample, atMs),
        })),
        target: { replicas, scaledBy: undefined, rollingOut: false, refusals },
        pods: counts,
        shape,
        vmPool: this.#vms.observe(shape, own, growthIn(objects.get('configmaps', autoscalerStatus), atMs)),
        virtualPool: { name: pool.name, ...this.#virtualRoom(live) },
        companions: standing.map((each) => ({
          name: each.metadata.name,
          templateHash: each.metadata.labels?.[names.companion] ?? '',
          current: each.metadata.name === design?.name,
          replicas: replicasOf(each),
          ready: each.status.readyReplicas ?? 0,
          pods: podsOf.get(each)?.length ?? 0,
          draining: 0,
        })),
        roomClaims: [],
        limits: this.#limits(target, asked, burst, atMs),
      },
      standing: {
        target: { ...identity(target), resourceVersion: target.metadata.resourceVersion, replicas },
        design,
        nameTaken: false,
        companions: companions.map((each) => ({
          name: each.metadata.name,
          uid: each.metadata.uid,
          resourceVersion: each.metadata.resourceVersion,
          replicas: replicasOf(each),
          ready: each.status.readyReplicas ?? 0,
          pods: podsOf.get(each)?.length ?? 0,
          deleting: each.metadata.deletionTimestamp !== undefined,
          labels: each.metadata.labels ?? {},
          template: templateOf(each),
        })),
        burstPods: companions.flatMap((each) => burstPods(each, podsOf.get(each) ?? [], sample)),
      },
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
    asked: number,
    burst: readonly BookedPod[],
    nowMs: number,
  ): Observation['limits'] {
    const size = groupSize({ ...target, spec: target.spec.template.spec } as unknown as Pod);
    const { price } = this.#options.pool;
    const { quotaCores } = this.#node.settings;
    const there = burst.filter(({ nodeName, live }) => live && nodeName === virtualNodeName).length;
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

interface Design {
  readonly refusals: readonly Refusal[];
  readonly design: CompanionDesign | undefined;
}

const autoscalerStatus = 'kube-system/cluster-autoscaler-status';

function identity({ metadata }: Deployment): {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
} {
  return { name: metadata.name, namespace: metadata.namespace ?? '', uid: metadata.uid };
}

function replicasOf({ spec }: Deployment): number {
  return spec.replicas ?? 1;
}

/** The template as the API server has it: what the lab keeps of it is whole. */
function templateOf({ spec }: Deployment): V1PodTemplateSpec {
  return spec.template as unknown as V1PodTemplateSpec;
}

function ofDeployment(pods: readonly BookedPod[], { metadata }: Deployment): readonly BookedPod[] {
  return pods.filter(({ deploymentUid }) => deploymentUid === metadata.uid);
}

function burstPods(
  { metadata: { name } }: Deployment,
  pods: readonly BookedPod[],
  { busy }: QueueSample,
): Standing['burstPods'] {
  return pods
    .filter(({ live }) => live)
    .map(({ pod: { metadata } }) => ({
      name: metadata.name,
      resourceVersion: metadata.resourceVersion,
      companion: name,
      busyJobs: busy[metadata.name] ?? 0,
      deletionCost: Number(metadata.annotations?.[names.deletionCost] ?? 0),
    }));
}
