import type { Clock } from '../clock.ts';
import type { OkSample, Sample } from '../decide/observation.ts';
import { type ErrorCode, sentence } from '../errors.ts';
import type { WatchRequest } from './source.ts';

/** Where a probe puts its readings. It knows since when there has been no good one. */
export interface Report {
  ok(sample: OkSample): void;
  /** The source could not be read; `code` becomes the sentence of the sample, `more` what it names besides the source. */
  lost(code: ErrorCode, more?: Readonly<Record<string, string | number>>): void;
}

/**
 * Samples of one source, handed to `put`.
 * @param details what the sentences of errors.ts name: the Secret, its keys, the queue, the connection
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
    lost(code, more = {}) {
      const message = sentence(code, { ...details, ...more });
      put({ state: 'lost', atMs: clock.now(), sinceMs, code, message });
    },
  };
}

/** What the sentences of errors.ts name. */
export function detailsOf({ namespace, source: { feed } }: WatchRequest): Readonly<Record<string, string>> {
  if (feed.type === 'Prometheus') return { prometheus: feed.connection };
  const { secretName, urlKey, caKey = '' } = feed.redis;
  const place = { namespace, secret: secretName, urlKey, caKey };
  switch (feed.type) {
    case 'BullMQ':
      return { ...place, queue: feed.queue, prefix: feed.prefix };
    case 'RedisList':
      return { ...place, redisKey: feed.key };
    case 'RedisStream':
      return { ...place, redisKey: feed.key, group: feed.group };
  }
}
