import { isStatus } from './api-error.ts';
import { Known } from './known.ts';
import { listPages } from './list-pages.ts';
import {
  defaultTuning,
  type ReflectorEvent,
  type ReflectorOptions,
  type ReflectorTuning,
} from './reflector-options.ts';
import { type Asking, Pace } from './reflector-pace.ts';
import type { SlimObject } from './slim.ts';
import { GarbledLine, Stalled, watchPath, watchStream } from './watch-stream.ts';

/** `absent`: the cluster does not serve this API, which may change. */
export type ReflectorState = 'starting' | 'watching' | 'absent' | 'failing';

/**
 * Follows one collection of the API server: lists it, then watches it, and never gives up. Each object is slimmed as
 * it is parsed. Missed events do not matter: after a gap it lists anew and tells what vanished as deleted.
 */
export class Reflector<T extends SlimObject> {
  /** Resolves when the whole collection has been told once, or the API turned out to be absent. */
  readonly synced: Promise<void>;
  readonly path: string;
  readonly #options: ReflectorOptions<T>;
  readonly #tuning: ReflectorTuning;
  readonly #pace: Pace;
  readonly #known: Known<T>;
  readonly #resolveSynced: () => void;
  #state: ReflectorState = 'starting';
  #listing: ReflectorTuning['listing'];
  /** Where to go on watching; undefined: list first. */
  #resourceVersion: string | undefined;
  /** The version after which a line could not be read: a second time at the same one means listing anew. */
  #garbledAt: string | undefined;
  /** Pages expired under way: ask for everything at once next time. */
  #atOnce = false;
  /** The moment as of which the cache is known to be whole, monotonic milliseconds. */
  #wholeMs = Number.NEGATIVE_INFINITY;
  #lastEventAtMs: number | undefined;
  /** Since when the present watch goes on from a known version; undefined: it does not. */
  #watchingSinceMs: number | undefined;
  /** Since when an API that was served is answered 404. */
  #missingSinceMs: number | undefined;
  #restarts = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.path = options.path;
    this.#tuning = { ...defaultTuning, ...options.tuning };
    this.#listing = this.#tuning.listing;
    this.#pace = new Pace(this.#tuning);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.synced = promise;
    this.#resolveSynced = resolve;
    this.#known = new Known(
      options.slim,
      (event) => this.#tell(event),
      (error) => this.#report(error),
    );
  }

  get state(): ReflectorState {
    return this.#state;
  }

  /** When the server last told an event, a bookmark or a listing, milliseconds since the epoch; undefined: never. */
  get lastEventAtMs(): number | undefined {
    return this.#lastEventAtMs;
  }

  /** How often the watch had to be opened anew before its time was over. */
  get restarts(): number {
    return this.#restarts;
  }

  /**
   * Seconds since the cache was last known to be whole: since the last event or bookmark, or since the last complete
   * listing was asked for. A connection that opens proves nothing. Infinite: never yet; 0 for an absent API.
   */
  ageSeconds(): number {
    return this.#state === 'absent' ? 0 : (this.#options.clock.elapsed() - this.#wholeMs) / 1000;
  }

  /** Runs until `signal` aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let waitMs: number;
      try {
        await this.#follow(signal);
        waitMs = this.#afterEnd();
      } catch (error) {
        if (signal.aborted) return;
        waitMs = this.#afterFailure(error);
      }
      if (waitMs > 0) await this.#options.clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  /** Lists where needed and watches until the server ends the watch. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { client, clock, path } = this.#options;
    const askedMs = clock.elapsed();
    this.#watchingSinceMs = undefined;
    if (this.#resourceVersion === undefined && this.#listing === 'pages') {
      this.#known.begin();
      const pageSize = this.#atOnce ? undefined : this.#tuning.pageSize;
      for await (const page of listPages(client, path, pageSize, signal)) {
        for (const item of page.items) this.#known.take('ADDED', item);
        if (page.last) this.#listed(page.resourceVersion, askedMs);
      }
    }
    if (this.#resourceVersion === undefined) this.#known.begin();
    const { stallSeconds, listStallSeconds, answerSeconds } = this.#tuning;
    const listStallMs = 1000 * Math.min(listStallSeconds, stallSeconds);
    const stream = watchStream(this.#watchPath(), {
      client,
      clock,
      signal,
      stallMs: () => (this.#resourceVersion === undefined ? listStallMs : 1000 * stallSeconds),
      answerMs: 1000 * answerSeconds,
      onAnswer: () => this.#answered(),
    });
    for await (const { type, object } of stream) {
      const version = object.metadata?.resourceVersion ?? '';
      if (type !== 'BOOKMARK') {
        this.#known.take(type, object);
      } else if (this.#resourceVersion === undefined) {
        if (object.metadata?.annotations?.['k8s.io/initial-events-end'] !== 'true') continue;
        this.#listed(version, askedMs);
        this.#answered();
      }
      if (this.#resourceVersion === undefined) continue;
      if (version !== '') this.#resourceVersion = version;
      this.#whole(clock.elapsed());
    }
  }

  #watchPath(): string {
    const { min, max } = this.#tuning.watchSeconds;
    const seconds = Math.round(min + (max - min) * (this.#tuning.backoff.random ?? Math.random)());
    return watchPath(this.#options.path, this.#resourceVersion, seconds);
  }

  /** A listing that was asked for at `askedMs` is complete. */
  #listed(resourceVersion: string, askedMs: number): void {
    this.#resourceVersion = resourceVersion;
    this.#garbledAt = undefined;
    this.#atOnce = false;
    this.#state = 'watching';
    this.#whole(askedMs);
    this.#known.finish(resourceVersion);
    this.#resolveSynced();
  }

  /** The server ended the watch; returns how long to wait, milliseconds. */
  #afterEnd(): number {
    if (this.#wasSteady()) return 0;
    this.#restarts += 1;
    return this.#pace.after(undefined, 'watch', this.#next());
  }

  /** Decides where to go on after a failure; returns how long to wait first, milliseconds. */
  #afterFailure(error: unknown): number {
    // That an API is still not served is no news.
    if (!isStatus(error, 404) || this.#state !== 'absent') this.#report(error);
    this.#wasSteady();
    if (isStatus(error, 404) && this.#isAbsent()) return this.#absent();
    const failed = this.#next();
    const listing = failed === 'list';
    if (listing && this.#listing === 'stream' && refusesStreams(error)) {
      this.#listing = 'pages';
      return 0;
    }
    this.#state = 'failing';
    this.#restarts += 1;
    if (isStatus(error, 410)) {
      this.#atOnce = listing;
      this.#resourceVersion = undefined;
    }
    // Only a listing tells what is missing; for a server that sends no bookmarks it is the only sign of life.
    if (error instanceof Stalled && error.answered) this.#resourceVersion = undefined;
    if (error instanceof GarbledLine) {
      if (this.#garbledAt === this.#resourceVersion) this.#resourceVersion = undefined;
      this.#garbledAt = this.#resourceVersion;
    }
    return this.#pace.after(error, failed, this.#next());
  }

  #next(): Asking {
    return this.#resourceVersion === undefined ? 'list' : 'watch';
  }

  /** Whether the watch that has just ended was a good one; then the pace forgets what was before. */
  #wasSteady(): boolean {
    const livedMs = this.#options.clock.elapsed() - (this.#watchingSinceMs ?? Number.POSITIVE_INFINITY);
    if (livedMs < 1000 * this.#tuning.steadySeconds) return false;
    this.#pace.steady();
    return true;
  }

  /** Whether a 404 means that the API is not there: at once if it never was, else once it has lasted. */
  #isAbsent(): boolean {
    if (this.#wholeMs === Number.NEGATIVE_INFINITY || this.#state === 'absent') return true;
    this.#missingSinceMs ??= this.#options.clock.elapsed();
    return this.#options.clock.elapsed() - this.#missingSinceMs >= 1000 * this.#tuning.absentSeconds;
  }

  #absent(): number {
    this.#state = 'absent';
    this.#resourceVersion = undefined;
    this.#known.begin();
    this.#known.finish('');
    this.#resolveSynced();
    return this.#tuning.absentSeconds * 1000 * (0.75 + (this.#tuning.backoff.random ?? Math.random)() / 2);
  }

  /** The server has begun to answer a watch. */
  #answered(): void {
    if (this.#resourceVersion === undefined) return;
    this.#watchingSinceMs = this.#options.clock.elapsed();
    this.#state = 'watching';
  }

  /** All that had happened by then is known. */
  #whole(atMs: number): void {
    this.#wholeMs = Math.max(this.#wholeMs, atMs);
    this.#missingSinceMs = undefined;
    this.#lastEventAtMs = this.#options.clock.now();
  }

  /** A handler that throws is a defect of the handler: it is told, and the next event still comes. */
  #tell(event: ReflectorEvent<T>): void {
    try {
      this.#options.onEvent(event);
    } catch (error) {
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    try {
      this.#options.onProblem?.(error);
    } catch {} // There is nobody left to tell.
  }
}

/** 400 and 422: the server knows no streaming lists. Silent after it answered: it ignores the option. */
function refusesStreams(error: unknown): boolean {
  return isStatus(error, 400) || isStatus(error, 422) || (error instanceof Stalled && error.answered);
}
