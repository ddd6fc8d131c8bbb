import type { MemberTaker } from './crew.ts';
import type { RedisClient } from './redis-client.ts';

/** What the library needs of a Worker of BullMQ 5 or 6. */
export interface BullWorker {
  /** Name of its queue. */
  readonly name: string;
  readonly opts: { readonly name?: string; readonly connection?: unknown };
  readonly toKey: (type: string) => string;
  isPaused(): boolean;
  isRunning(): boolean;
  pause(doNotWaitActive?: boolean): Promise<void>;
  resume(): unknown;
  close(force?: boolean): Promise<void>;
  processJob(...job: never[]): Promise<unknown>;
  once(event: 'closing', listener: () => void): unknown;
}

/** When a wait that goes on although it was interrupted is interrupted again. */
const againMs = 1_000;

/** Takes and holds by pausing this one Worker; the queue and other Workers are not touched. */
export class BullTaker implements MemberTaker {
  /** Its connections are closed with it, and what they bring until then is run. */
  readonly fetchOutlivesMs = 0;
  readonly #worker: BullWorker;
  #isHolder = false;
  #isClosing = false;
  #isClosed = false;
  #busy = 0;
  /** The wait for a job that was interrupted last. */
  #cut: { readonly wait: unknown; readonly atMs: number } | undefined;

  constructor(worker: BullWorker) {
    this.#worker = worker;
    worker.once('closing', () => {
      this.#isClosing = true;
    });
    this.#countJobs();
  }

  /**
   * Pauses without waiting for jobs in work: so their locks are renewed, and resuming is possible at any time.
   * (`pause()` that waits takes the blocking connection away until the last job has ended.)
   */
  hold(): void {
    if (this.#isClosing) return;
    if (!this.#worker.isPaused()) {
      this.#isHolder = true;
      void this.#worker.pause(true).catch(() => undefined);
      // What waits for the end of a rate limit takes nothing any more.
      (part(this.#worker, 'abortDelayController') as AbortController | null | undefined)?.abort();
    }
    this.#interrupt();
  }

  /** Resumes, unless somebody else had paused the Worker before. */
  release(): void {
    if (!this.#isHolder || this.isClosed) return;
    this.#isHolder = false;
    void this.#worker.resume();
  }

  busy(): number {
    return this.#busy;
  }

  /** A Worker runs until its main loop has ended: then nothing is in work, and no fetch is in flight. */
  idle(): boolean {
    return !this.#worker.isRunning() && this.#busy === 0;
  }

  get isClosed(): boolean {
    return this.#isClosed || this.#isClosing;
  }

  /** A held Worker takes no jobs; the Worker itself is closed by whoever started the drain. */
  close(): void {
    this.#isClosed = true;
    this.hold();
  }

  /** Each wait once, and again where that came too early to reach it. */
  #interrupt(): void {
    const wait = part(this.#worker, 'waiting');
    const atMs = performance.now();
    if (!wait || (wait === this.#cut?.wait && atMs - this.#cut.atMs < againMs)) return;
    this.#cut = { wait, atMs };
    void interruptWait(this.#worker);
  }

  /** By the method that runs a job: events leave out jobs whose end cannot be written. */
  #countJobs(): void {
    const worker = this.#worker as { processJob(...job: unknown[]): Promise<unknown> };
    const processJob = worker.processJob.bind(worker);
    worker.processJob = async (...job) => {
      this.#busy += 1;
      try {
        return await processJob(...job);
      } finally {
        this.#busy -= 1;
      }
    };
  }
}

/** The Worker's own client, which does not block: of its backend (BullMQ 6), or of itself (BullMQ 5). */
export async function clientOf(worker: object): Promise<RedisClient> {
  const client: unknown = await part(backendOf(worker) ?? worker, 'client');
  if (typeof client === 'object' && client !== null) return client as RedisClient;
  throw new TypeError('drainable needs a Worker of BullMQ 5 or 6 that runs on Redis.');
}

interface BlockingLine {
  readonly cut: () => Promise<void>;
  readonly join: () => Promise<void>;
}

/**
 * An idle Worker waits for the next job for up to `drainDelay`, and would take one although it is paused. Its blocking
 * connection is cut and made anew, as `Worker.pause` and `Worker.close` do: Redis knows at once that nobody waits
 * there, so the next wake-up goes to another Worker. A reply that is on its way still arrives, and its job is run.
 */
async function interruptWait(worker: object): Promise<void> {
  const line = blockingLineOf(worker);
  try {
    await line?.cut();
    await line?.join();
  } catch {
    // Redis is away: the client makes its connection anew by itself, and the wait ends with the old one.
  }
}

function blockingLineOf(worker: object): BlockingLine | undefined {
  const backend = backendOf(worker) as
    | { disconnectBlocking(wait: boolean): Promise<void>; reconnectBlocking(): Promise<void> }
    | undefined;
  if (backend !== undefined) {
    return { cut: () => backend.disconnectBlocking(true), join: () => backend.reconnectBlocking() };
  }
  const connection = part(worker, 'blockingConnection') as
    | { disconnect(wait: boolean): Promise<void>; reconnect(): Promise<void> }
    | undefined;
  return connection && { cut: () => connection.disconnect(true), join: () => connection.reconnect() };
}

function backendOf(worker: object): object | undefined {
  const getBackend = part(worker, 'getBackend');
  return typeof getBackend === 'function' ? (getBackend.call(worker) as object) : undefined;
}

/** A part of a Worker that one of the two versions has, or that is not public. */
function part(whole: object, name: string): unknown {
  return Reflect.get(whole, name) as unknown;
}
