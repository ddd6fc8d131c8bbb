/** What a worker says of itself: `drained` means that it takes no jobs and has none in work or on the way. */
export type DrainState = 'working' | 'draining' | 'drained';

/** One report, and what is needed to write it. */
export interface Report {
  /** Name of the pod: the field of both hashes. */
  readonly pod: string;
  /** `gone`: the worker ends, and its report is removed. */
  readonly state: DrainState | 'gone';
  /** The mark that it obeys; empty: none. */
  readonly mark: string;
  /** Jobs in work. */
  readonly busy: number;
  /** Time of the Redis server after which this must not be written any more, milliseconds; undefined: whenever. */
  readonly notAfterMs: number | undefined;
}

/** What Redis answers to a report. */
export interface Answer {
  /** Time of the Redis server, milliseconds since the epoch. */
  readonly serverMs: number;
  /** The mark of this pod; empty: none that stands. */
  readonly mark: string;
  /** How long the mark stands from now on, milliseconds. */
  readonly leftMs: number;
}

/** A report counts while it is younger; the controller looks at no older one. */
export const reportCountsMs = 15_000;

/**
 * KEYS: the hashes of marks and of reports. ARGV: pod, state, mark, busy, and the time after which it is too late to
 * write; empty: never. All times are those of this Redis, so clocks need not agree. A report that comes late, out of
 * a queue of commands that waited for a connection, would tell of a state that is long over.
 */
export const reportScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[2] == 'gone' then
  redis.call('HDEL', KEYS[2], ARGV[1])
elseif now <= (tonumber(ARGV[5]) or now) then
  local report = '{"state":' .. cjson.encode(ARGV[2]) .. ',"mark":' .. cjson.encode(ARGV[3])
    .. ',"busy":' .. ARGV[4] .. ',"atMs":' .. string.format('%.0f', now) .. '}'
  redis.call('HSET', KEYS[2], ARGV[1], report)
  redis.call('PEXPIRE', KEYS[2], 120000)
end
local mark, expires = string.match(redis.call('HGET', KEYS[1], ARGV[1]) or '', '^(.*) (%d+)$')
local left = (tonumber(expires) or now) - now
if left <= 0 then return {now, '', 0} end
return {now, mark, left}`;

/** The two keys of a source, from what they begin with. */
export function keysOf(base: string): readonly [marks: string, workers: string] {
  return [`${base}marks`, `${base}workers`];
}

/**
 * What the keys of a list or stream begin with. Without a hash tag of its own the key becomes one, so that both hashes
 * lie in one slot of a Redis Cluster.
 */
export function baseOfKey(key: string): string {
  return /^[^{]*\{[^}]+\}/.test(key) ? `${key}:spillway:` : `{${key}}:spillway:`;
}

/** Arguments of the script, as Redis takes them. */
export function argumentsOf({ pod, state, mark, busy, notAfterMs }: Report): readonly string[] {
  return [pod, state, mark, String(busy), notAfterMs === undefined ? '' : String(Math.round(notAfterMs))];
}

/** @throws where the answer is not one of the script */
export function parsedAnswer(answer: unknown): Answer {
  const [serverMs, mark, leftMs] = Array.isArray(answer) ? (answer as readonly unknown[]) : [];
  if (!Number.isFinite(Number(serverMs)) || typeof mark !== 'string')
    throw new TypeError('no answer of the script');
  return { serverMs: Number(serverMs), mark, leftMs: Number(leftMs) };
}
