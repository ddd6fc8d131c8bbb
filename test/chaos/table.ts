import type { Healed } from './play.ts';

/** How long faults took to come right, by fault: how many there were, the median and the worst, seconds. */
export function tableOf(healed: readonly Healed[]): string {
  const byName = Map.groupBy(healed, ({ name }) => name);
  const rows = [...byName].toSorted(([a], [b]) => a.localeCompare(b));
  const width = Math.max(5, ...rows.map(([name]) => name.length));
  const line = (name: string, ...cells: readonly string[]): string =>
    name.padEnd(width) + cells.map((cell) => cell.padStart(10)).join('');
  return [
    line('fault', 'times', 'median s', 'worst s'),
    ...rows.map(([name, all]) => {
      const times = all.map(({ seconds }) => seconds ?? Number.POSITIVE_INFINITY).toSorted((a, b) => a - b);
      const middle = times[Math.floor((times.length - 1) / 2)] ?? 0;
      return line(name, String(times.length), shown(middle), shown(times.at(-1) ?? 0));
    }),
  ].join('\n');
}

function shown(seconds: number): string {
  return Number.isFinite(seconds) ? seconds.toFixed(1) : 'never';
}
