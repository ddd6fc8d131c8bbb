import type { ErrorCode } from '../errors.ts';
import type { WatchRequest } from './source.ts';

/** What a worker that uses the drain library (src/worker) says of itself. */
export interface WorkerReport {
  /** Name of its pod. */
  readonly pod: string;
  /** `drained`: it takes no jobs, and none is in work. */
  readonly state: 'working' | 'draining' | 'drained';
  /** The mark that it obeys; undefined: none. */
  readonly mark: string | undefined;
  /** Jobs in work on it. */
  readonly busy: number;
}

/** The reports of all workers of one source, as they are now. */
export interface WorkersSample {
  /** When they were read, milliseconds since the epoch. */
  readonly atMs: number;
  /** `lost`: Redis cannot be read or written; nothing is known then, and no mark can be relied on. */
  readonly state: 'ok' | 'lost';
  readonly workers: readonly WorkerReport[];
  /** Why it is lost: a row of errors.ts with its sentence. */
  readonly problem?: { readonly code: ErrorCode; readonly message: string };
  /**
   * When the marks that were asked for last were seen to stand (and those given up to be gone), milliseconds since the
   * epoch; undefined: not yet, or none were ever asked for.
   */
  readonly markedAtMs: number | undefined;
}

/** Empties workers through the Redis of their source: marks who is to drain, and hears who has. */
export interface DrainPort {
  /**
   * The reports of one source's workers until `signal` aborts: every half second while marks stand, every 5 s
   * otherwise, and given only when something changed or 5 s have passed. Never throws.
   */
  workers(request: WatchRequest, signal: AbortSignal): AsyncIterable<WorkersSample>;
  /**
   * From now on exactly these pods of the source are marked by this process, pod name → mark; renewed until changed.
   * Marks that it set before and that are not named any more are lifted. When the watch of the source ends, renewing
   * ends too and marks are left to expire: the next leader may need them. Without a watch of the source it does nothing.
   */
  mark(request: WatchRequest, marks: ReadonlyMap<string, string>): void;
}
