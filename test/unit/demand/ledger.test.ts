import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type JobCount, type Ledger, nextLedger, openLedger } from '../../../src/demand/ledger.ts';

const count = (here: number, away = 0, gone = 0, counted?: number): JobCount => ({
  here,
  away,
  gone,
  counted,
});
const after = (...counts: JobCount[]): Ledger => {
  const [first = count(0), ...rest] = counts;
  return rest.reduce(nextLedger, openLedger(first));
};
const totals = ({ arrivalsTotal, completionsTotal }: Ledger) => [arrivalsTotal, completionsTotal];

test('jobs that come and end are counted once each', () => {
  assert.deepEqual(totals(after(count(0), count(5), count(3, 0, 2), count(0, 0, 5))), [5, 5]);
});

test('a delayed job arrives when it is due', () => {
  assert.deepEqual(totals(after(count(0), count(0, 3), count(1, 2))), [1, 0]);
});

test('a retry after a delay is not a new job', () => {
  assert.deepEqual(totals(after(count(0), count(4), count(3, 1), count(4, 0), count(0, 0, 4))), [4, 4]);
});

test('a duplicate makes no arrival without an end, and none at all where workers count', () => {
  const duplicates = after(count(1), count(1, 0, 10));
  assert.deepEqual(totals(duplicates), [11, 10]);
  const counting = after(count(1, 0, 0, 0), count(0, 0, 1, 1), count(0, 0, 11, 1));
  assert.deepEqual(totals(counting), [1, 1]);
});

test('the count of workers is dropped when it stands still while many jobs go', () => {
  const before = after(count(10, 0, 0, 0), count(9, 0, 1, 1));
  assert.deepEqual(totals(before), [10, 1]);
  assert.deepEqual(
    totals(nextLedger(before, count(0, 0, 500, 1))),
    [500, 500].map((n) => n),
  );
});

test('drained jobs are gone, and obliteration sets nothing back', () => {
  const drained = after(count(100, 0, 0), count(0, 0, 100), count(0, 0, 0), count(2, 0, 0));
  assert.deepEqual(totals(drained), [102, 100]);
});

test('counters never shrink and never disagree with what is here', () => {
  const natural = fc.nat({ max: 1_000 });
  const counts = fc.array(
    fc.record({
      here: natural,
      away: natural,
      gone: natural,
      counted: fc.option(natural, { nil: undefined }),
    }),
    { minLength: 2 },
  );
  fc.assert(
    fc.property(counts, (all) => {
      let ledger = openLedger(all[0] ?? count(0));
      for (const next of all.slice(1)) {
        const later = nextLedger(ledger, next);
        assert.ok(later.arrivalsTotal >= ledger.arrivalsTotal);
        assert.ok(later.completionsTotal >= ledger.completionsTotal);
        assert.ok(later.owed >= 0 && later.owed <= next.away);
        ledger = later;
      }
    }),
  );
});

test('an undisturbed queue keeps its books: arrivals minus ends is what is here', () => {
  const steps = fc.array(fc.record({ added: fc.nat({ max: 50 }), ended: fc.nat({ max: 50 }) }));
  fc.assert(
    fc.property(steps, (all) => {
      let [here, gone] = [0, 0];
      let ledger = openLedger(count(0));
      for (const { added, ended } of all) {
        const ends = Math.min(ended, here + added);
        here += added - ends;
        gone += ends;
        ledger = nextLedger(ledger, count(here, 0, gone));
        assert.equal(ledger.arrivalsTotal - ledger.completionsTotal, here);
        assert.equal(ledger.completionsTotal, gone);
      }
    }),
  );
});
