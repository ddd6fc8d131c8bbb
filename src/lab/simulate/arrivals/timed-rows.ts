import { cellsOf, numberOf, shown, timeOf } from './cells.ts';
import { type Line, linesOf, traceError } from './lines.ts';
import type { Slot } from './slot.ts';

/** Where the cells of a timed trace stand. */
export interface TimedColumns {
  readonly time: number;
  /** Undefined: each row is one request. */
  readonly value: number | undefined;
  /** Line of the header; undefined: there is none. */
  readonly header: number | undefined;
}

interface Row {
  readonly line: number;
  readonly atMs: number;
  readonly jobs: number;
}

/** Rows that the usual interval is found from. */
const rowsForInterval = 1000;
const soleIntervalMs = 60_000;

/** A longer trace, and more jobs in a row, are a mistake in the unit rather than a load that somebody has. */
const longestMs = 400 * 86_400_000;
const mostJobs = 100_000_000;

/**
 * Slots of a trace with counts: each row counts from its time to that of the next, but no longer than is usual in the
 * file, so that a hole in it stays a hole.
 */
export function* countSlots(file: string, columns: TimedColumns): Generator<Slot> {
  const usualMs = usualIntervalMs(file, columns);
  let before: Row | undefined;
  for (const row of rowsOf(file, columns)) {
    if (before !== undefined) yield slot(before, Math.min(row.atMs - before.atMs, usualMs));
    before = row;
  }
  if (before !== undefined) yield slot(before, usualMs);
}

/** Slots of a trace with one row a request: each at its time. */
export function* requestSlots(file: string, columns: TimedColumns): Generator<Slot> {
  for (const row of rowsOf(file, columns)) yield slot(row, 0);
}

function slot({ atMs, jobs }: Row, lengthMs: number): Slot {
  return { startMs: atMs, lengthMs, jobs };
}

function usualIntervalMs(file: string, columns: TimedColumns): number {
  const gaps: number[] = [];
  let beforeMs: number | undefined;
  for (const { atMs } of rowsOf(file, columns)) {
    if (beforeMs !== undefined && atMs > beforeMs) gaps.push(atMs - beforeMs);
    beforeMs = atMs;
    if (gaps.length === rowsForInterval) break;
  }
  return gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? soleIntervalMs;
}

function* rowsOf(file: string, columns: TimedColumns): Generator<Row> {
  let first: Row | undefined;
  let before: Row | undefined;
  for (const line of linesOf(file)) {
    if (line.number === columns.header) continue;
    const row = rowOf(file, line, columns);
    first ??= row;
    if (row.atMs - first.atMs > longestMs) {
      throw traceError(
        file,
        row.line,
        `the time is more than 400 days after that of line ${first.line}; check the unit of the times`,
      );
    }
    if (before !== undefined && row.atMs < before.atMs) {
      throw traceError(
        file,
        row.line,
        `the time is before that of line ${before.line}; sort the file by time`,
      );
    }
    before = row;
    yield row;
  }
  if (before === undefined) throw traceError(file, columns.header ?? 1, 'there is no row under the header');
}

function rowOf(file: string, { number, text }: Line, columns: TimedColumns): Row {
  const cells = cellsOf(text);
  const time = cells[columns.time] ?? '';
  const atMs = timeOf(time);
  if (atMs === undefined) {
    throw traceError(
      file,
      number,
      `${shown(time)} is not a time; write seconds since the epoch or 2026-03-01T12:00:00Z`,
    );
  }
  if (columns.value === undefined) return { line: number, atMs, jobs: 1 };
  const value = cells[columns.value];
  if (value === undefined) throw traceError(file, number, 'the value is missing');
  return { line: number, atMs, jobs: countOf(file, number, value) };
}

/** A count of jobs in a cell: a number that is not negative; fractions are possible where a trace was scaled. */
export function countOf(file: string, line: number, cell: string): number {
  const jobs = numberOf(cell);
  if (jobs === undefined) throw traceError(file, line, `${shown(cell)} is not a number`);
  if (jobs < 0) throw traceError(file, line, `${cell} is negative; write 0 or more`);
  if (jobs > mostJobs) throw traceError(file, line, `${cell} is more than ${mostJobs} jobs in one row`);
  return jobs;
}
