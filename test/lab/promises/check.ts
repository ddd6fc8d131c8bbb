import assert from 'node:assert/strict';
import fc from 'fast-check';
import { perform } from './perform.ts';
import { anyPlot } from './plot.ts';

/**
 * Performs so many plots and returns what was done, in a sentence. Throws with the smallest plot that breaks a promise,
 * and where fewer plots were performed than asked for.
 */
export function check({ plots, seed }: { readonly plots: number; readonly seed?: number }): string {
  const result = fc.check(fc.property(anyPlot, perform), {
    numRuns: plots,
    ...(seed === undefined ? {} : { seed }),
  });
  const why = result.errorInstance instanceof Error ? result.errorInstance.message : '';
  assert.ok(!result.failed, `${why}\n${fc.defaultReportMessage(result)}`);
  assert.ok(
    !result.interrupted && result.numRuns === plots,
    `cut short after ${result.numRuns} of ${plots} plots`,
  );
  return `${result.numRuns} plots with seed ${result.seed}`;
}
