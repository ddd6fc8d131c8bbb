import type { SimulationResult } from '../result.ts';
import { boundLine, columns, headline, remarksOn } from './figures.ts';

/** The result as lines of text: a headline, a table, the lower bound, and what else must be known. */
export function tableOf(result: SimulationResult): readonly string[] {
  const rows = [
    ['', ...columns.map(({ title }) => title)],
    ...result.contenders.map((each) => [each.name, ...columns.map(({ cell }) => cell(each))]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return [headline(result), '', ...lines, '', boundLine(result), ...result.contenders.flatMap(remarksOn)];
}
