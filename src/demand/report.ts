import type { Clock } from '../clock.ts';
import type { OkSample, Sample } from '../decide/observation.ts';
import { type ErrorCode, sentence } from '../errors.ts';

/** Where a probe puts its readings. It knows since when there has been no good one. */
export interface Report {
  ok(sample: OkSample): void;
  /** The source could not be read; `code` becomes the sentence of the sample. */
  lost(code: ErrorCode): void;
}

/**
 * Samples of one source, handed to `put`.
 * @param details what the sentences of errors.ts name: the Secret, its keys, the queue
 */
export function reportTo(
  put: (sample: Sample) => void,
  details: Readonly<Record<string, string>>,
  clock: Clock,
): Report {
  let sinceMs = clock.now();
  return {
    ok(sample) {
      sinceMs = sample.atMs;
      put(sample);
    },
    lost(code) {
      put({ state: 'lost', atMs: clock.now(), sinceMs, code, message: sentence(code, details) });
    },
  };
}
