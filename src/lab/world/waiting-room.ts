import { Heap } from './heap.ts';

/** A pod that waits for a node. */
export interface Waiting {
  readonly key: string;
  readonly uid: string;
  readonly priority: number;
  /** Attempts that found no node. */
  attempts: number;
  /** When it may be tried again, milliseconds since the epoch. */
  notBeforeMs: number;
  /** When it was last found unschedulable. */
  failedAtMs: number;
  /** `active`: next in turn; `backoff`: active again at `notBeforeMs`; `unschedulable`: until something changes; `gone`: bound or deleted. */
  place: 'active' | 'backoff' | 'unschedulable' | 'gone';
  order: number;
}

/** The scheduler's queue: active by priority and then by turn, and those that wait for a change of the cluster. */
export class WaitingRoom {
  readonly #pods = new Map<string, Waiting>();
  readonly #unschedulable = new Map<string, Waiting>();
  readonly #active = new Heap<Waiting>(
    (a, b) => a.priority > b.priority || (a.priority === b.priority && a.order < b.order),
  );
  #order = 0;

  get(key: string): Waiting | undefined {
    return this.#pods.get(key);
  }

  /** A new pod, first in turn among its equals after those that are there. */
  enter(key: string, uid: string, priority: number): void {
    const pod: Waiting = {
      key,
      uid,
      priority,
      attempts: 0,
      notBeforeMs: 0,
      failedAtMs: 0,
      place: 'unschedulable',
      order: 0,
    };
    this.#pods.set(key, pod);
    this.activate(pod);
  }

  leave(key: string): void {
    const pod = this.#pods.get(key);
    if (pod === undefined) return;
    pod.place = 'gone';
    this.#pods.delete(key);
    this.#unschedulable.delete(key);
  }

  activate(pod: Waiting): void {
    if (pod.place === 'active' || pod.place === 'gone') return;
    this.#unschedulable.delete(pod.key);
    pod.place = 'active';
    pod.order = this.#order += 1;
    this.#active.push(pod);
  }

  holdBack(pod: Waiting): void {
    this.#unschedulable.delete(pod.key);
    pod.place = 'backoff';
  }

  /** It found no node: it waits for a change, and backs off `first` doubled with each attempt up to `longest`. */
  fail(pod: Waiting, nowMs: number, firstMs: number, longestMs: number): void {
    pod.place = 'unschedulable';
    pod.attempts += 1;
    pod.failedAtMs = nowMs;
    pod.notBeforeMs = nowMs + Math.min(longestMs, firstMs * 2 ** Math.min(30, pod.attempts - 1));
    this.#unschedulable.set(pod.key, pod);
  }

  /** Takes the next in turn; undefined: nobody is active. */
  take(): Waiting | undefined {
    for (let pod = this.#active.pop(); pod !== undefined; pod = this.#active.pop()) {
      if (pod.place === 'active') return pod;
    }
    return undefined;
  }

  /** Whether somebody is active (or was, and left meanwhile). */
  get hasActive(): boolean {
    return this.#active.size > 0;
  }

  unschedulable(): readonly Waiting[] {
    return [...this.#unschedulable.values()];
  }

  get unschedulableCount(): number {
    return this.#unschedulable.size;
  }
}
