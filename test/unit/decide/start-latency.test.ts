import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { noStarts, type Starts, started, startLatencySeconds } from '../../../src/decide/start-latency.ts';

const after = (...starts: readonly (readonly [keyof Starts, number])[]): Starts =>
  starts.reduce((before, [where, seconds]) => started(before, where, seconds), noStarts);

describe('the start latency', () => {
  test('is not known before a pod was seen to start', () => {
    assert.equal(startLatencySeconds(noStarts), undefined);
  });

  test('is the median, so that one slow image does not count', () => {
    assert.equal(startLatencySeconds(after(['vm', 2], ['vm', 300], ['vm', 3])), 3);
    assert.equal(startLatencySeconds(after(['vm', 2], ['vm', 3])), 2.5);
  });

  test('is that of the slower kind, however few of it there were', () => {
    const vms = Array.from({ length: 30 }, () => ['vm', 2] as const);
    assert.equal(startLatencySeconds(after(...vms, ['virtual', 28])), 28);
    assert.equal(startLatencySeconds(after(['virtual', 1], ...vms)), 2);
  });

  test('forgets all but the latest twenty of a kind', () => {
    const slow = Array.from({ length: 20 }, () => ['virtual', 90] as const);
    const quick = Array.from({ length: 20 }, () => ['virtual', 25] as const);
    assert.equal(startLatencySeconds(after(...slow, ...quick)), 25);
  });
});
