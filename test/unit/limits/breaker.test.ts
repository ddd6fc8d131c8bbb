import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type Breaker,
  closedBreaker,
  failed,
  secondsToProbe,
  stateOf,
  succeeded,
} from '../../../src/limits/breaker.ts';

const at = (seconds: number): number => seconds * 1000;
const fail = (breaker: Breaker, cause: 'Quota' | 'Unknown', seconds: number, boundAt = seconds): Breaker =>
  failed(breaker, { cause, boundAtMs: at(boundAt) }, at(seconds));

describe('a breaker', () => {
  test('opens at once when quota or capacity is gone', () => {
    assert.equal(stateOf(fail(closedBreaker, 'Quota', 0), at(0)), 'open');
  });

  test('opens at the third failure within five minutes, if nothing succeeded after the first', () => {
    const two = fail(fail(closedBreaker, 'Unknown', 0), 'Unknown', 200);
    assert.equal(stateOf(two, at(200)), 'closed');
    assert.equal(stateOf(fail(two, 'Unknown', 299), at(299)), 'open');
    assert.equal(stateOf(fail(two, 'Unknown', 301), at(301)), 'closed');
    assert.equal(stateOf(fail(succeeded(two, at(0), at(250)), 'Unknown', 299), at(299)), 'closed');
  });

  test('opens by share: at the fifth failure or later, when more fail than succeed', () => {
    const history = (fails: number, wells: number): Breaker => {
      let breaker = succeeded(fail(closedBreaker, 'Unknown', 0), at(0), at(1));
      for (let more = 1; more < wells; more += 1) breaker = succeeded(breaker, at(1), at(1));
      for (let more = 1; more < fails; more += 1) breaker = fail(breaker, 'Unknown', 2);
      return breaker;
    };
    assert.equal(stateOf(history(4, 1), at(2)), 'closed');
    assert.equal(stateOf(history(5, 1), at(2)), 'open');
    assert.equal(stateOf(history(200, 200), at(2)), 'closed');
    assert.equal(stateOf(history(201, 200), at(2)), 'open');
  });

  test('is not kept shut by pods that were bound before it began to fail', () => {
    let breaker = fail(fail(closedBreaker, 'Unknown', 100), 'Unknown', 101);
    for (let flap = 0; flap < 50; flap += 1) breaker = succeeded(breaker, at(99), at(102));
    assert.equal(stateOf(fail(breaker, 'Unknown', 103), at(103)), 'open');
  });

  test('opens at one failure that is decisive', () => {
    const failure = { cause: 'Image', boundAtMs: at(0), decisive: true } as const;
    assert.equal(stateOf(failed(closedBreaker, failure, at(0)), at(0)), 'open');
  });

  test('remembers little, however much fails and succeeds', () => {
    let breaker = fail(closedBreaker, 'Unknown', 0);
    for (let tenth = 1; tenth < 3000; tenth += 1) {
      breaker = succeeded(breaker, at(tenth / 10), at(tenth / 10));
      if (tenth % 3 === 0) breaker = fail(breaker, 'Unknown', tenth / 10);
    }
    assert.equal(stateOf(breaker, at(300)), 'closed');
    assert.ok(JSON.stringify(breaker).length < 2000);
  });

  test('is tried after 1 min, and after twice as long each time the probe fails, up to 30 min', () => {
    let breaker = fail(closedBreaker, 'Quota', 0);
    const waits: number[] = [];
    let now = 0;
    for (let probe = 0; probe < 7; probe += 1) {
      const wait = secondsToProbe(breaker, at(now));
      waits.push(wait);
      assert.equal(stateOf(breaker, at(now + wait - 1)), 'open');
      now += wait;
      assert.equal(stateOf(breaker, at(now)), 'half-open');
      breaker = fail(breaker, 'Quota', now);
    }
    assert.deepEqual(waits, [60, 120, 240, 480, 960, 1800, 1800]);
  });

  test('is closed by a pod that was bound after it opened and became Ready, not by an earlier one', () => {
    const open = fail(closedBreaker, 'Quota', 100);
    assert.equal(succeeded(open, at(99), at(170)), open);
    assert.equal(stateOf(succeeded(open, at(161), at(170)), at(170)), 'closed');
  });

  test('is not opened anew by pods from before, which fail one after the other', () => {
    const open = fail(closedBreaker, 'Quota', 100);
    assert.equal(fail(open, 'Quota', 101), open);
    assert.equal(fail(open, 'Quota', 170, 90), open, 'half-open by now, and an old pod');
  });

  test('is total: any history gives a state, a wait of at most 30 min, and an end of it', () => {
    const step = fc.record({
      afterSeconds: fc.integer({ min: -100, max: 4000 }),
      boundBefore: fc.nat(2000),
      what: fc.constantFrom('Quota' as const, 'Unknown' as const, 'success' as const),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let breaker: Breaker = closedBreaker;
        let now = 10_000;
        let latest = now;
        for (const { afterSeconds, boundBefore, what } of steps) {
          now += afterSeconds;
          const boundAt = now - boundBefore;
          breaker =
            what === 'success' ? succeeded(breaker, at(boundAt), at(now)) : fail(breaker, what, now, boundAt);
          const wait = secondsToProbe(breaker, at(now));
          assert.ok(wait >= 0 && wait <= 1800);
          assert.equal(stateOf(breaker, at(now)) === 'open', wait > 0);
          latest = Math.max(latest, now);
          assert.notEqual(stateOf(breaker, at(latest + 1800)), 'open');
        }
      }),
    );
  });
});
