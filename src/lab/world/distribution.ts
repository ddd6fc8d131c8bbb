import type { Random } from './random.ts';

/** How long something takes, or how much of it there is; the unit is in the name of what holds it. Never negative. */
export type Distribution =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly from: number; readonly to: number }
  | { readonly kind: 'exponential'; readonly mean: number }
  /** `sigma` is the deviation of the logarithm: 0.5 makes p95 2.3 times the median. */
  | { readonly kind: 'logNormal'; readonly median: number; readonly sigma: number }
  /** Draws one of the values, each as likely; repeat a value to weigh it. */
  | { readonly kind: 'empirical'; readonly values: readonly number[] };

export const constant = (value: number): Distribution => ({ kind: 'constant', value });
export const uniform = (from: number, to: number): Distribution => ({ kind: 'uniform', from, to });
export const exponential = (mean: number): Distribution => ({ kind: 'exponential', mean });
export const logNormal = (median: number, sigma: number): Distribution => ({
  kind: 'logNormal',
  median,
  sigma,
});
export const empirical = (values: readonly number[]): Distribution => ({ kind: 'empirical', values });

/** Draws one value. */
export function draw(distribution: Distribution, random: Random): number {
  switch (distribution.kind) {
    case 'constant':
      return distribution.value;
    case 'uniform':
      return distribution.from + random.next() * (distribution.to - distribution.from);
    case 'exponential':
      return -distribution.mean * Math.log(1 - random.next());
    case 'logNormal':
      return distribution.median * Math.exp(distribution.sigma * random.normal());
    case 'empirical':
      return distribution.values[random.integer(distribution.values.length)] ?? 0;
  }
}

/** The mean of a distribution. */
export function meanOf(distribution: Distribution): number {
  switch (distribution.kind) {
    case 'constant':
      return distribution.value;
    case 'uniform':
      return (distribution.from + distribution.to) / 2;
    case 'exponential':
      return distribution.mean;
    case 'logNormal':
      return distribution.median * Math.exp(distribution.sigma ** 2 / 2);
    case 'empirical':
      return distribution.values.reduce((sum, value) => sum + value, 0) / distribution.values.length;
  }
}

/** The same distribution with all values multiplied: `scaled(boot, 0.1)` is ten times as fast. */
export function scaled(distribution: Distribution, factor: number): Distribution {
  switch (distribution.kind) {
    case 'constant':
      return constant(distribution.value * factor);
    case 'uniform':
      return uniform(distribution.from * factor, distribution.to * factor);
    case 'exponential':
      return exponential(distribution.mean * factor);
    case 'logNormal':
      return logNormal(distribution.median * factor, distribution.sigma);
    case 'empirical':
      return empirical(distribution.values.map((value) => value * factor));
  }
}
