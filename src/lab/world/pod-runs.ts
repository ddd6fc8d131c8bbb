import type { KubeObject, Pod, PodStatus } from './kube.ts';
import { acceptedStatus, crashedStatus, endedStatus, readyStatus, runningStatus } from './pod-status.ts';
import type { PodProcesses, Stage } from './types.ts';

/** One pod on a node. */
interface Run {
  readonly key: string;
  /** Of the process that runs now; an exit of an earlier one is not heard. */
  life: number;
  running: boolean;
  crashes: number;
  /** Calls the planned start, restart or kill off. */
  cancel: () => void;
}

/** Restart backoff of a container that ends by itself: 10 s, doubled up to 5 min (kubernetes.io, Pod Lifecycle). */
const restartMs = 10_000;
const longestRestartMs = 300_000;

/** What all kubelets have in common: pods start, run, end, and their status tells. Keyed by pod UID. */
export class PodRuns {
  readonly #stage: Stage;
  readonly #processes: PodProcesses;
  readonly #runs = new Map<string, Run>();
  #addresses = 0;

  constructor(stage: Stage, processes: PodProcesses) {
    this.#stage = stage;
    this.#processes = processes;
  }

  has(uid: string): boolean {
    return this.#runs.has(uid);
  }

  isRunning(uid: string): boolean {
    return this.#runs.get(uid)?.running === true;
  }

  /** Takes a pod on: its containers are being created. */
  accept(pod: Pod): void {
    const { uid, namespace = '', name } = pod.metadata;
    this.#runs.set(uid, {
      key: `${namespace}/${name}`,
      life: 0,
      running: false,
      crashes: 0,
      cancel: () => undefined,
    });
    this.#write(pod, acceptedStatus(pod, this.#stage.now()));
  }

  /** Starts the containers after `delayMs`; `started` is told. */
  startAfter(uid: string, delayMs: number, started: () => void = () => undefined): void {
    const run = this.#runs.get(uid);
    if (run === undefined) return;
    run.cancel();
    run.cancel = this.#stage.schedule(this.#stage.now() + delayMs, () => {
      if (this.#start(uid, run)) started();
    });
  }

  /** SIGTERM, and SIGKILL when the grace period is over; then the pod's object goes. A pod whose containers do not run goes at once. */
  terminate(uid: string, graceMs: number): void {
    const run = this.#runs.get(uid);
    const pod = run === undefined ? undefined : this.#podOf(uid, run);
    if (run === undefined || pod === undefined) return;
    run.cancel();
    if (!run.running) {
      this.remove(uid);
      return;
    }
    run.cancel = this.#stage.schedule(this.#stage.now() + graceMs, () => this.remove(uid));
    this.#processes.terminate(pod);
  }

  /** Tells again that a running pod is ready: its node was out of reach for a while. */
  tellReady(uid: string): void {
    const run = this.#runs.get(uid);
    const pod = run?.running === true ? this.#podOf(uid, run) : undefined;
    if (pod !== undefined) this.#write(pod, readyStatus(pod, true, undefined, this.#stage.now()));
  }

  /** The containers are gone at once; the pod's object stays as it is. */
  kill(uid: string): void {
    const run = this.#runs.get(uid);
    if (run === undefined) return;
    run.cancel();
    const pod = this.#podOf(uid, run);
    run.life += 1;
    if (run.running && pod !== undefined) this.#processes.kill(pod);
    run.running = false;
  }

  /** As `kill`; the pod stays in its phase, not ready, with ended containers, as azure-aci tells of a group that it deleted. */
  killTelling(uid: string): void {
    const run = this.#runs.get(uid);
    const pod = run === undefined ? undefined : this.#podOf(uid, run);
    this.kill(uid);
    if (pod === undefined) return;
    const status = endedStatus(pod, 0, this.#stage.now());
    this.#write(pod, { ...status, phase: pod.status.phase });
  }

  /** The containers are gone and the pod's object with them. */
  remove(uid: string): void {
    const run = this.#runs.get(uid);
    if (run === undefined) return;
    this.kill(uid);
    this.#runs.delete(uid);
    const pod = this.#podOf(uid, run);
    if (pod !== undefined) this.#stage.objects.delete('pods', run.key, { gracePeriodSeconds: 0 });
  }

  /** The pod's object is gone already: forgets it, killing what still runs. `last` is the object as it was. */
  forget(last: KubeObject): void {
    const { uid } = last.metadata;
    const run = this.#runs.get(uid);
    if (run === undefined) return;
    run.cancel();
    this.#runs.delete(uid);
    if (run.running) this.#processes.kill(last as Pod);
  }

  /** The containers end with this exit code and are not started again, whatever the restart policy. */
  end(uid: string, exitCode: number, why?: { readonly reason: string; readonly message: string }): void {
    const run = this.#runs.get(uid);
    const pod = run === undefined ? undefined : this.#podOf(uid, run);
    if (run === undefined || pod === undefined) return;
    this.kill(uid);
    this.#write(pod, endedStatus(pod, exitCode, this.#stage.now(), why));
  }

  #start(uid: string, run: Run): boolean {
    const pod = this.#podOf(uid, run);
    if (pod === undefined) return false;
    run.running = true;
    run.life += 1;
    const { life } = run;
    this.#addresses += 1;
    const address = pod.status.podIP ?? `10.244.${(this.#addresses >>> 8) & 255}.${this.#addresses & 255}`;
    const now = this.#write(pod, runningStatus(pod, address, this.#stage.now()));
    this.#processes.start(now, (exitCode) => {
      // A process may end while its kubelet is in the middle of something: it is heard right after.
      this.#stage.schedule(this.#stage.now(), () => {
        if (run.life === life && this.#runs.get(uid) === run) this.#exited(uid, run, exitCode);
      });
    });
    return true;
  }

  #exited(uid: string, run: Run, exitCode: number): void {
    const pod = this.#podOf(uid, run);
    if (pod === undefined) return;
    if (pod.metadata.deletionTimestamp !== undefined) {
      this.remove(uid);
      return;
    }
    const policy = pod.spec.restartPolicy ?? 'Always';
    if (policy === 'Never' || (policy === 'OnFailure' && exitCode === 0)) {
      this.end(uid, exitCode);
      return;
    }
    this.kill(uid);
    this.#write(pod, crashedStatus(pod, this.#stage.now()));
    const backoffMs = Math.min(longestRestartMs, restartMs * 2 ** Math.min(10, run.crashes));
    run.crashes += 1;
    this.startAfter(uid, backoffMs);
  }

  #podOf(uid: string, run: Run): Pod | undefined {
    const pod = this.#stage.objects.get('pods', run.key);
    return pod?.metadata.uid === uid ? pod : undefined;
  }

  #write(pod: Pod, status: PodStatus): Pod {
    return this.#stage.objects.updateStatus('pods', { ...pod, status });
  }
}
