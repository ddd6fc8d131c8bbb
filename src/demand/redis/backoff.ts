const firstMs = 100;
const longestMs = 5_000;

/**
 * Milliseconds to wait before attempt number `attempt` (1 is the first retry): 100, 200, 400 … 5 000, each by a factor
 * between 0.5 and 1, so that many that failed together do not come back together.
 */
export function backoffMs(attempt: number, random: () => number): number {
  const ceiling = Math.min(longestMs, firstMs * 2 ** (attempt - 1));
  return ceiling * (0.5 + random() / 2);
}
