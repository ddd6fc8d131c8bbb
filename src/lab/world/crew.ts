import type { Pod } from './kube.ts';

/** A worker: one started pod. */
export interface Worker {
  readonly number: number;
  readonly pod: Pod;
  readonly exited: (exitCode: number) => void;
  /** Jobs in work. */
  busy: number;
  /** It finishes what it has and takes no more. */
  closing: boolean;
  gone: boolean;
  /** The drain mark that it obeys: it takes no jobs while there is one. */
  mark: string | undefined;
  /** Free hands that are put aside because of the mark. */
  keptHands: number;
}

/** The workers of a queue, and who of them takes the next job: the one that has been idle for longest. */
export class Crew {
  readonly #byPod = new Map<string, Worker>();
  readonly #byNumber: (Worker | undefined)[] = [];
  /** Free hands, one entry for each job that a worker could take. */
  #hands: Worker[] = [];
  #firstHand = 0;
  #open = 0;

  /** Workers that take jobs. */
  get open(): number {
    return this.#open;
  }

  join(pod: Pod, hands: number, exited: (exitCode: number) => void): Worker {
    const number = this.#byNumber.length;
    const worker: Worker = {
      number,
      pod,
      exited,
      busy: 0,
      closing: false,
      gone: false,
      mark: undefined,
      keptHands: 0,
    };
    this.#byNumber.push(worker);
    this.#byPod.set(pod.metadata.uid, worker);
    for (let hand = 0; hand < hands; hand += 1) this.#hands.push(worker);
    this.#open += 1;
    return worker;
  }

  ofPod(uid: string): Worker | undefined {
    return this.#byPod.get(uid);
  }

  numbered(number: number): Worker | undefined {
    return this.#byNumber[number];
  }

  all(): Iterable<Worker> {
    return this.#byPod.values();
  }

  close(worker: Worker): void {
    if (worker.closing) return;
    worker.closing = true;
    this.#open -= 1;
  }

  leave(worker: Worker): void {
    this.close(worker);
    worker.gone = true;
    this.#byPod.delete(worker.pod.metadata.uid);
    this.#byNumber[worker.number] = undefined;
  }

  /** Marks a worker, or lifts its mark and lets its hands be taken again. */
  mark(worker: Worker, mark: string | undefined): void {
    worker.mark = mark;
    if (mark !== undefined) return;
    for (; worker.keptHands > 0; worker.keptHands -= 1) this.#hands.push(worker);
  }

  /** Takes a free hand; undefined: all are busy. */
  takeHand(): Worker | undefined {
    while (this.#firstHand < this.#hands.length) {
      const worker = this.#hands[this.#firstHand];
      this.#firstHand += 1;
      if (this.#firstHand > 1024 && this.#firstHand * 2 > this.#hands.length) {
        this.#hands = this.#hands.slice(this.#firstHand);
        this.#firstHand = 0;
      }
      if (worker === undefined || worker.closing) continue;
      if (worker.mark === undefined) return worker;
      worker.keptHands += 1;
    }
    return undefined;
  }

  /** A hand is free again. */
  giveHand(worker: Worker): void {
    if (worker.closing) return;
    if (worker.mark === undefined) this.#hands.push(worker);
    else worker.keptHands += 1;
  }
}
