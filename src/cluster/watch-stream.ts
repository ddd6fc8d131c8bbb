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
  /** Whether the server had begun to answer; else nobody knows that there is one. */
  readonly answered: boolean;

  constructor(answered: boolean) {
    super(answered ? 'the watch fell silent' : 'the watch was never answered');
    this.answered = answered;
  }
}

export interface WatchOptions {
  readonly client: ClusterClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For so long a silent connection is believed, milliseconds; asked anew each time. */
  readonly stallMs: () => number;
  /** Longest wait for the server to begin its answer, milliseconds; it does so at once, whatever there is to tell. */
  readonly answerMs?: number;
  /** When the server has begun to answer. */
  readonly onAnswer?: () => void;
}

const defaultAnswerMs = 30_000;

/**
 * Path of a watch that the server ends after so many seconds. Without a version to go on from it lists first, as one
 * stream (KEP-3157), consistent as of the request.
 */
export function watchPath(collection: string, resourceVersion: string | undefined, seconds: number): string {
  const from: Readonly<Record<string, string>> =
    resourceVersion === undefined
      ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
      : { resourceVersion };
  const query = new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(seconds),
    ...from,
  });
  return `${collection}?${query.toString()}`;
}

/**
 * Opens one watch and gives its events until the server ends it. Throws ApiError (also for an ERROR event, 410 among
 * them), Stalled, GarbledLine, whatever cut the connection, or the signal's reason.
 */
export async function* watchStream(path: string, options: WatchOptions): AsyncGenerator<WatchEvent> {
  const { client, clock, signal, stallMs, answerMs = defaultAnswerMs, onAnswer } = options;
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let lastMs = clock.elapsed();
  let answered = false;
  const patienceMs = (): number => (answered ? stallMs() : Math.min(answerMs, stallMs()));
  let callOff = clock.after(patienceMs(), check);

  function check(): void {
    const leftMs = patienceMs() - (clock.elapsed() - lastMs);
    if (leftMs <= 0) stop.abort(new Stalled(answered));
    else callOff = clock.after(leftMs, check);
  }

  try {
    const lines = new Lines();
    const call = describeCall('GET', path);
    const pieces = await client.stream(path, either);
    answered = true;
    lastMs = clock.elapsed();
    onAnswer?.();
    for await (const piece of pieces) {
      lastMs = clock.elapsed();
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
