/** `20000` → `20 000`: a thin grouping that reads alike in every locale. */
export function count(value: number): string {
  const rounded =
    Math.abs(value - Math.round(value)) < 0.05 ? Math.round(value).toString() : value.toFixed(1);
  return rounded.replaceAll(/\B(?=(\d{3})+(?!\d))/g, ' ');
}

/** `1 job`, `2 jobs`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** `90` → `1.5 min`: seconds as a person says them. */
export function seconds(value: number): string {
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 90) return `${count(value)} s`;
  if (value < 5400) return `${count(value / 60)} min`;
  return `${count(value / 3600)} h`;
}
