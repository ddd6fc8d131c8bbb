import type { WorkerReport } from './drain.ts';
import { type Script, scriptFrom } from './redis/script.ts';

/** A mark lives so long unless it is renewed, and is renewed when so much of that is left: every 15 s. */
const markLifeMs = 60_000;
const renewLeftMs = 45_000;
/** A report counts while it is younger. */
const freshMs = 15_000;
/** Both hashes go when nobody has written for so long; so do reports of workers that are no more. */
const keepMs = 120_000;

/**
 * KEYS are the hashes of marks and of reports. ARGV: how many pods are marked, pod and mark of each, then pod and mark
 * of those to lift. All times are those of this Redis. A mark that stands long enough is left alone, so that what a
 * restart or a failover lost is written again by the next call. Answers pod and report of every fresh report, flat.
 *
 * The HDEL of no pod changes nothing, and fails where nothing may be written: that shall not come out in a drain only.
 * It comes after the marks, because Redis looks at its memory before the first write of a script alone.
 */
export const drainScript: Script = scriptFrom(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = 1 + 2 * tonumber(ARGV[1])

local written = false
for i = 2, last, 2 do
  local mark, expires = string.match(redis.call('HGET', KEYS[1], ARGV[i]) or '', '^(.*) (%d+)$')
  if mark ~= ARGV[i + 1] or tonumber(expires) < now + ${renewLeftMs} then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1] .. ' ' .. string.format('%.0f', now + ${markLifeMs}))
    written = true
  end
end
if written then redis.call('PEXPIRE', KEYS[1], ${keepMs}) end
redis.call('HDEL', KEYS[1], '')
for i = last + 1, #ARGV, 2 do
  local mark = string.match(redis.call('HGET', KEYS[1], ARGV[i]) or '', '^(.*) %d+$')
  if mark == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[1]) then
  local marks = redis.call('HGETALL', KEYS[1])
  for i = 1, #marks, 2 do
    local expires = tonumber(string.match(marks[i + 1], ' (%d+)$'))
    if expires and expires < now then redis.call('HDEL', KEYS[1], marks[i]) end
  end
end

local reports = redis.call('HGETALL', KEYS[2])
local fresh = {}
for i = 1, #reports, 2 do
  local at = tonumber(string.match(reports[i + 1], '"atMs"%s*:%s*(%d+)'))
  if at and now - at < ${freshMs} then
    fresh[#fresh + 1] = reports[i]
    fresh[#fresh + 1] = reports[i + 1]
  elseif at and now - at > ${keepMs} then
    redis.call('HDEL', KEYS[2], reports[i])
  end
end
return fresh`);

/** Arguments of the script: what EVALSHA and EVAL take after the script itself. */
export function drainArguments(
  keys: string,
  marks: ReadonlyMap<string, string>,
  lifted: ReadonlyMap<string, string>,
): readonly (string | number)[] {
  return [2, `${keys}marks`, `${keys}workers`, marks.size, ...[...marks, ...lifted].flat()];
}

/** The reports in the script's answer, by name of pod. One that makes no sense is left out. */
export function parsedReports(answer: unknown): readonly WorkerReport[] {
  if (!Array.isArray(answer)) return [];
  const reports: WorkerReport[] = [];
  for (let i = 0; i + 1 < answer.length; i += 2) {
    const report = parsedReport(String(answer[i]), String(answer[i + 1]));
    if (report !== undefined) reports.push(report);
  }
  return reports.toSorted((a, b) => (a.pod < b.pod ? -1 : 1));
}

function parsedReport(pod: string, text: string): WorkerReport | undefined {
  const value = parsedJson(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const { state, mark, busy } = value as Readonly<Record<string, unknown>>;
  if (state !== 'working' && state !== 'draining' && state !== 'drained') return undefined;
  if (typeof busy !== 'number' || !(busy >= 0)) return undefined;
  return { pod, state, mark: typeof mark === 'string' && mark !== '' ? mark : undefined, busy };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
