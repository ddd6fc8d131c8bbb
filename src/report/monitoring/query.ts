import type {
  CounterName,
  counterDefinitions,
  GaugeName,
  gaugeDefinitions,
  HistogramName,
} from '../metric-definitions.ts';

type Definitions = typeof gaugeDefinitions & typeof counterDefinitions;

/** Conditions on the labels that a metric has, each with its operator: `{ outcome: '="timeout"' }`. */
export type Matchers<Name extends GaugeName | CounterName> = Readonly<
  Partial<Record<Definitions[Name]['labels'][number], string>>
>;

/** A gauge or counter in PromQL. Names and labels are those of metric-definitions.ts: a renamed one no longer compiles. */
export function metric<Name extends GaugeName | CounterName>(
  name: Name,
  matchers: Matchers<Name> = {} as Matchers<Name>,
): string {
  const conditions = Object.entries(matchers).map(([label, condition]) => `${label}${String(condition)}`);
  return conditions.length === 0 ? name : `${name}{${conditions.join(', ')}}`;
}

/** A quantile of a histogram over a time such as `10m`, all replicas of the controller together, in the unit of its name. */
export function quantile(share: number, name: HistogramName, over: string): string {
  return `histogram_quantile(${share}, sum by (le) (rate(${name}_bucket[${over}])))`;
}
