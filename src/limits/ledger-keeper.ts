import type { Clock } from '../clock.ts';
import type { Ledger } from './ledger.ts';
import type { LedgerPort } from './ledger-store.ts';

/** Writes that can wait are at least this far apart. */
const writeEveryMs = 15_000;
/** After an attempt that failed. */
const retryMs = 5_000;

export interface LedgerKeeperOptions {
  readonly port: LedgerPort;
  readonly clock: Clock;
  /** The ledger as it is now. */
  readonly current: () => Ledger;
  /** Called with what stands in the cluster: at the beginning, and when somebody else has changed it. */
  readonly onLoaded: (ledger: Ledger, unreadable: boolean) => void;
  readonly onProblem: (error: unknown) => void;
}

/** Keeps the ledger in the cluster up to date while this process leads: one request at a time, never more than are worth it. */
export class LedgerKeeper {
  readonly #options: LedgerKeeperOptions;
  #state: 'loading' | 'ready' | 'closed' = 'loading';
  #dirty = false;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #failed = false;
  #work: Promise<void> | undefined;

  constructor(options: LedgerKeeperOptions) {
    this.#options = options;
  }

  /** Whether what stands in the cluster is known. */
  get ready(): boolean {
    return this.#state === 'ready';
  }

  /** Reads the ledger; resolves when it is read or could not be (then `tick` tries again). Never rejects. */
  open(): Promise<void> {
    return this.#run(() => this.#load());
  }

  /** The ledger has changed and is written when its time has come; `atOnce`: it does not wait. */
  changed(atOnce: boolean): void {
    this.#dirty = true;
    if (atOnce && this.ready && this.#work === undefined) void this.#run(() => this.#save());
    else if (atOnce) this.#triedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** To be called about once a second: does what is due. */
  tick(): void {
    if (this.#work !== undefined || this.#state === 'closed') return;
    const sinceMs = this.#options.clock.elapsed() - this.#triedAtMs;
    if (sinceMs < (this.#failed ? retryMs : writeEveryMs)) return;
    if (this.#state === 'loading') void this.#run(() => this.#load());
    else if (this.#dirty) void this.#run(() => this.#save());
  }

  /** Writes what is not written yet, and is done. Never rejects. */
  async close(): Promise<void> {
    await this.#work;
    if (this.#state === 'ready' && this.#dirty) await this.#run(() => this.#save());
    this.#state = 'closed';
  }

  async #run(work: () => Promise<void>): Promise<void> {
    this.#triedAtMs = this.#options.clock.elapsed();
    const running = this.#attempt(work);
    this.#work = running;
    await running;
    if (this.#work === running) this.#work = undefined;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#failed = false;
    } catch (error) {
      this.#failed = true;
      this.#options.onProblem(error);
    }
  }

  async #load(): Promise<void> {
    const { port, clock, onLoaded } = this.#options;
    const { ledger, unreadable } = await port.load(clock.now());
    this.#state = 'ready';
    onLoaded(ledger, unreadable);
  }

  async #save(): Promise<void> {
    const { port, current } = this.#options;
    this.#dirty = false;
    try {
      const outcome = await port.save(current());
      if (outcome === 'changed') await this.#load();
      if (outcome !== 'saved') this.#dirty = true;
    } catch (error) {
      this.#dirty = true;
      throw error;
    }
  }
}
