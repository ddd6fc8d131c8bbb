import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { extremeOf, observed, secondsToChange, type Window } from '../../../src/decide/window.ts';

/** Values that hold from their time on: what a window stands for, without its economy. */
function inEffect(steps: readonly (readonly [number, number])[], fromMs: number): readonly number[] {
  return steps
    .filter((_, index) => (steps[index + 1]?.[0] ?? Number.POSITIVE_INFINITY) > fromMs)
    .map(([, value]) => value);
}

const history = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.nat(10)), { minLength: 1, maxLength: 60 })
  .map((gaps) => {
    let atMs = 0;
    return gaps.map(([gapSeconds, value]) => {
      atMs += gapSeconds * 1000;
      return [atMs, value] as const;
    });
  });

describe('a window', () => {
  for (const [extreme, of] of [
    ['highest', Math.max],
    ['lowest', Math.min],
  ] as const) {
    test(`knows the ${extreme} value that held within its span`, () => {
      fc.assert(
        fc.property(history, fc.nat(90), (steps, spanSeconds) => {
          let window: Window = [];
          steps.forEach(([atMs, value], index) => {
            window = observed(window, extreme, atMs, value, spanSeconds);
            const seen = inEffect(steps.slice(0, index + 1), atMs - spanSeconds * 1000);
            assert.equal(extremeOf(window, Number.NaN), of(...seen));
          });
        }),
      );
    });
  }

  test('stays small under a steady stream of samples', () => {
    let window: Window = [];
    for (let index = 0; index < 10_000; index += 1) {
      window = observed(window, 'highest', index * 100, index % 7, 60);
    }
    assert.equal(window.length <= 8, true, `${window.length} steps`);
  });

  test('tells when its extreme changes by itself', () => {
    const window = observed(observed([], 'highest', 0, 9, 60), 'highest', 10_000, 4, 60);
    assert.equal(secondsToChange(window, 20_000, 60), 50);
    assert.equal(extremeOf(observed(window, 'highest', 70_000, 4, 60), 0), 4);
    assert.equal(secondsToChange(observed([], 'highest', 0, 9, 60), 0, 60), Number.POSITIVE_INFINITY);
  });
});
