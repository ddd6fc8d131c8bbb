import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Creations, created, secondsToToken, tokens } from '../../../src/limits/pace.ts';

const pace = { per5Minutes: 3, perHour: 5 };
const minuteMs = 60_000;
const pods = (count: number, atMs: number, name = `${atMs}`) =>
  Array.from({ length: count }, (_, index) => ({ uid: `${index}-${name}`.padStart(13, '0'), atMs }));

describe('the pace of creations', () => {
  test('is counted over five minutes and an hour', () => {
    let seen: Creations = [];
    for (const minute of [0, 1, 2]) seen = created(seen, pods(1, minute * minuteMs), pace, minute * minuteMs);
    assert.equal(tokens(seen, pace, 2 * minuteMs), 0);
    assert.equal(secondsToToken(seen, pace, 2 * minuteMs), 180);
    assert.equal(tokens(seen, pace, 5 * minuteMs), 1);
    assert.equal(tokens(seen, pace, 30 * minuteMs), 2);
    assert.equal(tokens(seen, pace, 60 * minuteMs), 3);
    assert.equal(secondsToToken([], pace, 0), undefined);
  });

  test('counts a pod once, however often it is seen', () => {
    const once = created([], pods(2, 0), pace, 0);
    assert.equal(created(once, pods(2, 0), pace, minuteMs), once);
    assert.equal(tokens(once, pace, 0), 1);
  });

  test('does not wait for a clock that was set back to catch up', () => {
    const ahead = created([], pods(3, 720 * minuteMs), pace, 720 * minuteMs);
    assert.equal(tokens(ahead, pace, 0), 3);
    assert.equal(secondsToToken(ahead, pace, 0), undefined);
    assert.deepEqual(
      created(ahead, pods(1, 0), pace, 0).map(([, atMs]) => atMs),
      [0],
    );
    const slightly = created([], pods(3, 2 * minuteMs), pace, 2 * minuteMs);
    assert.equal(tokens(slightly, pace, 0), 0, 'clocks differ a little');
  });

  test('lets 100 be created now and the rest of 268 as time goes on', () => {
    const aci = { per5Minutes: 100, perHour: 300 };
    let seen: Creations = [];
    const made: number[] = [];
    for (let minute = 0; minute <= 15; minute += 5) {
      const now = Math.min(
        tokens(seen, aci, minute * minuteMs),
        268 - made.reduce((sum, each) => sum + each, 0),
      );
      seen = created(seen, pods(now, minute * minuteMs), aci, minute * minuteMs);
      made.push(now);
    }
    assert.deepEqual(made, [100, 100, 68, 0]);
  });

  test('is never exceeded in any window by who creates no more than there are tokens', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ afterMs: fc.nat(20 * minuteMs), wanted: fc.nat(8) }), { maxLength: 60 }),
        fc.record({ per5Minutes: fc.integer({ min: 1, max: 6 }), perHour: fc.integer({ min: 1, max: 12 }) }),
        (steps, bounds) => {
          let seen: Creations = [];
          const all: number[] = [];
          let atMs = 0;
          for (const { afterMs, wanted } of steps) {
            atMs += afterMs;
            const now = Math.min(wanted, tokens(seen, bounds, atMs));
            seen = created(seen, pods(now, atMs, `${all.length}`), bounds, atMs);
            for (let one = 0; one < now; one += 1) all.push(atMs);
            const within = (ms: number): number => all.filter((each) => each > atMs - ms).length;
            assert.ok(within(5 * minuteMs) <= bounds.per5Minutes && within(60 * minuteMs) <= bounds.perHour);
            assert.ok(seen.length <= bounds.perHour);
          }
        },
      ),
    );
  });
});
