import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import {
  type CounterName,
  counterDefinitions,
  type GaugeName,
  gaugeDefinitions,
  type HistogramName,
  histogramDefinitions,
} from './metric-definitions.ts';

/** One prom-client registry with every metric of metric-definitions.ts, by name. */
export interface MetricRegistry {
  readonly registry: Registry;
  readonly gauge: (name: GaugeName) => Gauge;
  readonly counter: (name: CounterName) => Counter;
  readonly histogram: (name: HistogramName) => Histogram;
}

/** Makes a registry of its own; prom-client's global one is left alone, so that two can live in one process. */
export function createMetricRegistry(): MetricRegistry {
  const registry = new Registry();
  const registers = [registry];
  const gauges = mapValues(gaugeDefinitions, (name, { help, labels }) => {
    const gauge = new Gauge({ name, help, labelNames: [...labels], registers });
    // prom-client starts a gauge without labels at 0; until it is set, its value is not known.
    if (labels.length === 0) gauge.remove();
    return gauge;
  });
  const counters = mapValues(
    counterDefinitions,
    (name, { help, labels }) => new Counter({ name, help, labelNames: [...labels], registers }),
  );
  const histograms = mapValues(
    histogramDefinitions,
    (name, { help, labels, buckets }) =>
      new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers }),
  );
  return {
    registry,
    gauge: (name) => gauges[name],
    counter: (name) => counters[name],
    histogram: (name) => histograms[name],
  };
}

function mapValues<T extends Readonly<Record<string, unknown>>, Made>(
  definitions: T,
  make: (name: string, definition: T[keyof T]) => Made,
): Record<keyof T, Made> {
  const made = Object.keys(definitions).map((name) => [name, make(name, definitions[name as keyof T])]);
  return Object.fromEntries(made) as Record<keyof T, Made>;
}
