import { nearest } from '../../../policy/nearest.ts';
import { cellsOf } from './cells.ts';
import { type Line, linesOf, traceError } from './lines.ts';
import type { Slot } from './slot.ts';
import { countOf } from './timed-rows.ts';

const minutesADay = 1440;
const minuteMs = 60_000;
const hashColumn = 'HashFunction';

/**
 * The minutes of a day of invocations per function, as the Azure Functions traces have them (Azure/AzurePublicDataset,
 * AzureFunctionsDataset2019): one function by its hash, or all of them summed. Times begin at 0.
 */
export function functionSlots(file: string, header: Line, hash?: string): readonly Slot[] {
  const names = cellsOf(header.text).map((name) => name.toLowerCase());
  const hashAt = names.indexOf(hashColumn.toLowerCase());
  if (hashAt < 0) throw traceError(file, header.number, `the column ${hashColumn} is missing`);
  const columns = Array.from({ length: minutesADay }, (_, index) => names.indexOf(String(index + 1)));
  const minutes = columns.findLastIndex((column) => column >= 0) + 1;
  const missing = minutes === 0 ? 0 : columns.indexOf(-1);
  if (missing >= 0 && missing < Math.max(1, minutes)) {
    throw traceError(file, header.number, `the column ${missing + 1} of the minutes is missing`);
  }
  const counts = new Float64Array(minutes);
  const known: string[] = [];
  let rows = 0;
  for (const { number, text } of linesOf(file)) {
    if (number === header.number) continue;
    const cells = cellsOf(text);
    const name = cells[hashAt] ?? '';
    if (hash !== undefined && name !== hash) {
      if (known.length < 1000) known.push(name);
      continue;
    }
    rows += 1;
    for (let minute = 0; minute < minutes; minute += 1) {
      const cell = cells[columns[minute] ?? -1];
      if (cell === undefined) {
        throw traceError(file, number, `the row ends before minute ${minute + 1}`);
      }
      counts[minute] = (counts[minute] ?? 0) + countOf(file, number, cell);
    }
  }
  if (rows === 0) throw traceError(file, header.number, nothingThere(hash, known));
  return Array.from(counts, (jobs, minute) => ({ startMs: minute * minuteMs, lengthMs: minuteMs, jobs }));
}

function nothingThere(hash: string | undefined, known: readonly string[]): string {
  if (hash === undefined) return 'there is no row under the header';
  const meant = nearest(hash, known);
  return `there is no function ${hash}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}
