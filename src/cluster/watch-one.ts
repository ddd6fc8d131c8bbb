import type { Clock } from '../clock.ts';
import { ApiError } from './api-error.ts';
import { Backoff } from './backoff.ts';
import type { ClusterClient } from './client.ts';
import { watchStream } from './watch-stream.ts';

export interface WatchOneOptions {
  readonly client: ClusterClient;
  readonly clock: Clock;
  /** Path of the collection: `/api/v1/namespaces/media/secrets`. */
  readonly collection: string;
  readonly name: string;
  /** Something about the object may have changed: read it. Called too often rather than too seldom. */
  readonly onChange: () => void;
  readonly signal: AbortSignal;
  readonly stallSeconds?: number;
}

/**
 * Watches one object by its name until `signal` aborts; never rejects. Needs `watch` on the resource, which RBAC can
 * grant by name, and never lists: others of its kind (Secrets above all) are none of our business.
 * After each interruption `onChange` is called, since a change may have been missed.
 */
export async function watchOne(options: WatchOneOptions): Promise<void> {
  const { client, clock, collection, name, onChange, signal, stallSeconds = 400 } = options;
  const backoff = new Backoff({ firstMs: 500, maxMs: 30_000 });
  const query = new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    fieldSelector: `metadata.name=${name}`,
    timeoutSeconds: String(Math.round(240 + 120 * Math.random())),
  });
  const path = `${collection}?${query.toString()}`;
  while (!signal.aborted) {
    let askedToWaitMs = 0;
    try {
      // Without a version the server begins with the object as it is, so nothing is missed between two watches.
      for await (const { type } of watchStream(path, {
        client,
        clock,
        signal,
        stallMs: () => stallSeconds * 1000,
      })) {
        backoff.reset();
        if (type !== 'BOOKMARK') onChange();
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError) askedToWaitMs = (error.retryAfterSeconds ?? 0) * 1000;
    }
    await clock.sleep(Math.max(backoff.next(), askedToWaitMs), signal).catch(() => undefined);
    // It may have been deleted while nobody watched: a new watch would not say so.
    if (!signal.aborted) onChange();
  }
}
