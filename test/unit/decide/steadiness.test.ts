import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { secondsToBelief, settledAt, steady } from '../../../src/decide/steady.ts';
import { policy, source } from './given.ts';
import { mostTurnsWithin, runShop, type ShopOptions, turns } from './shop.ts';

function rule(within: number, jobSeconds: number, minReplicas = 0) {
  return policy({
    scaling: { minReplicas, maxReplicas: 500, sources: [source({ drainWithin: within, jobSeconds })] },
  });
}

function shop(more: Partial<ShopOptions> = {}) {
  return runShop({
    policy: rule(60, 1),
    seconds: 600,
    arrivals: () => 20,
    jobSeconds: () => 1,
    startSeconds: 5,
    ...more,
  });
}

describe('a constant load', () => {
  test('turns the demand at most once in any stabilisation window, whatever the load whose deadline can be kept', () => {
    fc.assert(
      fc.property(
        fc.record({
          rate: fc.double({ min: 0.1, max: 20, noNaN: true }),
          jobSeconds: fc.double({ min: 0.1, max: 8, noNaN: true }),
          spareSeconds: fc.integer({ min: 10, max: 250 }),
          startSeconds: fc.integer({ min: 0, max: 40 }),
        }),
        ({ rate, jobSeconds, spareSeconds, startSeconds }) => {
          const within = Math.round(2 * (startSeconds + jobSeconds)) + spareSeconds;
          const { demand } = shop({
            policy: rule(within, jobSeconds),
            seconds: 900,
            arrivals: () => rate,
            jobSeconds: () => jobSeconds,
            startSeconds,
          });
          const found = turns(demand, 300);
          assert.ok(mostTurnsWithin(found, 60) <= 1, `turned at ${found.join(', ')} s`);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('comes to rest: from some moment on nothing changes', () => {
    const { demand } = shop({ seconds: 900 });
    assert.equal(new Set(demand.slice(300)).size, 1);
  });

  test('that jitters by a tenth does not make the demand dance', () => {
    const jitter = (second: number): number =>
      20 + 2 * Math.sin(second * 12.9898) * Math.cos(second * 78.233);
    const { demand } = shop({ arrivals: jitter, seconds: 1200 });
    const found = turns(demand, 300);
    assert.ok(found.length <= 6, `turned at ${found.join(', ')} s`);
    assert.ok(mostTurnsWithin(found, 60) <= 1);
  });
});

const asks = (replicas: number, late = false) => ({ replicas, late });

describe('after a fall', () => {
  const fallen = { level: 20, fellAtMs: 1_000_000 };

  test('a rise within the noise is not believed for one window', () => {
    assert.equal(steady(asks(20.4), fallen, 1_010_000, 60), 20);
    assert.equal(steady(asks(22), fallen, 1_059_000, 60), 20);
    assert.equal(steady(asks(20.4), fallen, 1_060_000, 60), 21);
    assert.equal(secondsToBelief(fallen, 1_010_000, 60), 50);
  });

  test('a real rise is, at once', () => {
    assert.equal(steady(asks(22.1), fallen, 1_010_000, 60), 23);
    assert.equal(steady(asks(200), fallen, 1_010_000, 60), 200);
  });

  test('a rise is believed where jobs wait for long', () => {
    assert.equal(steady(asks(20.4, true), fallen, 1_010_000, 60), 21);
  });

  test('a job that waits behind one of an hour gets its replica while half of its time is left', () => {
    const { demand } = shop({
      policy: rule(60, 3600, 1),
      arrivals: (second) => ({ 0: 2, 170: 1, 175: 1 })[second] ?? 0,
      jobSeconds: (second) => (second < 100 ? 100 : 3600),
      seconds: 400,
    });
    assert.equal(demand[174], 1);
    const asked = demand.findIndex((replicas, second) => second > 175 && replicas >= 2);
    assert.ok(asked >= 0 && asked - 175 <= 60 / 2 + 1, `after ${asked - 175} s`);
  });

  test('nothing is held back at zero', () => {
    assert.equal(steady(asks(0.1), { level: 0, fellAtMs: 1_000_000 }, 1_000_001, 60), 1);
  });

  test('a further fall is not held back either', () => {
    assert.equal(steady(asks(12), fallen, 1_010_000, 60), 12);
    assert.deepEqual(settledAt(12, fallen, 1_010_000), { level: 12, fellAtMs: 1_010_000 });
    assert.deepEqual(settledAt(25, fallen, 1_010_000), { level: 25, fellAtMs: 1_000_000 });
  });
});

describe('rates stay sane', () => {
  const plain = Math.max(...shop().demand.slice(300));

  test('when nobody works although replicas look ready: the backlog grows the demand, and the pace is not unlearnt', () => {
    const stopped = (second: number): boolean => second >= 300 && second < 360;
    const { demand, longestWaitSeconds } = shop({ stopped, seconds: 900 });
    const peak = Math.max(...demand);
    // 1 200 jobs have gathered by the end; within what is left of 60 s they need some 20 more, at most a tenth of T.
    assert.ok(peak > plain && peak <= 260, `${peak}`);
    assert.ok(longestWaitSeconds < 120, `${longestWaitSeconds}`);
    assert.ok((demand.at(-1) ?? 0) <= plain + 3, `${demand.at(-1)}`);
  });

  test('when jobs get three times as slow: demand follows within two minutes, and comes back', () => {
    const jobSeconds = (second: number): number => (second >= 300 && second < 700 ? 3 : 1);
    const { demand, longestWaitSeconds } = shop({ jobSeconds, seconds: 1300 });
    assert.ok((demand[500] ?? 0) >= 55, `${demand[500]}`);
    assert.ok(longestWaitSeconds < 75, `${longestWaitSeconds}`);
    assert.ok((demand.at(-1) ?? 0) <= plain + 3, `${demand.at(-1)}`);
  });

  test('when the queue is paused: only busy workers count, and nothing is learnt', () => {
    const paused = (second: number) => (second >= 300 && second < 500 ? { paused: true, backlog: 0 } : {});
    const { demand } = shop({
      sample: paused,
      stopped: (second) => second >= 300 && second < 500,
      seconds: 1200,
    });
    assert.equal(demand[450], 0);
    assert.ok((demand.at(-1) ?? 0) <= plain + 3, `${demand.at(-1)}`);
  });

  test('when the queue limits its rate: replicas beyond the limit are not asked for', () => {
    const limited = () => ({ rateLimited: true, rateLimitPerSecond: 5 });
    const { demand } = shop({ sample: limited });
    assert.ok(Math.max(...demand.slice(60)) <= 21, `${Math.max(...demand.slice(60))}`);
  });

  test('when the clock of a producer is ten minutes behind: its jobs are not taken for late ones', () => {
    const spike = { arrivals: (second: number): number => (second === 300 ? 2000 : 0), seconds: 500 };
    const right = Math.max(...shop(spike).demand);
    const late = Math.max(...shop({ ...spike, sample: () => ({ oldestAgeSeconds: 600 }) }).demand);
    assert.ok(late <= right * 1.2, `${late}, and ${right} with the right time`);
  });

  test('when the clock of a producer is ahead: no wait is negative', () => {
    const ahead = shop({ sample: () => ({ oldestAgeSeconds: -600 }) });
    assert.ok((ahead.demand.at(-1) ?? 0) <= plain + 3, `${ahead.demand.at(-1)}`);
  });

  test('when samples come rarely', () => {
    const { demand } = shop({ stepSeconds: 10, seconds: 1200 });
    assert.ok((demand.at(-1) ?? 0) <= plain + 3, `${demand.at(-1)}`);
  });
});
