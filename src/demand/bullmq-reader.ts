import type { Reader } from './redis/probe.ts';

/**
 * Reads one BullMQ queue, `key` being `<prefix>:<queue>:`. Keys, fields and scores are those of BullMQ 5 and 6 (its Lua:
 * `getQueueMetadata`, `getRateLimitTTL`, `getDelayedScore`, `prepareJobForProcessing`, `collectMetrics`):
 * - v5 moves `wait` to `paused` while paused; v6 leaves jobs in `wait` and sets `meta.paused` alone.
 * - `delayed` scores are due time · 4096 + a counter; a worker promotes what is due when it next asks for a job.
 * - a job waits since it was added, due, or last tried: `timestamp` + `opts.delay`, or `processedOn`.
 * - `LINDEX wait -1` is the next job (LPUSH, RPOP), so with `lifo` jobs the age is that of the newest of them.
 *
 * Words: `missing` and the last event id, or those named by `bullmqWord`; then what pods work on as JSON: all of it, or,
 * where the call's budget of jobs is spent by other queues, nothing, or, where no call's budget would do, a part.
 */
export const bullmqReader: Reader = {
  name: 'bullmq',
  lua: `
  local meta = redis.call('HMGET', key .. 'meta', 'paused', 'concurrency', 'max', 'duration', 'opts.maxLenEvents')
  if not (meta[1] or meta[2] or meta[3] or meta[5]) and redis.call('EXISTS', key .. 'meta') == 0 then
    return {'missing', last_id(key .. 'events')}
  end
  local wait = redis.call('LLEN', key .. 'wait')
  local active = redis.call('LLEN', key .. 'active')
  local held = redis.call('LLEN', key .. 'paused')
  local prioritized = redis.call('ZCARD', key .. 'prioritized')
  local delayed = redis.call('ZCARD', key .. 'delayed')
  local due, due_at = 0, nil
  if delayed > 0 then
    due = redis.call('ZCOUNT', key .. 'delayed', '-inf', string.format('%.0f', (now + 1) * 4096 - 1))
    local head = redis.call('ZRANGE', key .. 'delayed', 0, 0, 'WITHSCORES')
    due_at = math.floor(tonumber(head[2]) / 4096)
  end
  local parents = redis.call('ZCARD', key .. 'waiting-children')
  local ready = wait + prioritized + due
  local quiet = active == 0 and (ready == 0 or meta[1])

  local used, resets = nil, nil
  local since = nil
  if ready > 0 then
    used = redis.call('GET', key .. 'limiter')
    if used then resets = redis.call('PTTL', key .. 'limiter') end
    local function waiting_since(job)
      local hash = redis.call('HMGET', key .. job, 'timestamp', 'processedOn', 'opts')
      local added = tonumber(hash[1])
      if not added then return end
      local decoded, opts = pcall(cjson.decode, hash[3] or '')
      local delay = decoded and type(opts) == 'table' and tonumber(opts.delay) or 0
      local at = math.max(added + delay, tonumber(hash[2]) or 0)
      if not since or at < since then since = at end
    end
    if wait > 0 then waiting_since(redis.call('LINDEX', key .. 'wait', -1)) end
    if prioritized > 0 then waiting_since(redis.call('ZRANGE', key .. 'prioritized', 0, 0)[1]) end
    if due > 0 and (not since or due_at < since) then since = due_at end
  end

  local busy, named = '', '-'
  if detail and active > 0 and (active <= budget or budget == full_budget) then
    local jobs = redis.call('LRANGE', key .. 'active', 0, math.min(active, budget) - 1)
    budget = budget - #jobs
    local pods = {}
    for _, job in ipairs(jobs) do
      local pod = redis.call('HGET', key .. job, 'pb')
      if pod then pods[pod] = (pods[pod] or 0) + 1 end
    end
    busy = next(pods) and cjson.encode(pods) or '{}'
    named = #jobs
  end

  return {
    wait, active, held, prioritized, delayed, due, due_at and number(due_at) or '-', parents,
    number(redis.call('GET', key .. 'id')),
    number(redis.call('HGET', key .. 'metrics:completed', 'count')),
    number(redis.call('HGET', key .. 'metrics:failed', 'count')),
    meta[1] and 1 or 0, number(meta[2]), number(meta[3]), number(meta[4]),
    number(used), number(resets), since and number(since) or '-',
    quiet and 1 or 0, quiet and not covered and last_id(key .. 'events') or '-',
    named, busy
  }`,
};

/** Where each word of the reader's answer stands. */
export const bullmqWord = {
  wait: 0,
  active: 1,
  held: 2,
  prioritized: 3,
  delayed: 4,
  due: 5,
  headDueMs: 6,
  parents: 7,
  id: 8,
  completed: 9,
  failed: 10,
  paused: 11,
  concurrency: 12,
  max: 13,
  durationMs: 14,
  limiterUsed: 15,
  limiterResetsMs: 16,
  waitingSinceMs: 17,
  quiet: 18,
  lastEventId: 19,
  named: 20,
} as const;
