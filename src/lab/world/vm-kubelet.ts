import { draw } from './distribution.ts';
import type { Pod } from './kube.ts';
import type { NodeAgent } from './kubelets.ts';
import type { PodRuns } from './pod-runs.ts';
import type { Random } from './random.ts';
import type { KubeletSettings, Stage } from './types.ts';

/** The kubelet of a VM node: pulls an image once, starts pods, ends them gracefully. While it is not alive it does nothing. */
export class VmKubelet implements NodeAgent {
  readonly #stage: Stage;
  readonly #runs: PodRuns;
  readonly #settings: KubeletSettings;
  readonly #random: Random;
  /** When the pull of each image is over, milliseconds since the epoch. */
  readonly #images = new Map<string, number>();
  readonly #pods = new Map<string, string>();
  #alive = true;

  constructor(stage: Stage, runs: PodRuns, settings: KubeletSettings, nodeName: string) {
    this.#stage = stage;
    this.#runs = runs;
    this.#settings = settings;
    this.#random = stage.random.fork(`kubelet/${nodeName}`);
  }

  get alive(): boolean {
    return this.#alive;
  }

  accept(pod: Pod): void {
    const { uid, namespace = '', name } = pod.metadata;
    this.#pods.set(uid, `${namespace}/${name}`);
    if (!this.#alive) return;
    this.#runs.accept(pod);
    this.#runs.startAfter(uid, this.#pullMs(pod) + draw(this.#settings.startMs, this.#random));
  }

  terminate(pod: Pod, graceMs: number): void {
    if (!this.#alive) return;
    const { uid } = pod.metadata;
    if (this.#runs.has(uid)) this.#runs.terminate(uid, graceMs);
    else this.#stage.objects.delete('pods', keyOfPod(pod), { gracePeriodSeconds: 0 });
  }

  gone(pod: Pod): void {
    this.#pods.delete(pod.metadata.uid);
  }

  /** The VM stops: everything in it is killed. Back again, it starts what is still meant to run. */
  setAlive(alive: boolean): void {
    if (alive === this.#alive) return;
    this.#alive = alive;
    for (const [uid, key] of this.#pods) {
      if (!alive) {
        this.#runs.kill(uid);
        continue;
      }
      const pod = this.#stage.objects.get('pods', key);
      if (pod?.metadata.uid !== uid) continue;
      if (pod.metadata.deletionTimestamp !== undefined) this.terminate(pod, 0);
      else if (this.#runs.has(uid)) this.#runs.startAfter(uid, draw(this.#settings.startMs, this.#random));
      else this.accept(pod);
    }
  }

  /** Milliseconds until all images of the pod are on the node. */
  #pullMs(pod: Pod): number {
    const nowMs = this.#stage.now();
    const pulledAt = pod.spec.containers.map(({ image = '' }) => {
      const known = this.#images.get(image) ?? nowMs + draw(this.#settings.pullMs, this.#random);
      this.#images.set(image, known);
      return known;
    });
    return Math.max(0, Math.max(nowMs, ...pulledAt) - nowMs);
  }
}

function keyOfPod({ metadata }: Pod): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
