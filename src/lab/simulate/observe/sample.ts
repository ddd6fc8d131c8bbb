import type { OkSample } from '../../../decide/observation.ts';
import type { Source } from '../../../policy/policy.ts';
import type { QueueSample } from '../../world/types.ts';

/** What a source of this type would tell of the queue: a list knows no more than its length, a query its value. */
export function sampleFor(type: Source['feed']['type'], queue: QueueSample, atMs: number): OkSample {
  const blind = type === 'RedisList' || type === 'Prometheus';
  return {
    state: 'ok',
    atMs,
    backlog: queue.backlog,
    active: blind ? 0 : queue.active,
    oldestAgeSeconds: blind ? undefined : queue.oldestAgeSeconds,
    arrivalsTotal: blind ? undefined : queue.arrivalsTotal,
    completionsTotal: blind ? undefined : queue.completionsTotal,
    arrivalsPerSecond: undefined,
    paused: false,
    rateLimited: false,
    concurrencyLimit: undefined,
    rateLimitPerSecond: undefined,
    busy: type === 'BullMQ' ? queue.busy : {},
  };
}
