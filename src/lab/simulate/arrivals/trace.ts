import { nearest } from '../../../policy/nearest.ts';
import { cellsOf, shown, timeOf } from './cells.ts';
import { functionSlots } from './functions.ts';
import { type Line, linesOf, traceError } from './lines.ts';
import type { Slot } from './slot.ts';
import { countSlots, requestSlots, type TimedColumns } from './timed-rows.ts';

/** The forms of traces that are known. */
export type TraceForm = 'counts' | 'requests' | 'functions';

/** A trace file. It may be gone through again and again; nothing of it is kept but what one pass needs. */
export interface Trace {
  readonly file: string;
  readonly form: TraceForm;
  slots(): Iterable<Slot>;
}

const timeNames = ['timestamp', 'time', 'ts', 'datetime', 'date'];
const valueNames = ['value', 'count', 'requests', 'invocations', 'jobs'];

/**
 * Opens a trace and finds out its form: `timestamp,value` with counts in any interval, one timestamp a request, or one
 * row a function with a column for each minute of the day (HashOwner, HashApp, HashFunction, Trigger, 1 … 1440), all
 * functions together or one by its hash. Throws TRACE_UNREADABLE, TRACE_INVALID.
 */
export function openTrace(file: string, functionHash?: string): Trace {
  const first = firstLine(file);
  const cells = cellsOf(first.text);
  const lower = cells.map((cell) => cell.toLowerCase());
  if (lower.some((cell) => cell.startsWith('hash')) || lower.includes('1440')) {
    const minutes = functionSlots(file, first, functionHash);
    return { file, form: 'functions', slots: () => minutes };
  }
  if (functionHash !== undefined) {
    throw traceError(file, first.number, 'it has no functions to choose from: it has no column HashFunction');
  }
  const columns = columnsOf(file, first, cells);
  const form = columns.value === undefined ? 'requests' : 'counts';
  const slotsOf = form === 'requests' ? requestSlots : countSlots;
  return { file, form, slots: () => slotsOf(file, columns) };
}

function firstLine(file: string): Line {
  for (const line of linesOf(file)) return line;
  throw traceError(file, 1, 'the file is empty');
}

function columnsOf(file: string, { number }: Line, cells: readonly string[]): TimedColumns {
  if (timeOf(cells[0] ?? '') !== undefined) {
    if (cells.length > 2)
      throw traceError(file, number, 'without a header it may have two columns at most: timestamp,value');
    return { time: 0, value: cells.length === 2 ? 1 : undefined, header: undefined };
  }
  const find = (names: readonly string[]): number =>
    cells.findIndex((cell) => names.includes(cell.toLowerCase()));
  const time = find(timeNames);
  if (time < 0) throw traceError(file, number, `the column timestamp is missing${meant(cells, 'timestamp')}`);
  const value = find(valueNames);
  if (value < 0 && cells.length > 1) {
    throw traceError(
      file,
      number,
      `the column value is missing${meant(cells, 'value')} (for one line a request, leave only the column timestamp)`,
    );
  }
  return { time, value: value < 0 ? undefined : value, header: number };
}

function meant(cells: readonly string[], wanted: string): string {
  const near = cells.find((cell) => nearest(cell, [wanted]) !== undefined);
  return near === undefined
    ? `; the header has ${cells.slice(0, 6).map(shown).join(', ')}`
    : `: ${shown(near)} may mean it`;
}
