import type { ErrorCode } from '../../errors.ts';

/** What is read for one source: which reader of the script, for which key, and what becomes of the answer. */
export interface Probe {
  readonly reader: Reader;
  /** Handed to the reader: the list, the stream, or the beginning of all keys of a queue. */
  readonly key: string;
  /** Handed to the reader besides the key: the consumer group. */
  readonly argument: string;
  /** The stream whose entries tell that there is something to read; undefined: nothing tells, it is polled. */
  readonly eventStream: string | undefined;
  /** Asks the reader for what is costly; looked at before each reading. */
  readonly wantsDetail: (atMs: number) => boolean;
  /** Takes in what the reader said and reports it. */
  take(answer: Answer, atMs: number): Reading;
  /** The reader failed on this key alone; says when to look again. */
  fail(error: KeyError): void;
  /** The whole Redis is lost. */
  lose(code: ErrorCode): void;
}

/**
 * A Lua function of `key, argument, detail, covered, now` (the time in ms) that answers an array of strings, `-` for what is not there.
 * While its stream is `covered`, the last id need not be looked up.
 */
export interface Reader {
  readonly name: string;
  readonly lua: string;
}

/** What a reader answered: plain words, and at most one JSON object after them. */
export interface Answer {
  readonly words: readonly string[];
  readonly json: string | undefined;
}

/** How a key may fail. */
export type KeyError = 'missing' | 'wrongType' | ErrorCode;

export interface Reading {
  /** When to read again, at the latest. */
  readonly nextMs: number;
  /** Nothing happens until an entry comes into the event stream. */
  readonly quiet: boolean;
  /** The last entry there; undefined: not known, or not asked for. */
  readonly lastEventId: string | undefined;
}

/** A word of an answer as a number; undefined for `-` and for what is none. */
export function numberAt(words: readonly string[], index: number): number | undefined {
  const word = words[index];
  if (word === undefined || word === '-' || word === '') return undefined;
  const value = Number(word);
  return Number.isFinite(value) ? value : undefined;
}
