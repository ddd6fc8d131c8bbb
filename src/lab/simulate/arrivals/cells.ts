/** The cells of a CSV line, without the quotes around them. Commas inside quotes stay. */
export function cellsOf(line: string): readonly string[] {
  if (!line.includes('"')) return line.split(',').map((cell) => cell.trim());
  return [...line.matchAll(/\s*("(?:[^"]|"")*"|[^,]*)\s*(?:,|$)/gy)]
    .map(([, cell = '']) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell.trim()))
    .slice(0, line.endsWith(',') ? undefined : -1);
}

const isoShape = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s?(Z|UTC|[+-]\d\d:?\d\d)?$/i;

/** Numbers beyond this are milliseconds since the epoch, below it seconds. */
const leastMilliseconds = 1e11;

/**
 * Milliseconds since the epoch of a cell: seconds or milliseconds as a number, or a date and time (UTC where it names
 * no zone); undefined: it is neither.
 */
export function timeOf(cell: string): number | undefined {
  const number = numberOf(cell);
  if (number !== undefined) return Math.abs(number) < leastMilliseconds ? number * 1000 : number;
  const [, date, time = '00:00', zone = 'Z'] = isoShape.exec(cell) ?? [];
  if (date === undefined) return undefined;
  const ms = Date.parse(`${date}T${time}${zone.toUpperCase() === 'UTC' ? 'Z' : zone}`);
  return Number.isNaN(ms) ? undefined : ms;
}

const numberShape = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** The number in a cell; undefined: there is none. */
export function numberOf(cell: string): number | undefined {
  if (!numberShape.test(cell)) return undefined;
  const number = Number(cell);
  return Number.isFinite(number) ? number : undefined;
}

/** A cell as messages show it. */
export function shown(cell: string): string {
  return cell.length > 40 ? `"${cell.slice(0, 40)}…"` : `"${cell}"`;
}
