import { SpillwayError } from '../errors.ts';

/** What the suffixes of a Kubernetes quantity multiply by (k8s.io/apimachinery, api/resource/suffix.go). */
const binary: Readonly<Record<string, bigint>> = {
  Ki: 2n ** 10n,
  Mi: 2n ** 20n,
  Gi: 2n ** 30n,
  Ti: 2n ** 40n,
  Pi: 2n ** 50n,
  Ei: 2n ** 60n,
};
const decimalExponent: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

/** Sign, digits before the point, digits after it, then a suffix or an exponent. */
const quantityShape =
  /^([+-]?)(?=[0-9.])([0-9]*)(?:\.([0-9]*))?(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?[0-9]{1,3}))?$/;
const plainShape = /^[0-9]{1,15}$/;
const longest = 128;

/** A quantity exactly: `numerator × 10^exponent`. */
interface Exact {
  readonly numerator: bigint;
  readonly exponent: number;
}

/** The number that a Kubernetes quantity stands for: `1.5Gi` → 1610612736, `100m` → 0.1. Throws QUANTITY_INVALID. */
export function parseQuantity(text: string): number {
  if (plainShape.test(text)) return Number(text);
  const { numerator, exponent } = exact(text);
  // One correctly rounded step: dividing by a power of ten beats multiplying by an inexact fraction.
  return Number(`${numerator}e${exponent}`);
}

/** Millicores of a cpu quantity, rounded away from zero as `Quantity.MilliValue` does: `0.1` → 100. Throws QUANTITY_INVALID. */
export function cpuMillicores(text: string): number {
  return plainShape.test(text) ? Number(text) * 1000 : scaled(exact(text), 3);
}

/** Bytes of a memory or storage quantity, rounded away from zero as `Quantity.Value` does. Throws QUANTITY_INVALID. */
export function memoryBytes(text: string): number {
  return wholeUnits(text);
}

/** Units of a quantity that is counted (pods, extended resources), rounded like `memoryBytes`. Throws QUANTITY_INVALID. */
export function wholeUnits(text: string): number {
  return plainShape.test(text) ? Number(text) : scaled(exact(text), 0);
}

/**
 * The quantity of a number that is not negative, as Kubernetes writes it without a suffix larger than its own unit: 42 → `42`,
 * 42.5 → `42500m`, rounded to thousandths. Undefined: the number is none, or more than an int64 of thousandths holds.
 */
export function formatQuantity(value: number): string | undefined {
  if (!(value >= 0 && value < 9e15)) return undefined;
  if (Number.isInteger(value)) return String(value);
  const thousandths = Math.round(value * 1000);
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
}

function exact(text: string): Exact {
  const match = text.length <= longest ? quantityShape.exec(text) : null;
  if (match === null) throw invalid(text);
  const [, sign = '', whole = '', fraction = '', suffix = '', exponent] = match;
  if (whole === '' && fraction === '') throw invalid(text);
  const digits = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  const power = exponent === undefined ? (decimalExponent[suffix] ?? 0) : Number(exponent);
  return { numerator: digits * (binary[suffix] ?? 1n), exponent: power - fraction.length };
}

function scaled({ numerator, exponent }: Exact, decimals: number): number {
  const shift = exponent + decimals;
  if (shift >= 0) return Number(numerator * 10n ** BigInt(shift));
  const divisor = 10n ** BigInt(-shift);
  const quotient = numerator / divisor;
  if (quotient * divisor === numerator) return Number(quotient);
  return Number(quotient + (numerator > 0n ? 1n : -1n));
}

function invalid(text: string): SpillwayError {
  return new SpillwayError('QUANTITY_INVALID', { value: text.slice(0, longest) });
}
