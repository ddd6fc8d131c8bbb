import type { SlimPod } from '../cluster/slim.ts';
import type { Store } from '../cluster/store.ts';
import { poolOf } from '../cluster/virtual-nodes.ts';
import type { VirtualPool } from '../config.ts';
import { groupSize, type Grouped } from './group-size.ts';
import type { StartingSince } from './outlook.ts';
import { type Owner, Owners } from './owners.ts';
import { shortId } from './pace.ts';
import { pricePerHour } from './price.ts';

/** Every pod on a virtual node: whose it is, and what it costs. */
export class VirtualPods {
  readonly #store: Store;
  readonly #pools: readonly VirtualPool[];
  readonly #owners: Owners;
  /** By UID. */
  readonly #pods = new Map<string, SlimPod>();
  /** UIDs of those that have been Ready. */
  readonly #wereReady = new Set<string>();
  readonly #prices = new WeakMap<Grouped, Map<VirtualPool, number | undefined>>();

  constructor(store: Store, pools: readonly VirtualPool[]) {
    this.#store = store;
    this.#pools = pools;
    this.#owners = new Owners(store);
  }

  /** Begins anew with what the store has; gives the pods on virtual nodes. */
  scan(): readonly SlimPod[] {
    this.#pods.clear();
    this.#owners.refresh();
    for (const pod of this.#store.pods.values()) {
      if (this.poolOf(pod) !== undefined) this.keep(pod);
    }
    for (const uid of this.#wereReady) if (!this.#pods.has(uid)) this.#wereReady.delete(uid);
    return [...this.#pods.values()];
  }

  /** To be called when a policy came, went or was changed. */
  policiesChanged(): void {
    this.#owners.refresh();
  }

  /** Keeps a pod that is on a virtual node as it is now. Tells whether it was not there before, and not Ready before. */
  keep(pod: SlimPod): { readonly fresh: boolean; readonly becameReady: boolean } {
    const fresh = !this.#pods.has(pod.uid);
    const becameReady = pod.ready && !this.#wereReady.has(pod.uid);
    this.#pods.set(pod.uid, pod);
    if (becameReady) this.#wereReady.add(pod.uid);
    return { fresh, becameReady };
  }

  /** Returns whether it was there. */
  drop(pod: SlimPod): boolean {
    this.#wereReady.delete(pod.uid);
    return this.#pods.delete(pod.uid);
  }

  all(): IterableIterator<SlimPod> {
    return this.#pods.values();
  }

  clear(): void {
    this.#pods.clear();
    this.#wereReady.clear();
  }

  /** The beginnings of their UIDs (see `shortId`). */
  ids(): ReadonlySet<string> {
    return new Set([...this.#pods.keys()].map(shortId));
  }

  /** The virtual pool that a pod runs on; undefined: it is on none. */
  poolOf({ nodeName }: SlimPod): VirtualPool | undefined {
    return nodeName === undefined ? undefined : this.poolOfNode(nodeName);
  }

  poolOfNode(name: string): VirtualPool | undefined {
    const node = this.#store.nodes.get(name);
    return node && poolOf(node, this.#pools);
  }

  ownerOf(pod: SlimPod): Owner | undefined {
    return this.#owners.of(pod);
  }

  /** What one pod of this spec costs per hour on a pool; undefined: no price is configured. */
  priceOf(spec: Grouped, pool: VirtualPool): number | undefined {
    const known = this.#prices.get(spec) ?? new Map<VirtualPool, number | undefined>();
    this.#prices.set(spec, known);
    if (!known.has(pool)) known.set(pool, pricePerHour(groupSize(spec), pool.price));
    return known.get(pool);
  }

  /** What they cost per hour, by policy; those that are being deleted cost until they are gone. */
  ratesPerHour(): ReadonlyMap<string, number> {
    const rates = new Map<string, number>();
    for (const pod of this.#pods.values()) {
      const pool = this.poolOf(pod);
      const owner = this.#owners.of(pod);
      if (pool === undefined || owner === undefined) continue;
      const price = this.priceOf(owner.spec, pool);
      if (price !== undefined) rates.set(owner.policy, (rates.get(owner.policy) ?? 0) + price);
    }
    return rates;
  }

  /** When the youngest of the burst pods were bound that still start: not Ready, not over, not failed, not being deleted. */
  startingSince(
    pool: VirtualPool,
    template: string | undefined,
    failed: (pod: SlimPod) => boolean,
  ): StartingSince {
    let ofPool: number | undefined;
    let ofTemplate: number | undefined;
    for (const pod of this.#pods.values()) {
      const { boundAtMs = 0, ready, endsAtMs, phase } = pod;
      if (ready || endsAtMs !== undefined || phase === 'Failed' || phase === 'Succeeded') continue;
      if (this.poolOf(pod) !== pool || failed(pod)) continue;
      const owner = this.#owners.of(pod);
      if (owner?.brought !== true) continue;
      ofPool = Math.max(ofPool ?? 0, boundAtMs);
      if (owner.template === template) ofTemplate = Math.max(ofTemplate ?? 0, boundAtMs);
    }
    return { pool: ofPool, template: ofTemplate };
  }
}
