/** A line or area of a plot. */
export interface Curve {
  readonly name: string;
  /** One value for each step of time. */
  readonly values: readonly number[];
  /** Number of its colour and dashes, from 0. */
  readonly style: number;
  readonly filled?: boolean;
}

export interface Plot {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** What is to be seen, for those who do not see it. */
  readonly description: string;
  readonly unit: string;
  readonly curves: readonly Curve[];
  readonly startMs: number;
  readonly stepMs: number;
  /** Steps over the width; the longest curve by default. */
  readonly steps: number;
  /** Top of the scale; the highest value by default. */
  readonly highest?: number;
}

/** Styles that the style sheet has for curves. */
export const styleCount = 8;

const width = 760;
const height = 200;
const left = 64;
const right = 12;
const top = 12;
const bottom = 26;

/** A plot as an SVG element: time to the right, values up from 0. Colours and dashes are in the page's style sheet. */
export function svgOf(plot: Plot): string {
  const highest = niceCeiling(
    plot.highest ?? Math.max(1e-9, ...plot.curves.map(({ values }) => peak(values))),
  );
  const x = (step: number): number => left + ((width - left - right) * step) / Math.max(1, plot.steps);
  const y = (value: number): number => height - bottom - ((height - top - bottom) * value) / highest;
  const lines = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const at = px(y(part * highest));
    return `<line class="grid" x1="${left}" x2="${width - right}" y1="${at}" y2="${at}"/><text class="tick" x="${left - 6}" y="${at}" text-anchor="end" dominant-baseline="middle">${tick(part * highest)}</text>`;
  });
  const times = timeTicks(plot).map(
    ({ step, label }) =>
      `<text class="tick" x="${px(x(step))}" y="${height - 8}" text-anchor="middle">${label}</text>`,
  );
  const curves = plot.curves.map((curve) => curveOf(curve, x, y));
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${plot.id}-title ${plot.id}-description">`,
    `<title id="${plot.id}-title">${escaped(plot.title)}</title>`,
    `<desc id="${plot.id}-description">${escaped(plot.description)}</desc>`,
    ...lines,
    ...times,
    ...curves,
    '</svg>',
  ].join('');
}

/** The text of an element or attribute. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function curveOf(
  { values, style, filled = false }: Curve,
  x: (step: number) => number,
  y: (value: number) => number,
): string {
  const points = values.flatMap((value, step) => {
    // Where a value only repeats its neighbours there is nothing to draw.
    const flat = values[step - 1] === value && values[step + 1] === value;
    return flat ? [] : [`${px(x(step))} ${px(y(value))}`];
  });
  if (points.length === 0) return '';
  const line = `M${points.join('L')}`;
  const base = px(y(0));
  const area = `${line}L${px(x(values.length - 1))} ${base}L${px(x(0))} ${base}Z`;
  const shape = `<path class="line s${style % styleCount}" d="${line}"/>`;
  return filled ? `<path class="area s${style % styleCount}" d="${area}"/>${shape}` : shape;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const tickMs = [
  60_000,
  300_000,
  600_000,
  1_800_000,
  hourMs,
  3 * hourMs,
  6 * hourMs,
  12 * hourMs,
  dayMs,
  7 * dayMs,
  30 * dayMs,
];

/** At most eight times, in UTC, at round figures. */
function timeTicks({
  startMs,
  stepMs,
  steps,
}: Plot): readonly { readonly step: number; readonly label: string }[] {
  const spanMs = steps * stepMs;
  const everyMs = tickMs.find((each) => spanMs / each <= 8) ?? 365 * dayMs;
  const ticks = [];
  for (let atMs = Math.ceil(startMs / everyMs) * everyMs; atMs <= startMs + spanMs; atMs += everyMs) {
    const text = new Date(atMs).toISOString();
    ticks.push({
      step: (atMs - startMs) / stepMs,
      label: everyMs >= dayMs ? text.slice(5, 10) : text.slice(11, 16),
    });
  }
  return ticks;
}

/** The least of 1, 2, 2.5, 5, 10 times a power of ten that is no less. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 2.5, 5].find((each) => each * power >= value - 1e-9) ?? 10);
}

function tick(value: number): string {
  if (value >= 10_000) return `${Number((value / 1000).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}

function peak(values: readonly number[]): number {
  return values.reduce((highest, value) => Math.max(highest, value), 0);
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
