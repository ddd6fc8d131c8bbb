import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OkSample } from '../../../src/decide/observation.ts';
import {
  arrivalsPerSecond,
  measured,
  noRates,
  oldestAgeSeconds,
  type Rates,
  serviceSeconds,
} from '../../../src/decide/rates.ts';
import { sample, startMs } from './given.ts';

function follow(
  seconds: number,
  at: (second: number) => Partial<OkSample>,
  ready = 1,
): readonly [Rates, OkSample] {
  let rates = noRates(startMs);
  let last = sample();
  for (let second = 0; second <= seconds; second += 1) {
    last = sample({ atMs: startMs + second * 1000, ...at(second) });
    rates = measured(rates, last, ready);
  }
  return [rates, last];
}

describe('the arrival rate', () => {
  test('is the rate of a steady stream', () => {
    assert.equal(arrivalsPerSecond(...follow(60, (second) => ({ arrivalsTotal: second * 20 }))), 20);
  });

  test('does not see a single spike', () => {
    const spike = (second: number) => ({ arrivalsTotal: second >= 40 ? 20_000 : 0 });
    assert.equal(arrivalsPerSecond(...follow(45, spike)), 0);
  });

  test('does not take a spike that meets a new controller for a stream', () => {
    assert.equal(arrivalsPerSecond(...follow(9, (second) => ({ arrivalsTotal: second * 5000 }))), 0);
  });

  test('is spread over the time between rare samples', () => {
    const rare = noRates(startMs);
    const first = measured(rare, sample({ arrivalsTotal: 0 }), 1);
    const second = sample({ atMs: startMs + 60_000, arrivalsTotal: 600 });
    assert.equal(arrivalsPerSecond(measured(first, second, 1), second), 10);
  });

  test('passes over a counter that was reset', () => {
    const reset = (second: number) => ({
      arrivalsTotal: second < 30 ? 1000 + second * 5 : (second - 30) * 5,
    });
    const rate = arrivalsPerSecond(...follow(60, reset));
    assert.equal(rate > 3.9 && rate <= 5, true, String(rate));
  });

  test('is taken as told where the source knows it', () => {
    assert.equal(arrivalsPerSecond(...follow(5, () => ({ arrivalsPerSecond: 42 }))), 42);
  });
});

describe('the service time', () => {
  test('is measured from jobs in work and jobs ended', () => {
    const busy = (second: number) => ({ backlog: 1000, active: 12, completionsTotal: second * 4 });
    assert.equal(serviceSeconds(follow(120, busy)[0])?.toFixed(6), '3.000000');
  });

  test('is not overrated while workers are added: what they have begun is half done', () => {
    let completions = 0;
    const growing = (second: number) => {
      completions += second;
      return { backlog: 1000, active: second * 3, completionsTotal: completions };
    };
    const seconds = serviceSeconds(follow(20, growing)[0]) ?? 0;
    assert.equal(Math.abs(seconds - 3) < 0.6, true, String(seconds));
  });

  test('is not known before a generation of jobs has ended', () => {
    const early = (second: number) => ({ backlog: 1000, active: 100, completionsTotal: second });
    assert.equal(serviceSeconds(follow(50, early)[0]), undefined);
  });

  test('follows jobs that become slower', () => {
    let completions = 0;
    const slower = (second: number) => {
      completions += second < 300 ? 10 : 2;
      return { backlog: 1000, active: 10, completionsTotal: completions };
    };
    const measuredSeconds = serviceSeconds(follow(1200, slower)[0]) ?? 0;
    assert.equal(measuredSeconds > 4.5 && measuredSeconds < 5.1, true, String(measuredSeconds));
  });

  for (const [name, still] of [
    ['paused', { paused: true }],
    ['rate-limited', { rateLimited: true }],
    ['idle', { backlog: 0 }],
  ] as const) {
    test(`stays what it was while the queue is ${name}`, () => {
      const [before] = follow(120, (second) => ({ backlog: 10, active: 12, completionsTotal: second * 4 }));
      let rates = before;
      for (let second = 121; second <= 400; second += 1) {
        const now = sample({
          atMs: startMs + second * 1000,
          backlog: 10,
          active: 12,
          completionsTotal: 480,
          ...still,
        });
        rates = measured(rates, now, 1);
      }
      const settled = serviceSeconds(rates) ?? 0;
      assert.equal(Math.abs(settled - 3) < 0.1, true, String(settled));
    });
  }

  test('stays what it was while no worker is ready: active jobs are stalled', () => {
    const [before] = follow(120, (second) => ({ backlog: 10, active: 12, completionsTotal: second * 4 }));
    const later = sample({ atMs: startMs + 125_000, backlog: 10, active: 12, completionsTotal: 480 });
    assert.equal(serviceSeconds(measured(before, later, 0)), serviceSeconds(before));
  });
});

describe('the age of the oldest job', () => {
  test('is what the source tells', () => {
    assert.equal(oldestAgeSeconds(...follow(5, () => ({ backlog: 1, oldestAgeSeconds: 77 }))), 77);
  });

  test('is the time of the backlog where the source does not tell, and none without a backlog', () => {
    const silent = { backlog: 9, oldestAgeSeconds: undefined };
    assert.equal(oldestAgeSeconds(...follow(30, (second) => (second < 10 ? {} : silent))), 20);
    assert.equal(oldestAgeSeconds(...follow(30, () => ({ oldestAgeSeconds: undefined }))), 0);
  });

  test('is no more than the backlog took to arrive, in a steady stream', () => {
    const stream = (second: number) => ({
      backlog: 50,
      oldestAgeSeconds: undefined,
      arrivalsTotal: second * 10,
    });
    assert.equal(oldestAgeSeconds(...follow(300, stream)), 5);
  });
});
