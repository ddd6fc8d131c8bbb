import type { Clock } from '../clock.ts';
import type { BackoffOptions } from './backoff.ts';
import type { ClusterClient } from './client.ts';
import type { RawObject } from './raw.ts';
import type { SlimObject } from './slim.ts';

/** What a reflector tells, in the order in which it happened. */
export type ReflectorEvent<T> =
  | {
      readonly type: 'added' | 'modified' | 'deleted';
      /** For `deleted` the last that was known. */
      readonly object: T;
      /** Version at which this was true; of a deletion, that of the deletion. */
      readonly resourceVersion: string;
    }
  /** Everything that was there at this version has been told. */
  | { readonly type: 'listed'; readonly resourceVersion: string };

export interface ReflectorOptions<T extends SlimObject> {
  readonly client: ClusterClient;
  readonly clock: Clock;
  /** Path of the collection: `/api/v1/pods`, `/apis/apps/v1/namespaces/media/deployments`. */
  readonly path: string;
  /** Makes the form that is kept; the raw object is dropped at once. */
  readonly slim: (raw: RawObject) => T;
  readonly onEvent: (event: ReflectorEvent<T>) => void;
  /** Whatever went wrong and was dealt with, for the log. */
  readonly onProblem?: (error: unknown) => void;
  readonly tuning?: Partial<ReflectorTuning>;
}

export interface ReflectorTuning {
  /** How to list: one stream (KEP-3157; falls back to pages where the server refuses), or pages. */
  readonly listing: 'stream' | 'pages';
  readonly pageSize: number;
  /**
   * A watch that is silent for so long is taken for dead, seconds. API servers send a bookmark about once a
   * minute (apiserver storage/cacher: bookmarkFrequency).
   */
  readonly stallSeconds: number;
  /** A watch whose answer has not begun after so long goes to nobody, seconds. */
  readonly answerSeconds: number;
  /** Silence that is borne while a stream lists; after it, pages are tried (servers that ignore `sendInitialEvents`). */
  readonly listStallSeconds: number;
  /** The server ends each watch after a random time between these, so that watches spread over API servers. */
  readonly watchSeconds: { readonly min: number; readonly max: number };
  /**
   * How often to look whether an API that was missing is served now, and how long one that was served has to be missing
   * until its objects count as gone, seconds: API servers answer 404 for moments while they start.
   */
  readonly absentSeconds: number;
  /** A watch that has lived for so long was a good one, seconds: trouble after it is new trouble. */
  readonly steadySeconds: number;
  readonly backoff: BackoffOptions;
  /** Longest wait, milliseconds, before a cut watch is opened again where it was: that costs the server next to nothing. */
  readonly redialMaxMs: number;
}

/** What fits API servers as they are; tests hurry. */
export const defaultTuning: ReflectorTuning = {
  listing: 'stream',
  pageSize: 500,
  stallSeconds: 100,
  answerSeconds: 30,
  listStallSeconds: 30,
  watchSeconds: { min: 240, max: 480 },
  absentSeconds: 60,
  steadySeconds: 10,
  backoff: { firstMs: 400, maxMs: 15_000 },
  redialMaxMs: 2_500,
};
