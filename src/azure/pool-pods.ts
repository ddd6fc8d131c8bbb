import { isOver, type SlimPod } from '../cluster/slim.ts';
import type { Change } from '../cluster/store.ts';
import type { ClusterView } from '../cluster/view.ts';
import { poolOf } from '../cluster/virtual-nodes.ts';
import type { VirtualPool } from '../config.ts';
import type { Grouped } from '../limits/group-size.ts';
import { VirtualPods } from '../limits/virtual-pods.ts';
import type { Policy } from '../policy/policy.ts';
import type { GroupPod } from './arm.ts';
import type { QuotaPod } from './quota.ts';
import { coresIn, coresOf } from './workload-cores.ts';

/** What the cluster tells of the pods on the virtual pools of a provider. */
export interface PodsOnPool {
  /** Those that have a container group or will get one. */
  pods(): readonly PoolPod[];
  /** Whether the cluster has this very pod, by name and UID. */
  has(pod: GroupPod): boolean;
  /** Whether any pod has that name, whoever it is. */
  hasNamed(pod: Pick<GroupPod, 'namespace' | 'name'>): boolean;
  /** The pool of a node by its name; undefined: the cluster has no such node, or it is none of these pools. */
  poolOfNode(name: string): VirtualPool | undefined;
  /** What one replica of a policy asks for; undefined: not known. */
  coresOf(policy: Policy): number | undefined;
  /** Whether all this is as the cluster is now, so that a pod that is not in it does not exist. */
  fresh(): boolean;
}

export interface PoolPod extends QuotaPod {
  readonly namespace: string;
  readonly name: string;
  /** `namespace/name` of the policy whose pod it is; undefined: nobody's. */
  readonly policy: string | undefined;
  readonly ready: boolean;
}

export interface PoolPodsOptions {
  readonly view: Pick<ClusterView, 'store' | 'onChange' | 'health'>;
  readonly pools: readonly VirtualPool[];
  /** Those of them that this is about. */
  readonly served: readonly VirtualPool[];
  /** Caches that heard nothing for longer are not fresh. */
  readonly maxCacheAgeSeconds: number;
  /** A pod on them has just failed. */
  readonly onFailure: () => void;
}

/** A pod whose size nobody knows counts as what a container gets that asks for nothing (azure-aci). */
const assumedCores = 1;

/** Follows the pods on virtual pools from `open` until `close`. */
export class PoolPods implements PodsOnPool {
  readonly #options: PoolPodsOptions;
  readonly #virtual: VirtualPods;
  readonly #cores = new WeakMap<Grouped, number>();
  #stop = (): void => undefined;

  constructor(options: PoolPodsOptions) {
    this.#options = options;
    this.#virtual = new VirtualPods(options.view.store, options.pools);
  }

  open(): void {
    this.#virtual.scan();
    this.#stop = this.#options.view.onChange((change) => this.#heard(change));
  }

  close(): void {
    this.#stop();
    this.#stop = () => undefined;
    this.#virtual.clear();
  }

  pods(): readonly PoolPod[] {
    return [...this.#virtual.all()]
      .filter((pod) => this.#isServed(pod) && hasGroup(pod))
      .map((pod) => ({
        uid: pod.uid,
        namespace: pod.namespace,
        name: pod.name,
        policy: this.#virtual.ownerOf(pod)?.policy,
        cores: this.#coresOfPod(pod),
        running: pod.phase === 'Running',
        ready: pod.ready,
        boundAtMs: pod.boundAtMs,
      }));
  }

  has({ namespace, name, uid }: GroupPod): boolean {
    return this.#options.view.store.pods.get(`${namespace}/${name}`)?.uid === uid;
  }

  hasNamed({ namespace, name }: Pick<GroupPod, 'namespace' | 'name'>): boolean {
    return this.#options.view.store.pods.get(`${namespace}/${name}`) !== undefined;
  }

  poolOfNode(name: string): VirtualPool | undefined {
    const pool = this.#virtual.poolOfNode(name);
    return pool !== undefined && this.#options.served.includes(pool) ? pool : undefined;
  }

  coresOf(policy: Policy): number | undefined {
    return coresOf(this.#options.view.store, policy);
  }

  fresh(): boolean {
    const { view, maxCacheAgeSeconds } = this.#options;
    return view
      .health()
      .filter(({ kind }) => kind === 'pods' || kind === 'nodes')
      .every(({ state, ageSeconds }) => state === 'watching' && ageSeconds <= maxCacheAgeSeconds);
  }

  #coresOfPod(pod: SlimPod): number {
    const owner = this.#virtual.ownerOf(pod);
    if (owner === undefined) return pod.shape.requests.cpuMillicores / 1000 || assumedCores;
    const known = this.#cores.get(owner.spec);
    const cores = known ?? coresIn(owner.spec) ?? assumedCores;
    if (known === undefined) this.#cores.set(owner.spec, cores);
    return cores;
  }

  #heard(change: Change): void {
    if (change.kind === 'policies') {
      this.#virtual.policiesChanged();
    } else if (change.kind === 'nodes') {
      if (change.type === 'added' && poolOf(change.object, this.#options.pools) !== undefined) {
        this.#virtual.scan();
      }
    } else if (change.kind === 'pods') {
      this.#heardPod(change);
    }
  }

  #heardPod({ type, object, previous }: Change & { kind: 'pods' }): void {
    if (this.#virtual.poolOf(object) === undefined) return;
    if (type === 'deleted') {
      this.#virtual.drop(object);
      return;
    }
    this.#virtual.keep(object);
    const isNew = object.failure !== undefined && previous?.failure === undefined;
    if (isNew && this.#isServed(object)) this.#options.onFailure();
  }

  #isServed(pod: SlimPod): boolean {
    return pod.nodeName !== undefined && this.poolOfNode(pod.nodeName) !== undefined;
  }
}

/** A pod that is over has given its group's cores back; one that the provider refused has none. */
function hasGroup(pod: SlimPod): boolean {
  return !isOver(pod) && pod.reason !== 'ProviderFailed';
}
