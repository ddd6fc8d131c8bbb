import { EventEmitter } from 'node:events';
import { systemClock } from '../../src/clock.ts';
import { type ClusterClient, connect } from '../../src/cluster/client.ts';
import { Interner } from '../../src/cluster/intern.ts';
import { Reflector } from '../../src/cluster/reflector.ts';
import { collectionPath, slimAs } from '../../src/cluster/resources.ts';
import { isLive, type SlimPod, type SlimWorkload } from '../../src/cluster/slim.ts';
import type { Kinds } from '../../src/cluster/store.ts';
import { namespace, target as usualTarget } from './objects.ts';

/** The workload of one policy at one moment: a moment is every change of a pod or a Deployment. */
export interface Frame {
  readonly atMs: number;
  /** `spec.replicas` of the target; undefined: it is not there. */
  readonly targetReplicas: number | undefined;
  /** Replicas asked for, by companion. */
  readonly companions: Readonly<Record<string, number>>;
  /** Replicas that all companions ask for together. */
  readonly asked: number;
  /** Live pods of the target on VMs, those of them Ready, those bound nowhere, those on the virtual node. */
  readonly placed: number;
  readonly placedReady: number;
  readonly pending: number;
  readonly onVirtual: number;
  /** Pending pods that the scheduler has called Unschedulable. */
  readonly stuck: number;
  /** Live pods of companions, and those Ready. */
  readonly burst: number;
  readonly burstReady: number;
}

/** Everything that happened to the workload of a policy since the recording began: for claims that say "never". */
export class History {
  readonly frames: Frame[] = [];
  readonly #target: string;
  readonly #deployments = new Map<string, SlimWorkload>();
  readonly #pods = new Map<string, SlimPod>();
  readonly #client: ClusterClient;
  readonly #stop = new AbortController();
  readonly #events = new EventEmitter().setMaxListeners(0);

  private constructor(kubeconfigPath: string, target: string) {
    this.#target = target;
    this.#client = connect({ kubeconfigPath, userAgent: 'e2e-history' });
  }

  /** Starts to record; resolves when the present state is in. */
  static async of(kubeconfigPath: string, target: string = usualTarget): Promise<History> {
    const history = new History(kubeconfigPath, target);
    await Promise.all([
      history.#follow('deployments', (object, gone) => history.#keep(history.#deployments, object, gone)),
      history.#follow('pods', (object, gone) => history.#keep(history.#pods, object, gone)),
    ]);
    history.#note();
    return history;
  }

  get latest(): Frame {
    const frame = this.frames.at(-1);
    if (frame === undefined) throw new Error('A history has at least the frame of its start.');
    return frame;
  }

  /** The state at a moment: what the last change before it left. */
  at(atMs: number): Frame {
    return this.frames.findLast((frame) => frame.atMs <= atMs) ?? this.latest;
  }

  /** Waits for a state, from now on; fails with the state that came instead. */
  async until(what: string, holds: (frame: Frame) => boolean, timeoutMs = 30_000): Promise<Frame> {
    const deadline = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const { latest } = this;
      if (holds(latest)) return latest;
      await new Promise<void>((resolve, reject) => {
        const fail = () =>
          reject(new Error(`Waited ${timeoutMs / 1000} s for ${what}, but: ${JSON.stringify(this.latest)}`));
        deadline.addEventListener('abort', fail, { once: true });
        this.#events.once('frame', () => {
          deadline.removeEventListener('abort', fail);
          resolve();
        });
      });
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#client.close();
  }

  async #follow<K extends 'pods' | 'deployments'>(
    kind: K,
    keep: (object: Kinds[K], gone: boolean) => void,
  ): Promise<void> {
    const interner = new Interner();
    const reflector = new Reflector<Kinds[K]>({
      client: this.#client,
      clock: systemClock,
      path: collectionPath(kind, namespace),
      slim: (raw) => slimAs(kind, raw, interner),
      onEvent: (event) => {
        if (event.type !== 'listed') keep(event.object, event.type === 'deleted');
      },
    });
    void reflector.run(this.#stop.signal);
    await reflector.synced;
  }

  #keep<T extends { readonly uid: string }>(kept: Map<string, T>, object: T, gone: boolean): void {
    if (gone) kept.delete(object.uid);
    else kept.set(object.uid, object);
    this.#note();
  }

  #note(): void {
    const deployments = [...this.#deployments.values()];
    const companions = deployments.filter(
      ({ annotations, labels }) =>
        annotations['spillway.dev/target'] === this.#target &&
        labels['app.kubernetes.io/managed-by'] === 'spillway',
    );
    const pods = [...this.#pods.values()].filter(
      (pod) => pod.labels['worker'] === this.#target && isLive(pod),
    );
    const burst = pods.filter(({ labels }) => labels['spillway.dev/burst'] === 'true');
    const own = pods.filter((pod) => !burst.includes(pod));
    const placed = own.filter(({ nodeName }) => nodeName?.startsWith('vm-'));
    const pending = own.filter(({ nodeName }) => nodeName === undefined);
    this.frames.push({
      atMs: Date.now(),
      targetReplicas: deployments.find(({ name }) => name === this.#target)?.replicas,
      companions: Object.fromEntries(companions.map(({ name, replicas }) => [name, replicas])),
      asked: companions.reduce((total, { replicas }) => total + replicas, 0),
      placed: placed.length,
      placedReady: placed.filter(({ ready }) => ready).length,
      pending: pending.length,
      onVirtual: own.length - placed.length - pending.length,
      stuck: pending.filter(({ stuckSinceMs }) => stuckSinceMs !== undefined).length,
      burst: burst.length,
      burstReady: burst.filter(({ ready }) => ready).length,
    });
    this.#events.emit('frame');
  }
}
