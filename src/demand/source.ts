import type { Sample } from '../decide/observation.ts';
import type { Source } from '../policy/policy.ts';

/**
 * The port between queues and the decision: samples of sources as they come. Rates, service times and everything else
 * that is derived is computed by decide/ from the counters of the samples.
 */
export interface Demand {
  /**
   * The readings of one source, until `signal` aborts or `close()` is called; then the iteration ends without an
   * error. It never throws: what cannot be read is a lost sample. A slow consumer gets the latest reading and not those
   * before it; unchanged readings are given too, so that their age is known.
   */
  watch(request: WatchRequest, signal: AbortSignal): AsyncIterable<Sample>;
  /** Ends every watch and closes every connection; resolves when nothing is left open. */
  close(): Promise<void>;
}

/** Which source of which policy to watch. */
export interface WatchRequest {
  /** Key of the policy, `namespace/name`. */
  readonly policy: string;
  /** Where the Secret of the source lives: the namespace of the policy. */
  readonly namespace: string;
  readonly source: Source;
}
