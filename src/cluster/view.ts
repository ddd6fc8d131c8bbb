import type { Clock } from '../clock.ts';
import type { Config, VirtualPool } from '../config.ts';
import type { NodeClass, PodShape, PodsObservation, VmPoolObservation } from '../decide/observation.ts';
import type { Policy } from '../policy/policy.ts';
import type { Growth } from './autoscaler.ts';
import type { ClusterClient } from './client.ts';
import { type Companion, companionsOf } from './companions.ts';
import { FreeRoom } from './free-room.ts';
import { Interner } from './intern.ts';
import { type NamespaceQuota, namespaceQuotaIn } from './namespace-quota.ts';
import { NodeLeases } from './node-leases.ts';
import { PodHistory } from './pod-history.ts';
import { byNode, countPods } from './pods.ts';
import { virtualPoolIn, vmPoolFor } from './pools.ts';
import type { RawObject } from './raw.ts';
import { Reflector, type ReflectorState } from './reflector.ts';
import type { ReflectorTuning } from './reflector-options.ts';
import { rescuedAmong } from './rescued.ts';
import { collectionPath, kinds, scopesOf, slimAs } from './resources.ts';
import type { SlimNode, SlimPod, SlimPolicy } from './slim.ts';
import { ownClassOf } from './slim-node.ts';
import { type Change, type Kind, type Kinds, Store } from './store.ts';
import type { Table } from './table.ts';
import { type TargetState, targetOf } from './target.ts';
import { shapeOfTarget } from './target-shape.ts';
import { isSuspect, type NodeUse, useOf } from './virtual-node-use.ts';
import { isVirtual, poolOf } from './virtual-nodes.ts';

export interface ClusterViewOptions {
  readonly client: ClusterClient;
  readonly clock: Clock;
  readonly config: Pick<Config, 'namespaces' | 'virtualPools'>;
  /** What a reflector met and dealt with, for the log. */
  readonly onProblem?: (kind: Kind, error: unknown) => void;
  readonly tuning?: Partial<ReflectorTuning>;
}

/** How one reflector fares, for metrics and readiness. */
export interface ReflectorHealth {
  readonly kind: Kind;
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  readonly state: ReflectorState;
  /** When the API server was last heard, milliseconds since the epoch; undefined: never yet. */
  readonly lastEventAtMs: number | undefined;
  readonly ageSeconds: number;
  readonly restarts: number;
}

/**
 * The cluster as decisions see it: kept by reflectors, own writes included. With a list of namespaces, policies and
 * their workloads are followed in these only; nodes, pods and DaemonSets always in the whole cluster, because the free
 * room of a node depends on every pod that runs there.
 */
