import { parseDuration } from '../../policy/duration.ts';
import type { Pod } from './kube.ts';
import type { PodProcesses, Stage } from './types.ts';

/** Annotations by which a pod says how its own process behaves, where nobody else runs it. */
export const runForAnnotation = 'lab.spillway.dev/run-for';
export const exitCodeAnnotation = 'lab.spillway.dev/exit-code';

const jobRunMs = 10_000;

/** Hands each pod to the first who runs it, and remembers to whom. */
export class Processes implements PodProcesses {
  readonly #all: PodProcesses[] = [];
  readonly #byPod = new Map<string, PodProcesses>();
  readonly #idle: PodProcesses;

  constructor(stage: Stage) {
    this.#idle = new PlainProcesses(stage);
  }

  /** Later ones come first: what is added from outside precedes what the world has. */
  add(processes: PodProcesses): void {
    this.#all.unshift(processes);
  }

  runs(): boolean {
    return true;
  }

  start(pod: Pod, exited: (exitCode: number) => void): void {
    const runner = this.#all.find((each) => each.runs(pod)) ?? this.#idle;
    this.#byPod.set(pod.metadata.uid, runner);
    runner.start(pod, exited);
  }

  terminate(pod: Pod): void {
    this.#byPod.get(pod.metadata.uid)?.terminate(pod);
  }

  kill(pod: Pod): void {
    this.#byPod.get(pod.metadata.uid)?.kill(pod);
    this.#byPod.delete(pod.metadata.uid);
  }
}

/** Processes that do nothing: those of Jobs end after a while, all end as soon as they are told to. */
class PlainProcesses implements PodProcesses {
  readonly #stage: Stage;
  readonly #running = new Map<
    string,
    { readonly exited: (exitCode: number) => void; readonly cancel: () => void }
  >();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  runs(): boolean {
    return true;
  }

  start(pod: Pod, exited: (exitCode: number) => void): void {
    const { uid, annotations = {} } = pod.metadata;
    const runFor = annotations[runForAnnotation];
    const ends = runFor !== undefined || (pod.spec.restartPolicy ?? 'Always') !== 'Always';
    const runMs = runFor === undefined ? jobRunMs : parseDuration(runFor) * 1000;
    const end = (): void => {
      this.#running.delete(uid);
      exited(Number(annotations[exitCodeAnnotation] ?? 0));
    };
    const cancel = ends ? this.#stage.schedule(this.#stage.now() + runMs, end) : () => undefined;
    this.#running.set(uid, { exited, cancel });
  }

  terminate(pod: Pod): void {
    const running = this.#running.get(pod.metadata.uid);
    this.kill(pod);
    running?.exited(143);
  }

  kill(pod: Pod): void {
    this.#running.get(pod.metadata.uid)?.cancel();
    this.#running.delete(pod.metadata.uid);
  }
}
