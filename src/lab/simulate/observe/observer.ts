import { adapt } from '../../../act/adapt.ts';
import { type CompanionDesign, designCompanion } from '../../../act/companion.ts';
import { drainsAmong, leavingOf } from '../../../act/drain-count.ts';
import { readDrainNote } from '../../../act/drain-note.ts';
import type { StandingPod } from '../../../act/drain-order.ts';
import type { FailedPod } from '../../../act/failed.ts';
import { names } from '../../../act/names.ts';
import type { Standing } from '../../../act/plan.ts';
import type { Observation, Refusal } from '../../../decide/observation.ts';
import { groupSize } from '../../../limits/group-size.ts';
import { outlook } from '../../../limits/outlook.ts';
import type { Pace } from '../../../limits/pace.ts';
import { pricePerHour } from '../../../limits/price.ts';
import type { Spend } from '../../../limits/spend.ts';
import type { Policy } from '../../../policy/policy.ts';
import type { Deployment, Pod } from '../../world/kube.ts';
import { needsOf } from '../../world/needs.ts';
import type { Queue, QueueSample, VirtualNode, World } from '../../world/types.ts';
import { type VirtualPool, virtualNodeName } from '../setup.ts';
import { Drains } from './drains.ts';
import { growthIn } from './growth.ts';
import { type BookedPod, PodBook } from './pod-book.ts';
import { countPods, LastBound } from './pods.ts';
import { ProviderBook } from './provider-book.ts';
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
  /** What bursts have cost. */
  readonly spend: () => Spend;
}

