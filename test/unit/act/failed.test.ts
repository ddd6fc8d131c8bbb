import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failedReplicas, planFailed } from '../../../src/act/failed.ts';
import { failedAmong } from '../../../src/loop/failed-pods.ts';
import type { Write } from '../../../src/act/write.ts';
import type { SlimPod } from '../../../src/cluster/slim.ts';
import type { LimitsObservation } from '../../../src/decide/observation.ts';
import { pod } from '../cluster/given.ts';
import { policy } from '../decide/given.ts';
import { decisionAt } from '../report/given.ts';

const drained = { 'spillway.dev/drain': 'drained 2026-01-01T00:00:00.000Z' };
const pods = [
  pod('well'),
  pod('refused', { phase: 'Pending' }),
  pod('leaving', { phase: 'Pending', meta: { name: 'leaving', annotations: drained } }),
  pod('vanished', { phase: 'Failed' }),
  pod('going', { phase: 'Pending', meta: { name: 'going', deletionTimestamp: '2026-01-01T00:00:00Z' } }),
];
const failures = (one: SlimPod) => (one.name === 'well' ? undefined : 'Quota');
const failed = failedAmong(pods, failures);

function deleted(state: LimitsObservation['breaker'], writes: readonly Write[] = []): readonly string[] {
  const decision = decisionAt(0, {}, { breaker: { state, cause: undefined } });
  return planFailed(policy(), decision, failed, writes).map(({ name }) => name);
}

function chosen(name: string, leaves: boolean): Write {
  return {
    kind: 'SetDrain',
    namespace: 'media',
    name,
    resourceVersion: '1',
    drain: leaves ? { note: { stage: 'drained', sinceMs: 0 }, cost: -3000 } : undefined,
    ended: undefined,
    decisionId: 'd',
  };
}

describe('failed burst pods', () => {
  test('are those that nobody deletes yet; one whose phase is Failed is no replica any more', () => {
    assert.deepEqual(
      failed.map(({ name, replica }) => [name, replica]),
      [
        ['refused', true],
        ['leaving', true],
        ['vanished', false],
      ],
    );
    assert.equal(failedReplicas(failed), 2);
  });

  test('are deleted, but for those that leave with the replicas that are given up', () => {
    assert.deepEqual(deleted('closed'), ['refused', 'vanished']);
    assert.deepEqual(deleted('half-open', [chosen('refused', true)]), ['vanished']);
    assert.deepEqual(deleted('closed', [chosen('leaving', false)]), ['refused', 'leaving', 'vanished']);
  });

  test('are not replaced while the breaker is open', () => {
    assert.deepEqual(deleted('open'), ['vanished']);
  });

  test('are deleted as what was seen: by UID and version', () => {
    const [write] = planFailed(policy(), decisionAt(0), failed, []);
    assert.ok(write?.kind === 'DeletePod');
    assert.equal(write.uid, 'uid-refused');
    assert.equal(write.resourceVersion, pods[1]?.resourceVersion);
  });
});
