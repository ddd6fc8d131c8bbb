import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadOfShapes } from '../../../src/lab/simulate/arrivals/load.ts';
import type { Shape } from '../../../src/lab/simulate/arrivals/shapes.ts';
import { startMs } from './scenes.ts';

const hourMs = 3_600_000;

function timesOf(shapes: readonly Shape[], hours: number, seed = 's'): readonly number[] {
  const load = loadOfShapes(shapes, startMs, startMs + hours * hourMs, { seed, scale: 1, origin: '' });
  const arrivals = load.open();
  const times: number[] = [];
  for (let atMs = arrivals.next(); atMs !== undefined; atMs = arrivals.next()) times.push(atMs - startMs);
  assert.equal(times.length, load.jobs);
  assert.ok(times.every((time, index) => time >= (times[index - 1] ?? 0) && time <= hours * hourMs));
  return times;
}

const between = (times: readonly number[], fromMs: number, toMs: number): number =>
  times.filter((time) => time >= fromMs && time < toMs).length;

/** Within five deviations of a Poisson count. */
function about(count: number, expected: number): void {
  assert.ok(Math.abs(count - expected) <= 5 * Math.sqrt(expected), `${count}, not about ${expected}`);
}

test('a spike brings exactly its jobs, again and again where it is told to', () => {
  const once: Shape = { shape: 'spike', jobs: 500, atSeconds: 60, overSeconds: 0, everySeconds: undefined };
  assert.deepEqual(new Set(timesOf([once], 1)), new Set([60_000]));
  const often = timesOf([{ ...once, everySeconds: 600, overSeconds: 30 }], 1);
  assert.equal(often.length, 6 * 500);
  assert.equal(between(often, 660_000, 690_001), 500);
});

test('Poisson arrivals come at their rate', () =>
  about(timesOf([{ shape: 'poisson', perSecond: 5 }], 2).length, 36_000));

test('a ramp goes from one rate to the other', () => {
  const times = timesOf(
    [{ shape: 'ramp', fromPerSecond: 1, toPerSecond: 9, atSeconds: 1800, overSeconds: 1800 }],
    2,
  );
  about(between(times, 0, hourMs / 2), 1800);
  about(between(times, hourMs / 2, hourMs), 5 * 1800);
  about(between(times, hourMs, 2 * hourMs), 9 * 3600);
});

test('a diurnal load has its peak at its time of day and its mean over the day', () => {
  const times = timesOf(
    [{ shape: 'diurnal', meanPerSecond: 2, peakPerSecond: 4, peakAtSeconds: 14 * 3600 }],
    24,
  );
  about(times.length, 2 * 86_400);
  assert.ok(between(times, 13 * hourMs, 15 * hourMs) > 10 * between(times, hourMs, 3 * hourMs));
});

test('on and off take turns', () => {
  const times = timesOf(
    [{ shape: 'onOff', perSecond: 10, offPerSecond: 0, onSeconds: 120, offSeconds: 240 }],
    1,
  );
  about(times.length, 10 * 1200);
  assert.equal(between(times, 120_000, 360_000), 0);
});

test('shapes add up in order, the same for the same seed', () => {
  const shapes: readonly Shape[] = [
    { shape: 'poisson', perSecond: 1 },
    { shape: 'spike', jobs: 300, atSeconds: 600, overSeconds: 60, everySeconds: undefined },
  ];
  const times = timesOf(shapes, 1);
  about(times.length - 300, 3600);
  assert.deepEqual(times, timesOf(shapes, 1));
  assert.notDeepEqual(times, timesOf(shapes, 1, 'another'));
});
