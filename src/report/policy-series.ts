import type { Counter, Gauge } from 'prom-client';

/** Labels of one series. */
export type Labels = Readonly<Record<string, string>>;

/** A value under its labels; undefined: not known, so the series must not exist. */
export interface Point {
  readonly labels: Labels;
  readonly value: number | undefined;
}

/**
 * Which series belong to which policy, so that those of a deleted policy, a removed source or a value no longer
 * known can be taken away: prom-client itself only removes a series whose labels one can name.
 */
export interface PolicySeries {
  /** Sets a gauge's series of the policy to exactly these points; earlier ones that are not among them go. */
  readonly replace: (policy: string, gauge: Gauge, points: readonly Point[]) => void;
  /** Adds to a counter, one unless told. */
  readonly count: (policy: string, counter: Counter, labels: Labels, by?: number) => void;
  /** Removes every series of the policy. */
  readonly forget: (policy: string) => void;
  /** Removes every series of every policy. */
  readonly forgetAll: () => void;
}

type Removable = Pick<Gauge, 'remove'>;

/** An empty book of series. */
export function createPolicySeries(): PolicySeries {
  const book = new Map<string, Map<Removable, Map<string, Labels>>>();

  function seriesOf(policy: string, metric: Removable): Map<string, Labels> {
    let metrics = book.get(policy);
    if (metrics === undefined) book.set(policy, (metrics = new Map()));
    let series = metrics.get(metric);
    if (series === undefined) metrics.set(metric, (series = new Map()));
    return series;
  }

  function forget(policy: string): void {
    for (const [metric, series] of book.get(policy) ?? []) {
      for (const labels of series.values()) metric.remove(labels);
    }
    book.delete(policy);
  }

  return {
    replace(policy, gauge, points) {
      const series = seriesOf(policy, gauge);
      const gone = new Map(series);
      for (const { labels, value } of points) {
        if (value === undefined || !Number.isFinite(value)) continue;
        gauge.set(labels, value);
        const id = seriesId(labels);
        series.set(id, labels);
        gone.delete(id);
      }
      for (const [id, labels] of gone) {
        gauge.remove(labels);
        series.delete(id);
      }
    },
    count(policy, counter, labels, by = 1) {
      counter.inc(labels, by);
      seriesOf(policy, counter).set(seriesId(labels), labels);
    },
    forget,
    forgetAll() {
      for (const policy of book.keys()) forget(policy);
    },
  };
}

function seriesId(labels: Labels): string {
  return Object.values(labels).join('\n');
}
