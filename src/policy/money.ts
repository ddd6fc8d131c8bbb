import { SpillwayError } from '../errors.ts';

/**
 * An amount of money in the configured currency, as RE2 and JavaScript both read it: a plain decimal that is not
 * negative. Every such text is a Kubernetes quantity too; suffixes and exponents are left out, for nobody writes
 * prices in them. It is a string because numbers with a fraction do not survive every Kubernetes client.
 */
export const amountPattern = '^[0-9]{1,12}([.][0-9]{1,9})?$';

/** No amount that matches `amountPattern` is longer than this. */
export const amountMaxLength = 22;

const amountShape = new RegExp(amountPattern);

/** Whether `parseAmount` reads the text. */
export function isAmount(text: string): boolean {
  return amountShape.test(text);
}

/** The number of an amount such as `20` or `0.0405`. Throws AMOUNT_INVALID. */
export function parseAmount(text: string): number {
  if (!isAmount(text)) throw new SpillwayError('AMOUNT_INVALID', { value: text });
  return Number(text);
}

/** The text of an amount, rounded to a ten-thousandth and without idle zeros: 0.1 + 0.2 → `0.3`. */
export function formatAmount(amount: number): string {
  return Math.max(0, amount)
    .toFixed(4)
    .replace(/\.?0+$/, '');
}
