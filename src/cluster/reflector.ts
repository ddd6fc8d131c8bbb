import { ApiError, isStatus } from './api-error.ts';
import { Backoff } from './backoff.ts';
import { Known } from './known.ts';
import { listPages } from './list-pages.ts';
import {
  defaultTuning,
  type ReflectorEvent,
  type ReflectorOptions,
  type ReflectorTuning,
} from './reflector-options.ts';
import type { SlimObject } from './slim.ts';
import { GarbledLine, Stalled, watchStream } from './watch-stream.ts';

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
  readonly #backoff: Backoff;
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
  #lifeMs = Number.NEGATIVE_INFINITY;
  #lastEventAtMs: number | undefined;
  #opened = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.path = options.path;
    this.#tuning = { ...defaultTuning, ...options.tuning };
    this.#listing = this.#tuning.listing;
    this.#backoff = new Backoff(this.#tuning.backoff);
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

  /** When the server was last heard, bookmarks included, milliseconds since the epoch; undefined: never yet. */
  get lastEventAtMs(): number | undefined {
    return this.#lastEventAtMs;
  }

  /** How often the watch was opened again after the first time. */
  get restarts(): number {
    return Math.max(0, this.#opened - 1);
  }

  /** Seconds since the server was last heard, by the monotonic clock; infinite: never yet; 0 for an absent API. */
  ageSeconds(): number {
    return this.#state === 'absent' ? 0 : (this.#options.clock.elapsed() - this.#lifeMs) / 1000;
  }

  /** Runs until `signal` aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedMs = this.#options.clock.elapsed();
      let waitMs = 0;
      try {
        const told = await this.#follow(signal);
        // A server that ends every watch at once must not be asked in a tight loop.
        if (told || this.#options.clock.elapsed() - startedMs > 1000) this.#backoff.reset();
        else waitMs = this.#backoff.next();
      } catch (error) {
        if (signal.aborted) return;
        waitMs = this.#afterFailure(error);
      }
      if (waitMs > 0) await this.#options.clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  /** Lists where needed and watches until the server ends the watch; whether the watch told anything. */
  async #follow(signal: AbortSignal): Promise<boolean> {
    const { client, clock, path } = this.#options;
    if (this.#resourceVersion === undefined && this.#listing === 'pages') {
      this.#known.begin();
      const pageSize = this.#atOnce ? undefined : this.#tuning.pageSize;
      for await (const page of listPages(client, path, pageSize, signal)) {
        this.#heard();
        for (const item of page.items) this.#known.take('ADDED', item);
        if (page.last) this.#listed(page.resourceVersion);
      }
    }
    if (this.#resourceVersion === undefined) this.#known.begin();
    this.#opened += 1;
    const { stallSeconds, listStallSeconds } = this.#tuning;
    const listStallMs = 1000 * Math.min(listStallSeconds, stallSeconds);
    const stream = watchStream(this.#watchPath(), {
      client,
      clock,
      signal,
      stallMs: () => (this.#resourceVersion === undefined ? listStallMs : 1000 * stallSeconds),
      onLife: () => this.#heard(),
    });
    let told = false;
    for await (const { type, object } of stream) {
      told = true;
      const version = object.metadata?.resourceVersion ?? '';
      if (type !== 'BOOKMARK') {
        this.#known.take(type, object);
      } else if (this.#resourceVersion === undefined) {
        if (object.metadata?.annotations?.['k8s.io/initial-events-end'] !== 'true') continue;
        this.#listed(version);
      }
      if (this.#resourceVersion !== undefined && version !== '') this.#resourceVersion = version;
    }
    return told;
  }

  #watchPath(): string {
    const { min, max } = this.#tuning.watchSeconds;
    const seconds = Math.round(min + (max - min) * (this.#tuning.backoff.random ?? Math.random)());
    const from: Readonly<Record<string, string>> =
      this.#resourceVersion === undefined
        ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
        : { resourceVersion: this.#resourceVersion };
    const query = new URLSearchParams({
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(seconds),
      ...from,
    });
    return `${this.#options.path}?${query.toString()}`;
  }

  #listed(resourceVersion: string): void {
    this.#resourceVersion = resourceVersion;
    this.#garbledAt = undefined;
    this.#atOnce = false;
    this.#state = 'watching';
    this.#backoff.reset();
    this.#known.finish(resourceVersion);
    this.#resolveSynced();
  }

  /** Decides where to go on after a failure; returns how long to wait first, milliseconds. */
  #afterFailure(error: unknown): number {
    // That an API is still not served is no news.
    if (!isStatus(error, 404) || this.#state !== 'absent') this.#report(error);
    const listing = this.#resourceVersion === undefined;
    if (isStatus(error, 404)) return this.#absent();
    if (listing && this.#listing === 'stream' && refusesStreams(error)) {
      this.#listing = 'pages';
      return 0;
    }
    this.#state = 'failing';
    if (isStatus(error, 410)) {
      this.#atOnce = listing;
      this.#resourceVersion = undefined;
      return listing ? this.#backoff.next() : 0;
    }
    if (error instanceof GarbledLine) {
      if (this.#garbledAt === this.#resourceVersion) this.#resourceVersion = undefined;
      this.#garbledAt = this.#resourceVersion;
    }
    const askedMs = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    return Math.max(this.#backoff.next(), askedMs);
  }

  #absent(): number {
    this.#state = 'absent';
    this.#resourceVersion = undefined;
    this.#known.begin();
    this.#known.finish('');
    this.#resolveSynced();
    return this.#tuning.absentSeconds * 1000 * (0.75 + (this.#tuning.backoff.random ?? Math.random)() / 2);
  }

  #heard(): void {
    this.#lifeMs = this.#options.clock.elapsed();
    this.#lastEventAtMs = this.#options.clock.now();
    if (this.#resourceVersion !== undefined) this.#state = 'watching';
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
    } catch {
      // There is nobody left to tell.
    }
  }
}

/** 400 and 422: the server knows no streaming lists. Stalled: it ignores the option and waits for changes. */
function refusesStreams(error: unknown): boolean {
  return isStatus(error, 400) || isStatus(error, 422) || error instanceof Stalled;
}
