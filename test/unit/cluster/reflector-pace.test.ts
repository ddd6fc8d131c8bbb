import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../../src/cluster/api-error.ts';
import { Pace } from '../../../src/cluster/reflector-pace.ts';

const pace = (): Pace =>
  new Pace({ backoff: { firstMs: 400, maxMs: 15_000, random: () => 0 }, redialMaxMs: 2_500 });
const answer = (status: number, retryAfterSeconds?: number): ApiError =>
  new ApiError({ verb: 'list', resource: 'pods' }, status, '', retryAfterSeconds);
const waits = (count: number, next: () => number): readonly number[] => Array.from({ length: count }, next);

test('a cut watch is opened again every few seconds at the latest, a refused listing ever less often', () => {
  const [cut, refused] = [pace(), pace()];
  assert.deepEqual(
    waits(6, () => cut.after(new Error('cut'), 'watch', 'watch')),
    [400, 800, 1600, 2500, 2500, 2500],
  );
  assert.deepEqual(
    waits(8, () => refused.after(answer(503), 'list', 'list')),
    [400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000],
  );
});

test('the first expired watch lists anew at once, the next ones so soon after wait', () => {
  const storm = pace();
  assert.deepEqual(
    waits(4, () => storm.after(answer(410), 'watch', 'list')),
    [0, 800, 1600, 3200],
  );
  storm.steady();
  assert.equal(storm.after(answer(410), 'watch', 'list'), 0);
});

test('Retry-After is the least that is waited, of whatever was asked for', () => {
  assert.equal(pace().after(answer(429, 7), 'list', 'list'), 7000);
  assert.equal(pace().after(answer(429, 7), 'watch', 'watch'), 7000);
  assert.equal(pace().after(answer(503, 0.1), 'watch', 'watch'), 400);
});

test('a watch that lived for a while makes the waits short again, a listing does not', () => {
  const one = pace();
  waits(6, () => one.after(new Error('cut'), 'watch', 'watch'));
  assert.equal(one.after(new Error('cut'), 'watch', 'watch'), 2500);
  one.steady();
  assert.equal(one.after(new Error('cut'), 'watch', 'watch'), 400);
});

test('a watch that makes a listing necessary is not followed by listings every few seconds', () => {
  const garbled = pace();
  assert.deepEqual(
    waits(6, () => garbled.after(new Error('garbled'), 'watch', 'list')),
    [400, 800, 1600, 3200, 6400, 12_800],
  );
});
