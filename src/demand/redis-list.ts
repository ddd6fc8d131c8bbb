import type { Feed } from '../policy/policy.ts';
import type { Probe, Reader } from './redis/probe.ts';
import { numberAt } from './redis/probe.ts';
import type { Report } from './report.ts';

type RedisListFeed = Extract<Feed, { readonly type: 'RedisList' }>;

/** A list has no event that could be waited for without taking from it: it is polled. */
const busyMs = 1_000;
const idleMs = 2_000;

/** Words: how many entries. An empty list does not exist in Redis, so a missing key is an empty list. */
export const listReader: Reader = {
  name: 'list',
  lua: `return {redis.call('LLEN', key)}`,
};

/**
 * Reads the length of a Redis list. A list tells neither what is in work nor what arrived when: no active jobs, no
 * ages, no counters.
 */
export function redisListProbe(feed: RedisListFeed, report: Report): Probe {
  return {
    reader: listReader,
    key: feed.key,
    argument: '',
    eventStream: undefined,
    wantsDetail: () => false,
    take({ words }, atMs) {
      const backlog = numberAt(words, 0) ?? 0;
      report.ok({
        state: 'ok',
        atMs,
        backlog,
        active: 0,
        oldestAgeSeconds: undefined,
        arrivalsTotal: undefined,
        completionsTotal: undefined,
        arrivalsPerSecond: undefined,
        paused: false,
        rateLimited: false,
        concurrencyLimit: undefined,
        rateLimitPerSecond: undefined,
        busy: {},
      });
      return { nextMs: backlog > 0 ? busyMs : idleMs, quiet: false, lastEventId: undefined };
    },
    fail(error) {
      report.lost(error === 'wrongType' || error === 'missing' ? 'LIST_WRONG_TYPE' : error);
    },
    lose: (code) => report.lost(code),
  };
}
