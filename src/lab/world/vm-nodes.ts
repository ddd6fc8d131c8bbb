import { withCondition } from './conditions.ts';
import { type Distribution, draw } from './distribution.ts';
import { vmNodeObject } from './node-objects.ts';
import type { PodRuns } from './pod-runs.ts';
import { defaults } from './scenario.ts';
import { timeText } from './time.ts';
import type { KubeletSettings, Stage, VmNodes, VmPool } from './types.ts';
import { VmKubelet } from './vm-kubelet.ts';

/** The node controller calls a node unknown after so long without a sign of life (`--node-monitor-grace-period`). */
const silentMs = 40_000;
/** A kubelet that is back says so after so long. */
const backMs = 2000;

/** The cloud's VMs and their kubelets. */
export class VmFleet implements VmNodes {
  readonly #stage: Stage;
  readonly #runs: PodRuns;
  readonly #settings: KubeletSettings;
  readonly #pools: ReadonlyMap<string, VmPool>;
  readonly #kubelets = new Map<string, VmKubelet>();
  readonly #numbers = new Map<string, number>();
  /** VMs that boot, by pool. */
  readonly #booting = new Map<string, number>();

  constructor(stage: Stage, runs: PodRuns, settings: KubeletSettings, pools: readonly VmPool[]) {
    this.#stage = stage;
    this.#runs = runs;
    this.#settings = settings;
    this.#pools = new Map(pools.map((pool) => [pool.name, pool]));
    for (const pool of pools) for (let made = 0; made < pool.nodes; made += 1) this.add(pool.name);
  }

  get count(): number {
    let booting = 0;
    for (const each of this.#booting.values()) booting += each;
    return this.#kubelets.size + booting;
  }

  kubelet(nodeName: string): VmKubelet | undefined {
    return this.#kubelets.get(nodeName);
  }

  /** Names of a pool's nodes that are there. */
  namesOf(pool: string): readonly string[] {
    return [...this.#kubelets.keys()].filter((name) => this.poolOf(name) === pool);
  }

  poolOf(nodeName: string): string {
    return nodeName.slice(0, nodeName.lastIndexOf('-'));
  }

  bootingIn(pool: string): number {
    return this.#booting.get(pool) ?? 0;
  }

  add(pool: string): string {
    const spec = this.#pools.get(pool);
    if (spec === undefined) throw new RangeError(`no pool ${pool}`);
    const number = this.#numbers.get(pool) ?? 0;
    this.#numbers.set(pool, number + 1);
    const name = `${pool}-${number}`;
    this.#kubelets.set(name, new VmKubelet(this.#stage, this.#runs, this.#settings, name));
    this.#stage.objects.create('nodes', vmNodeObject(spec, name, timeText(this.#stage.now())));
    return name;
  }

  /** Orders a VM; it is a Ready node after the pool's boot delay, unless it is called off before. */
  order(pool: string, arrived: (name: string) => void): { cancel(): void } {
    const bootMs: Distribution = this.#pools.get(pool)?.bootMs ?? defaults.bootMs;
    this.#booting.set(pool, this.bootingIn(pool) + 1);
    const delayMs = draw(bootMs, this.#stage.random.fork(`boot/${pool}/${this.#orders()}`));
    const noMore = (): void => void this.#booting.set(pool, this.bootingIn(pool) - 1);
    const cancel = this.#stage.schedule(this.#stage.now() + delayMs, () => {
      noMore();
      arrived(this.add(pool));
    });
    return {
      cancel: () => {
        cancel();
        noMore();
      },
    };
  }

  remove(name: string): void {
    this.setAlive(name, false);
    this.#kubelets.delete(name);
    if (this.#stage.objects.get('nodes', name) !== undefined) this.#stage.objects.delete('nodes', name);
  }

  setAlive(name: string, alive: boolean): void {
    const kubelet = this.#kubelets.get(name);
    if (kubelet === undefined || kubelet.alive === alive) return;
    kubelet.setAlive(alive);
    this.#stage.schedule(this.#stage.now() + (alive ? backMs : silentMs), () => {
      if (this.#kubelets.get(name) === kubelet && kubelet.alive === alive) this.#tellReady(name, alive);
    });
  }

  #orderCount = 0;
  #orders(): number {
    this.#orderCount += 1;
    return this.#orderCount;
  }

  #tellReady(name: string, ready: boolean): void {
    const node = this.#stage.objects.get('nodes', name);
    if (node === undefined) return;
    const wanted = ready
      ? ({ type: 'Ready', status: 'True', reason: 'KubeletReady' } as const)
      : ({ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' } as const);
    const conditions = withCondition(node.status.conditions, wanted, this.#stage.now());
    this.#stage.objects.updateStatus('nodes', { ...node, status: { ...node.status, conditions } });
  }
}
