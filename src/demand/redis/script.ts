import { createHash } from 'node:crypto';
import { answerCode } from './failure.ts';
import type { Answer, KeyError, Reader } from './probe.ts';

/** A Lua script and the hash that a server knows it by. */
export interface Script {
  readonly lua: string;
  readonly sha1: string;
}

/** Sends one command, and rejects with what the server said. */
export type Call = (command: string, args: readonly (string | number)[]) => Promise<unknown>;

/** A script from its text. */
export function scriptFrom(lua: string): Script {
  return { lua, sha1: createHash('sha1').update(lua).digest('hex') };
}

/**
 * Runs a script by its hash, or by its text where the server does not know it (yet, or no longer).
 * @param args the number of keys, the keys, the arguments
 */
export async function evaluate(
  { lua, sha1 }: Script,
  args: readonly (string | number)[],
  call: Call,
): Promise<unknown> {
  try {
    return await call('EVALSHA', [sha1, ...args]);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await call('EVAL', [lua, ...args]);
  }
}

/** Job names are read for so many active jobs a call at most: it must stay short, it holds up the whole Redis. */
const detailBudget = 1_000;

/**
 * One script that reads many keys in a call, each with its own reader, and none in the way of another.
 * KEYS are the keys; ARGV[1] is the time, then for each key its reader, its argument, and of the letters `d` (detail is wanted) and `c` (the stream is covered) those that hold. The
 * answer has one string for each key: words with a space between, or `!` and an error. A reader's error is its key's
 * alone. Nothing is written.
 */
export function scriptOf(readers: readonly Reader[]): Script {
  return scriptFrom(`
local full_budget = ${detailBudget}
local budget = full_budget
local function number(value)
  local n = tonumber(value)
  if n then return string.format('%.0f', n) end
  return '-'
end
local function last_id(key)
  local entry = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
  return entry and entry[1] or '0-0'
end
local readers = {}
${readers.map(({ name, lua: body }) => `readers['${name}'] = function(key, argument, detail, covered, now)\n${body}\nend`).join('\n')}
local now = tonumber(ARGV[1])
local answers = {}
for i, key in ipairs(KEYS) do
  local a = 3 * i - 1
  local flags = ARGV[a + 2]
  local ok, answer = pcall(readers[ARGV[a]], key, ARGV[a + 1], string.find(flags, 'd') ~= nil, string.find(flags, 'c') ~= nil, now)
  if ok then
    answers[i] = table.concat(answer, ' ')
  else
    answers[i] = '!' .. (type(answer) == 'table' and tostring(answer.err) or tostring(answer))
  end
end
return answers`);
}

/** What a string of the script's answer says. */
export function parsedAnswer(text: string): Answer | { readonly error: KeyError } {
  if (text.startsWith('!')) return { error: keyError(text.slice(1)) };
  const brace = text.indexOf('{');
  if (brace === -1) return { words: text.split(' '), json: undefined };
  return { words: text.slice(0, brace).trimEnd().split(' '), json: text.slice(brace) };
}

function keyError(answer: string): KeyError {
  if (answer.includes('WRONGTYPE')) return 'wrongType';
  if (answer.includes('no such key')) return 'missing';
  return answerCode(answer);
}