export class ClusterView {
  readonly store = new Store();
  readonly room: FreeRoom;
  readonly #options: ClusterViewOptions;
  readonly #pools: readonly VirtualPool[];
  readonly #interner = new Interner();
  readonly #reflectors: readonly {
    readonly kind: Kind;
    readonly namespace: string | undefined;
    readonly reflector: Pick<
      Reflector<Kinds[Kind]>,
      'run' | 'synced' | 'state' | 'lastEventAtMs' | 'ageSeconds' | 'restarts'
    >;
  }[];
  readonly #histories = new Map<string, PodHistory>();
  readonly #leases: NodeLeases;

  constructor(options: ClusterViewOptions) {
    this.#options = options;
    const { namespaces } = options.config;
    this.#pools = options.config.virtualPools;
    this.room = new FreeRoom({
      isVirtual: (node) => isVirtual(node, this.#pools),
      now: () => options.clock.now(),
    });
    this.#leases = new NodeLeases({
      client: options.client,
      clock: options.clock,
      suspects: () =>
        this.room
          .virtualNodes()
          .filter((node) => isSuspect(node, options.clock.now()))
          .map(({ name }) => name),
    });
    this.store.onChange((change) => {
      this.room.take(change);
      if (change.kind === 'policies' && change.type === 'deleted') this.#histories.delete(change.object.uid);
    });
    this.#reflectors = kinds.flatMap((kind) =>
      scopesOf(kind, namespaces).map((namespace) => ({
        kind,
        namespace,
        reflector: this.#reflector(kind, namespace),
      })),
    );
  }

  /** Follows the cluster until `signal` aborts; resolves when everything has stopped. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    void this.synced.then(() => this.room.goLive());
    // Which nodes are virtual is known only when they have been listed.
    await Promise.all([
      ...this.#reflectors.map(({ reflector }) => reflector.run(signal)),
      this.#leases.run(this.synced, signal),
    ]);
  }

  /** Resolves when everything has been listed once (APIs that the cluster does not serve count as listed). */
  get synced(): Promise<void> {
    return Promise.all(this.#reflectors.map(({ reflector }) => reflector.synced)).then(() => undefined);
  }

  /** Seconds since the API server was last heard, of the reflector that has been waiting longest; infinite before the first. */
  ageSeconds(): number {
    return Math.max(...this.#reflectors.map(({ reflector }) => reflector.ageSeconds()));
  }

  health(): readonly ReflectorHealth[] {
    return this.#reflectors.map(({ kind, namespace, reflector }) => ({
      kind,
      namespace,
      state: reflector.state,
      lastEventAtMs: reflector.lastEventAtMs,
      ageSeconds: reflector.ageSeconds(),
      restarts: reflector.restarts,
    }));
  }

  /** Hears every change after the view has taken it; the returned function ends that. */
  onChange(listener: (change: Change) => void): () => void {
    return this.store.onChange(listener);
  }

  /** Takes the API server's answer to an own write, so that the next decision sees it. Returns whether it was news. */
  applied(kind: Kind, answer: unknown): boolean {
    const raw = answer as RawObject;
    // A deletion may be answered by a Status, which is no object of any kind.
    if (raw.kind === 'Status' || raw.metadata?.name === undefined) return false;
    const object = slimAs(kind, raw, this.#interner);
    return this.#table(kind).applied(object);
  }

  policies(): readonly SlimPolicy[] {
    return [...this.store.policies.values()];
  }

  /** The target of a policy; undefined: it is not there. */
  targetOf(policy: Policy): TargetState | undefined {
    return targetOf(this.store, policy);
  }

  /** One pod of the target as it is really admitted. */
  shapeOf(target: TargetState): PodShape {
    return shapeOfTarget(this.store, target, this.#interner);
  }

  companionsOf(policy: Policy): readonly Companion[] {
    return companionsOf(this.store, policy.uid);
  }

  /** The target's pods that were let onto the virtual pool (see rescued.ts); none under the strategy `Companion`. */
  rescuedOf(policy: Policy, target: TargetState): readonly SlimPod[] {
    return rescuedAmong(policy, target.pods, this.room);
  }

  /** Virtual nodes of the pool that take pods now, as admission sees them. */
  virtualClasses(pool: VirtualPool): readonly NodeClass[] {
    return this.room
      .virtualNodes()
      .filter((node) => this.#useOf(node) === 'usable' && poolOf(node, this.#pools) === pool)
      .map(ownClassOf);
  }

  /** Counts the pods of a policy; call it at every pass, it remembers what the pods of the moment do not tell. */
  podsOf(policy: Policy, target: TargetState, companions: readonly Companion[]): PodsObservation {
    const history = this.#histories.get(policy.uid) ?? new PodHistory();
    this.#histories.set(policy.uid, history);
    const rescued = new Set(this.rescuedOf(policy, target));
    return countPods({
      target: rescued.size === 0 ? target.pods : target.pods.filter((pod) => !rescued.has(pod)),
      burst: [...companions.flatMap(({ pods }) => pods), ...rescued],
      readyTimeoutSeconds: policy.burst.reclaim.readyTimeoutSeconds,
      room: this.room,
      history,
      nowMs: this.#options.clock.now(),
    });
  }

  /** The VM pool as a pod of this shape of the target sees it. */
  vmPool(target: TargetState, shape: PodShape, growth: Growth): VmPoolObservation {
    return vmPoolFor(this.room, shape, byNode(target.pods), growth);
  }

  /**
   * The pool that policies burst to; undefined: none is configured. `policy` and its target: whose burst is looked for on
   * virtual nodes that cannot be used; without them, nobody's.
   */
  virtualPool(policy?: Policy, target?: TargetState): ReturnType<typeof virtualPoolIn> {
    const companions = policy === undefined ? [] : this.companionsOf(policy);
    const rescued = policy === undefined || target === undefined ? [] : this.rescuedOf(policy, target);
    return virtualPoolIn({
      room: this.room,
      pools: this.#pools,
      useOf: (node) => this.#useOf(node),
      burst: [...companions.flatMap(({ pods }) => pods), ...rescued],
    });
  }

  /** What the quotas of a namespace leave for pods of this shape (see namespace-quota.ts). */
  namespaceQuota(namespace: string, shape: PodShape): NamespaceQuota {
    return namespaceQuotaIn(this.store, namespace, shape);
  }

  #useOf(node: SlimNode): NodeUse {
    return useOf(node, this.#leases.renewedAtMs(node.name), this.#options.clock.now());
  }

  #reflector<K extends Kind>(kind: K, namespace: string | undefined): Reflector<Kinds[K]> {
    const { client, clock, onProblem, tuning } = this.#options;
    const table = this.#table(kind);
    return new Reflector<Kinds[K]>({
      client,
      clock,
      path: collectionPath(kind, namespace),
      slim: (raw) => slimAs(kind, raw, this.#interner),
      onEvent: (event) => table.take(event, namespace),
      onProblem: (error) => onProblem?.(kind, error),
      ...(tuning === undefined ? {} : { tuning }),
    });
  }

  #table<K extends Kind>(kind: K): Pick<Table<Kinds[K]>, 'take' | 'applied'> {
    // Each table holds its own kind: the store's type says so, but not for a kind that is a parameter.
    return this.store[kind] as unknown as Pick<Table<Kinds[K]>, 'take' | 'applied'>;
  }
}
