import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import { SpillwayError } from '../../../errors.ts';

/** A line of a text file, without its end; lines count from 1. */
export interface Line {
  readonly number: number;
  readonly text: string;
}

const chunkBytes = 1 << 18;
/** A row of a day's minutes has some 10 kB; a line far beyond that is no CSV. */
const longestLineBytes = 1 << 20;
const newline = 10;

/**
 * The lines of a file, read piece by piece and synchronously: a world pulls its arrivals while it runs. Empty lines
 * are left out. Throws TRACE_UNREADABLE, and TRACE_INVALID for what is not text.
 */
export function* linesOf(file: string): Generator<Line> {
  const descriptor = open(file);
  try {
    let number = 0;
    for (const piece of wholeLines(file, descriptor)) {
      refuseBinary(file, number + 1, piece);
      for (const line of piece.toString('utf8').split('\n')) {
        number += 1;
        const text = (number === 1 ? line.replace(/^\uFEFF/, '') : line).trim();
        if (text !== '') yield { number, text };
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

/** A problem of a trace as an error. */
export function traceError(file: string, line: number, problem: string): SpillwayError {
  return new SpillwayError('TRACE_INVALID', { file, line, problem });
}

/** Pieces of the file that end where a line ends, without that end. */
function* wholeLines(file: string, descriptor: number): Generator<Buffer> {
  let rest = Buffer.alloc(0);
  let lines = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const length = read(file, descriptor, chunk);
    if (length === 0) break;
    const bytes = Buffer.concat([rest, chunk.subarray(0, length)]);
    const end = bytes.lastIndexOf(newline);
    rest = bytes.subarray(end + 1);
    if (rest.length > longestLineBytes)
      throw traceError(file, lines + 1, 'the line is too long for a CSV file');
    if (end < 0) continue;
    const piece = bytes.subarray(0, end);
    lines += countLines(piece);
    yield piece;
  }
  if (rest.length > 0) yield rest;
}

function open(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function read(file: string, descriptor: number, chunk: Buffer): number {
  try {
    return readSync(descriptor, chunk, 0, chunk.length, null);
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

const problems: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
};

function unreadable(file: string, cause: unknown): SpillwayError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  return new SpillwayError('TRACE_UNREADABLE', { file, problem: problems[code] ?? code }, cause);
}

function refuseBinary(file: string, firstLine: number, piece: Buffer): void {
  if (!piece.includes(0) && isUtf8(piece)) return;
  let line = firstLine;
  let start = 0;
  for (;;) {
    const end = piece.indexOf(newline, start);
    const bytes = piece.subarray(start, end < 0 ? piece.length : end);
    if (end < 0 || bytes.includes(0) || !isUtf8(bytes)) break;
    start = end + 1;
    line += 1;
  }
  throw traceError(file, line, 'this is not text in UTF-8');
}

function countLines(bytes: Buffer): number {
  let count = 1;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) count += 1;
  return count;
}
