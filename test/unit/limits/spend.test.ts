import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { emptyLedger } from '../../../src/limits/ledger.ts';
import { ledgerText, parseLedger } from '../../../src/limits/ledger-text.ts';
import { charge, coarser, noSpend, type Spend, spentBy, spentByAll } from '../../../src/limits/spend.ts';

const startMs = Date.UTC(2026, 0, 1);
const hourMs = 3_600_000;
const rates = (perHour: number, policy = 'media/a'): ReadonlyMap<string, number> =>
  new Map([[policy, perHour]]);

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-6 * Math.max(1, expected), `${actual} instead of ${expected}`);
}

/** Through the text in the cluster, as a restart sees it. */
function restarted(spend: Spend): Spend {
  return parseLedger(ledgerText({ ...emptyLedger, spend }, 1e9))?.spend ?? assert.fail('cannot be read');
}

describe('spend', () => {
  test('is the time between two charges at the rate that was known at the first', () => {
    const first = charge(noSpend, startMs, rates(12));
    const second = charge(first, startMs + hourMs, rates(6));
    near(spentBy(second, 'media/a', startMs + hourMs), 12);
    near(spentBy(second, 'media/a', startMs + 2 * hourMs), 18);
  });

  test('of a moment is charged once, however often it is asked for', () => {
    const first = charge(noSpend, startMs, rates(12));
    let spend = charge(first, startMs + hourMs, rates(12));
    for (const elapsedMs of [undefined, 0, undefined, 0]) {
      spend = charge(spend, startMs + hourMs, rates(12), elapsedMs);
    }
    near(spentBy(spend, 'media/a', startMs + hourMs), 12);
  });

  const setTo = [-365 * 24, -12, -0.02, 0.02, 12, 24, 365 * 24];

  test('of a process is what its time cost, wherever the wall clock is set', () => {
    for (const hours of setTo) {
      const byMs = hours * hourMs;
      let spend = charge(noSpend, startMs, rates(12));
      spend = charge(spend, startMs + hourMs, rates(12), hourMs);
      spend = charge(spend, startMs + byMs + 2 * hourMs, rates(12), hourMs);
      assert.equal(spend.chargedAtMs, startMs + byMs + 2 * hourMs);
      near(spentBy(spend, 'media/a', startMs + byMs + 2 * hourMs), 24);
      spend = charge(spend, startMs + 3 * hourMs, rates(12), hourMs);
      near(spentBy(spend, 'media/a', startMs + 3 * hourMs), 36);
      near(spentBy(restarted(spend), 'media/a', startMs + 3 * hourMs), 36);
    }
  });

  test('that a wrong clock has charged far ahead is dropped, and charging goes on at once', () => {
    const wrong = charge(
      charge(noSpend, startMs + 8760 * hourMs, rates(12)),
      startMs + 8761 * hourMs,
      rates(12),
    );
    assert.equal(spentBy(restarted(wrong), 'media/a', startMs), 0);
    const spend = charge(restarted(wrong), startMs, rates(12));
    assert.equal(spend.chargedAtMs, startMs);
    near(spentBy(charge(spend, startMs + hourMs, rates(12), hourMs), 'media/a', startMs + hourMs), 12);
  });

  test('leaves after 24 h, and a policy without spend leaves too', () => {
    const first = charge(noSpend, startMs, rates(12));
    const over = charge(first, startMs + hourMs, new Map());
    near(spentBy(over, 'media/a', startMs + 24 * hourMs), 12);
    const later = charge(over, startMs + 25 * hourMs + 300_000, new Map());
    assert.equal(spentBy(later, 'media/a', startMs + 25 * hourMs + 300_000), 0);
    assert.deepEqual(later.policies, {});
  });

  test('a gap between two leaders is charged from the last known burst, up to the 24 h that count', () => {
    const first = charge(noSpend, startMs, rates(1));
    for (const [hours, spent] of [
      [3, 3],
      [25, 24],
    ] as const) {
      const back = charge(restarted(first), startMs + hours * hourMs, rates(0));
      near(spentBy(back, 'media/a', startMs + hours * hourMs), spent);
    }
  });

  test('a gap of a year is a clock that is wrong: it costs nothing', () => {
    const first = charge(noSpend, startMs, rates(1));
    assert.equal(spentBy(first, 'media/a', startMs + 8760 * hourMs), 0);
    const back = charge(restarted(first), startMs + 8760 * hourMs, rates(1));
    assert.equal(spentBy(back, 'media/a', startMs + 8760 * hourMs), 0);
  });

  test('a policy that is made anew keeps its past: it is known by name', () => {
    const first = charge(noSpend, startMs, rates(12));
    const gone = charge(first, startMs + hourMs, new Map());
    const anew = charge(gone, startMs + 2 * hourMs, rates(12));
    near(spentBy(anew, 'media/a', startMs + 2 * hourMs), 12);
  });

  test('of all policies is the sum', () => {
    const first = charge(noSpend, startMs, new Map([...rates(1), ...rates(2, 'media/b')]));
    near(spentByAll(charge(first, startMs + hourMs, new Map()), startMs + hourMs), 3);
  });

  const steps = fc.array(
    fc.record({ afterMs: fc.integer({ min: -600_000, max: 3 * hourMs }), perHour: fc.nat(100) }),
    { maxLength: 40 },
  );

  test('is never negative, never more than time × the highest rate, and no restart changes it', () => {
    fc.assert(
      fc.property(steps, fc.nat(40), (changes, restartAt) => {
        let spend = noSpend;
        let other = noSpend;
        let atMs = startMs;
        let highest = 0;
        for (const [index, { afterMs, perHour }] of changes.entries()) {
          atMs += afterMs;
          highest = Math.max(highest, perHour);
          spend = charge(spend, atMs, rates(perHour));
          other = charge(index === restartAt ? restarted(other) : other, atMs, rates(perHour));
        }
        const spent = spentBy(spend, 'media/a', atMs);
        const hours = Math.max(0, (spend.chargedAtMs ?? startMs) - Math.min(startMs, atMs)) / hourMs;
        assert.ok(spent >= 0 && spent <= highest * Math.min(24 + 1 / 12, hours + 1) + 1e-6);
        near(spentBy(other, 'media/a', atMs), spent);
      }),
    );
  });

  test('charged in many small steps is what it is in one, however cheap the burst', () => {
    let small = charge(noSpend, startMs, rates(0.0001));
    for (let second = 1; second <= 7200; second += 1)
      small = charge(small, startMs + second * 1000, rates(0.0001));
    near(spentBy(small, 'media/a', startMs + 2 * hourMs), 0.0002);
  });

  test('in fewer buckets is the same sum, and leaves no earlier', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(100), { minLength: 2, maxLength: 60 }),
        fc.nat(400),
        (perHours, minutes) => {
          let spend = noSpend;
          for (const [index, perHour] of perHours.entries()) {
            spend = charge(spend, startMs + index * 600_000, rates(perHour));
          }
          const atMs = startMs + perHours.length * 600_000;
          near(spentByAll(coarser(spend, 12), atMs), spentByAll(spend, atMs));
          const laterMs = atMs + 24 * hourMs - minutes * 60_000;
          assert.ok(spentByAll(coarser(spend, 12), laterMs) >= spentByAll(spend, laterMs) - 1e-6);
        },
      ),
    );
  });

  test('of 1 000 policies that burst all day fits into the ConfigMap, and nothing is lost', () => {
    const many = new Map(
      Array.from({ length: 1000 }, (_, index) => [`namespace-${index}/policy-${index}`, index / 7]),
    );
    let spend = noSpend;
    for (let minutes = 0; minutes <= 1435; minutes += 5)
      spend = charge(spend, startMs + minutes * 60_000, many);
    const text = ledgerText({ ...emptyLedger, spend }, 900_000);
    assert.ok(Buffer.byteLength(text) <= 900_000);
    const atMs = startMs + 1435 * 60_000;
    const kept = parseLedger(text)?.spend ?? assert.fail('cannot be read');
    near(spentByAll(kept, atMs), spentByAll(spend, atMs));
  });
});