/** One look: what the decision may know, and the objects that the plan starts from. */
export interface Look {
  readonly observation: Observation;
  readonly standing: Standing;
  /** Burst pods that the virtual node failed. */
  readonly failed: readonly FailedPod[];
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
  readonly #provider: ProviderBook;
  readonly #lastBound = new LastBound();
  readonly #drains = new Drains();
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
    this.#provider = new ProviderBook({
      pool: options.pool.name,
      nodeName: virtualNodeName,
      settings: { stuckCreatingAfterSeconds, paceOf: () => this.#pace() },
      templateOf: ({ metadata }) => metadata.labels?.[names.companion],
      now,
    });
    world.objects.onChange((change) => {
      this.#pods.take(change);
      this.#vms.take(change);
      this.#provider.take(change);
    });
  }

  /** The world as it is now. */
  look(): Look {
    const { world, queue, policy } = this.#options;
    const object = world.objects.get('burstpolicies', policy.key);
    if (object === undefined) throw new Error(`the world of a simulation has the policy ${policy.key}`);
    const target = this.#target();
    const pods = [...this.#pods.all()];
    const companions = world.objects
      .ownedBy('deployments', this.#options.policy.uid)
      .map((deployment) => ({ deployment, pods: podsOf(pods, deployment) }));
    const { refusals, warnings, design } = this.#designOf(target);
    const sample = queue.sample();
    const own = podsOf(pods, target);
    const burst = companions.flatMap((each) => each.pods);
    const failures = this.#provider.failures();
    const isFailed = ({ metadata }: Pod): boolean => failures.has(metadata.uid);
    const standing = this.#drains.look([...own, ...burst], policy, queue, sample, isFailed, world.now());
    const live = (among: readonly BookedPod[]): readonly StandingPod[] =>
      among.flatMap((pod) => standing.get(pod) ?? []);
    return {
      observation: this.#observation(target, { refusals, warnings }, design, pods, companions, sample, live),
      standing: standingOf(target, design, companions, object, live, own),
      failed: failedAmong(burst, isFailed),
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
    eligibility: Pick<Design, 'refusals' | 'warnings'>,
    design: CompanionDesign | undefined,
    pods: readonly BookedPod[],
    companions: readonly Companion[],
    sample: QueueSample,
    live: (pods: readonly BookedPod[]) => readonly StandingPod[],
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
      target: {
        replicas: replicasOf(target),
        scaledBy: undefined,
        rollingOut: false,
        hpasThatCountBurst: [],
        ...eligibility,
      },
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
        draining: leavingOf(replicasOf(each.deployment), live(each.pods)),
        failed: live(each.pods).filter(({ failed }) => failed).length,
      })),
      drain: drainsAmong(live(burst), live(own)),
      rescued: undefined,
      roomClaims: [],
      limits: this.#limits(target, design, standing, burst, atMs),
    };
  }

  #designOf(target: Deployment): Design {
    const { template } = target.spec;
    const known = this.#designs.get(template);
    if (known !== undefined) return known;
    const adapted = adapt(templateOf(target), this.#options.pool);
    const design = {
      refusals: adapted.refusals,
      warnings: adapted.warnings,
      design: adapted.template && designCompanion(identity(target), adapted.template),
    };
    this.#designs.set(template, design);
    return design;
  }

  #virtualRoom(pods: readonly BookedPod[]): Omit<Observation['virtualPool'], 'name'> {
    const room = { nodes: 1, cordoned: 0, notReady: 0, ghosts: 0, burstOnUnusable: 0 };
    if (!this.#node.settings.ready) return { ...room, notReady: 1, readyNodes: 0, freePods: 0 };
    const slots = Number(
      this.#options.world.objects.get('nodes', virtualNodeName)?.status.allocatable?.['pods'] ?? 0,
    );
    const used = pods.filter(({ nodeName }) => nodeName === virtualNodeName).length;
    return { ...room, readyNodes: 1, freePods: Math.max(0, slots - used) };
  }

  /** What is asked for and not at the provider yet has its part of quota and pace already. */
  #limits(
    target: Deployment,
    design: CompanionDesign | undefined,
    companions: readonly Companion[],
    burst: readonly BookedPod[],
    nowMs: number,
  ): Observation['limits'] {
    const { policy, pool, limitsKnown } = this.#options;
    const size = groupSize(target.spec.template.spec);
    const price = limitsKnown ? pricePerHour(size, pool.price) : undefined;
    const onNode = burst.filter(({ nodeName }) => nodeName === virtualNodeName);
    const asked = companions.reduce((sum, { deployment }) => sum + replicasOf(deployment), 0);
    return {
      freeQuota: limitsKnown ? this.#freeQuota(asked, size.cores) : undefined,
      namespaceQuota: undefined,
      ...outlook(
        { ...this.#provider.ledger, spend: this.#options.spend() },
        {
          policy,
          pool: { name: pool.name, pace: limitsKnown ? this.#pace() : undefined },
          template: design?.hash,
          asked,
          running: onNode.filter(({ live }) => live).length,
          startingSinceMs: this.#provider.startingSince(design?.hash),
          others: [],
          pricePerHour: price,
          ratePerHour: price && price * onNode.length,
          clusterBudget: { maxRatePerHour: undefined, maxSpendPerDay: undefined, onExhausted: 'Keep' },
          nowMs,
        },
      ),
    };
  }

  /** Replicas that the quota has room for. A pod that was refused has no group, and will ask for its cores again. */
  #freeQuota(asked: number, cores: number): number {
    const coming = Math.max(0, asked - this.#node.groups().length);
    const { quotaCores } = this.#node.settings;
    const free = Math.floor((quotaCores - this.#node.usedCores) / cores + 1e-9);
    return Math.max(0, free - coming);
  }

  /** The provider's own: the controller is told it by its configuration. */
  #pace(): Pace {
    const { createsPer5Minutes, createsPerHour } = this.#node.settings;
    return { per5Minutes: createsPer5Minutes, perHour: createsPerHour };
  }
}

/** As the running controller's configuration has it by default, seconds. */
const stuckCreatingAfterSeconds = 900;

function failedAmong(burst: readonly BookedPod[], isFailed: (pod: Pod) => boolean): readonly FailedPod[] {
  return burst
    .filter(({ pod, endsAtMs }) => endsAtMs === undefined && isFailed(pod))
    .map(({ pod: { metadata }, live }) => ({
      name: metadata.name,
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
      replica: live,
      leaves: readDrainNote(metadata.annotations) !== undefined,
      toll: undefined,
    }));
}

interface Design {
  readonly refusals: readonly Refusal[];
  readonly warnings: readonly Refusal[];
  readonly design: CompanionDesign | undefined;
}

const autoscalerStatus = 'kube-system/cluster-autoscaler-status';
