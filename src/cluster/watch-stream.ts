import type { Clock } from '../clock.ts';
import { ApiError, readStatus } from './api-error.ts';
import { type Call, describeCall } from './call.ts';
import type { ClusterClient } from './client.ts';
import type { RawObject } from './raw.ts';

/** One line of a watch (kubernetes.io/docs/reference/using-api/api-concepts, efficient detection of changes). */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: RawObject;
}

/** A line of a watch could not be read: what it told is unknown. */
export class GarbledLine extends Error {
  override readonly name = 'GarbledLine';
}

/** Nothing came for too long, not even a bookmark: the connection is taken for dead. */
export class Stalled extends Error {
  override readonly name = 'Stalled';
}

export interface WatchOptions {
  readonly client: ClusterClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For so long a silent connection is believed, milliseconds; asked anew each time. */
  readonly stallMs: () => number;
  /** When the server begins to answer, and at every piece that arrives. */
  readonly onLife?: () => void;
}

/**
 * Opens one watch and gives its events until the server ends it. Throws ApiError (also for an ERROR event, 410 among
 * them), Stalled, GarbledLine, whatever cut the connection, or the signal's reason.
 */
export async function* watchStream(path: string, options: WatchOptions): AsyncGenerator<WatchEvent> {
  const { client, clock, signal, stallMs, onLife } = options;
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let lastMs = clock.elapsed();
  let callOff = clock.after(stallMs(), check);

  function check(): void {
    const leftMs = stallMs() - (clock.elapsed() - lastMs);
    if (leftMs <= 0) stop.abort(new Stalled('nothing came for too long'));
    else callOff = clock.after(leftMs, check);
  }

  try {
    const lines = new Lines();
    const call = describeCall('GET', path);
    const live = (): void => {
      lastMs = clock.elapsed();
      onLife?.();
    };
    const pieces = await client.stream(path, either);
    live();
    for await (const piece of pieces) {
      live();
      for (const line of lines.push(piece)) yield parseEvent(line, call);
    }
  } catch (error) {
    either.throwIfAborted();
    throw error;
  } finally {
    callOff();
    // Leaving the loop early must not leave the connection open.
    stop.abort();
  }
}

function parseEvent(line: string, call: Call): WatchEvent {
  let event: { readonly type?: unknown; readonly object?: unknown };
  try {
    event = JSON.parse(line) as typeof event;
  } catch {
    throw new GarbledLine('a line of the watch is not JSON');
  }
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      if (typeof event.object !== 'object' || event.object === null) break;
      return { type: event.type, object: event.object };
    case 'ERROR':
      throw failure(event.object, call);
  }
  throw new GarbledLine('a line of the watch is no event');
}

function failure(object: unknown, call: Call): ApiError {
  const { reason, retryAfterSeconds } = readStatus(object);
  const code = (object as { readonly code?: unknown } | null | undefined)?.code;
  return new ApiError(call, typeof code === 'number' ? code : 500, reason, retryAfterSeconds);
}

/** Puts the pieces of a stream together to lines. */
class Lines {
  #rest: Uint8Array[] = [];

  *push(piece: Uint8Array): Generator<string> {
    let from = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, from)) {
      this.#rest.push(piece.subarray(from, end));
      from = end + 1;
      const line = Buffer.concat(this.#rest).toString('utf8');
      this.#rest = [];
      if (line.trim() !== '') yield line;
    }
    if (from < piece.length) this.#rest.push(piece.subarray(from));
  }
}
