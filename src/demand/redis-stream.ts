import type { OkSample } from '../decide/observation.ts';
import type { Feed } from '../policy/policy.ts';
import { numberAt, type Probe, type Reader } from './redis/probe.ts';
import type { Report } from './report.ts';

type RedisStreamFeed = Extract<Feed, { readonly type: 'RedisStream' }>;

const busyMs = 250;
const sweepMs = 10_000;

/**
 * Reads the lag of a consumer group. Redis leaves `lag` out before 7.0, and where entries between were deleted or the
 * group began in the middle (XINFO GROUPS); then the entries are counted, up to 10 000. An entry's id is the time of
 * its arrival unless the producer writes ids of its own.
 *
 * Words: `missing`, `groupMissing` and the last id, or: lag, pending, entries ever added, entries ever read, arrival of
 * the oldest unread entry in ms, last id while nothing is unread or pending.
 */
export const streamReader: Reader = {
  name: 'stream',
  lua: `
  if redis.call('EXISTS', key) == 0 then return {'missing', '0-0'} end
  local function fields(flat)
    local map = {}
    for i = 1, #flat, 2 do map[flat[i]] = flat[i + 1] end
    return map
  end
  local group = nil
  for _, flat in ipairs(redis.call('XINFO', 'GROUPS', key)) do
    local candidate = fields(flat)
    if candidate.name == argument then group = candidate end
  end
  if not group then return {'groupMissing', last_id(key)} end
  local function unread(count)
    return redis.call('XRANGE', key, '(' .. group['last-delivered-id'], '+', 'COUNT', count)
  end
  local lag = group.lag
  if not lag then
    lag = #unread(10000)
  end
  local since = '-'
  if lag > 0 then
    local head = unread(1)[1]
    if head then since = string.match(head[1], '^(%d+)-') or '-' end
  end
  local added = fields(redis.call('XINFO', 'STREAM', key))['entries-added']
  local quiet = lag == 0 and group.pending == 0
  return {
    lag, group.pending, added and number(added) or '-', number(group['entries-read']), since,
    quiet and last_id(key) or '-'
  }`,
};

/**
 * Reads a Redis stream through its consumer group: unread entries are the backlog, delivered and not yet acknowledged
 * ones are active. Arrivals are `entries-added`, ends `entries-read` minus pending, where Redis tells them (7.0).
 */
export function redisStreamProbe(feed: RedisStreamFeed, report: Report): Probe {
  let completionsTotal = 0;
  return {
    reader: streamReader,
    key: feed.key,
    argument: feed.group,
    eventStream: feed.key,
    wantsDetail: () => false,
    take({ words }, atMs) {
      if (words[0] === 'missing' || words[0] === 'groupMissing') {
        report.lost(words[0] === 'missing' ? 'STREAM_NOT_FOUND' : 'STREAM_GROUP_NOT_FOUND');
        // Making a group writes no entry: what lacks one is looked at again soon.
        return words[0] === 'missing'
          ? { nextMs: sweepMs, quiet: true, lastEventId: words[1] }
          : { nextMs: 1_000, quiet: false, lastEventId: undefined };
      }
      const backlog = numberAt(words, 0) ?? 0;
      const active = numberAt(words, 1) ?? 0;
      const read = numberAt(words, 3);
      if (read !== undefined) completionsTotal = Math.max(completionsTotal, read - active);
      report.ok({
        state: 'ok',
        atMs,
        backlog,
        active,
        oldestAgeSeconds: backlog > 0 ? ageSeconds(numberAt(words, 4), atMs) : undefined,
        arrivalsTotal: numberAt(words, 2),
        completionsTotal: read === undefined ? undefined : completionsTotal,
        arrivalsPerSecond: undefined,
        paused: false,
        rateLimited: false,
        concurrencyLimit: undefined,
        rateLimitPerSecond: undefined,
        busy: {},
      });
      const lastEventId = words[5];
      return backlog + active > 0
        ? { nextMs: busyMs, quiet: false, lastEventId }
        : { nextMs: sweepMs, quiet: true, lastEventId };
    },
    fail(error) {
      if (error === 'missing') report.lost('STREAM_NOT_FOUND');
      else report.lost(error === 'wrongType' ? 'STREAM_WRONG_TYPE' : error);
    },
    lose: (code) => report.lost(code),
  };
}

/** Ids that are no times (a producer's own counters) give no age. */
function ageSeconds(idMs: number | undefined, atMs: number): OkSample['oldestAgeSeconds'] {
  const yearMs = 365 * 86_400_000;
  if (idMs === undefined || idMs < atMs - yearMs || idMs > atMs + 86_400_000) return undefined;
  return Math.max(0, atMs - idMs) / 1000;
}
