import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { failedReplicas, planFailed, staying } from '../../../src/act/failed.ts';
import { failedAmong, withStaying } from '../../../src/loop/failed-pods.ts';
import type { Write } from '../../../src/act/write.ts';
import type { SlimJob, SlimPod } from '../../../src/cluster/slim.ts';
import { slimJob } from '../../../src/cluster/slimming.ts';
import type { LimitsObservation } from '../../../src/decide/observation.ts';
import { interner, meta, owner, pod, type PodGiven } from '../cluster/given.ts';
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

describe('failed pods of Jobs', () => {
  const jobs = (spec: object, ...statuses: readonly object[]): readonly SlimJob[] =>
    statuses.map((status, index) =>
      slimJob({ metadata: meta(`job-${index}`), spec: { ...spec }, status } as object, interner),
    );
  const onVirtual = { containers: [], nodeName: 'virtual-node' };
  const podOf = (job: number, name: string, given: PodGiven = {}): SlimPod =>
    pod(name, {
      phase: 'Pending',
      spec: onVirtual,
      ...given,
      meta: { name, ...owner(`uid-job-${job}`, 'Job'), ...given.meta },
    });
  const isBad = ({ name }: SlimPod) => (name.startsWith('bad') ? 'Image' : undefined);
  const seen = (those: readonly SlimJob[], all: readonly SlimPod[]) =>
    failedAmong(all, isBad, { jobs: those, pods: all });
  const given = (those: readonly SlimJob[], all: readonly SlimPod[]): readonly string[] => {
    const failing = seen(those, all);
    const decision = decisionAt(0, {}, { breaker: { state: 'closed', cause: undefined } });
    return planFailed(policy(), decision, failing, []).map(({ name }) => name);
  };

  test('are given up one at a time, whatever the breaker says', () => {
    const two = jobs({}, {}, {});
    const all = [podOf(0, 'bad-0'), podOf(1, 'bad-1')];
    assert.deepEqual(given(two, all), ['bad-0']);
    const open = decisionAt(0, {}, { breaker: { state: 'open', cause: 'Image' } });
    assert.equal(planFailed(policy(), open, seen(two, all), []).length, 1);
  });

  test('wait while one that was given up goes, is to be made again, or waits for a node', () => {
    const two = jobs({}, {}, {});
    const going = podOf(0, 'gone', { meta: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    assert.deepEqual(given(two, [going, podOf(1, 'bad-1')]), []);
    assert.deepEqual(given(two, [podOf(1, 'bad-1')]), [], 'the Job has not made another yet');
    const failedOnce = jobs({}, { failed: 1 }, {});
    const next = podOf(0, 'next', { spec: { containers: [] }, stuckAt: 1 });
    assert.deepEqual(given(failedOnce, [next, podOf(1, 'bad-1')]), []);
    assert.deepEqual(given(failedOnce, [podOf(0, 'next'), podOf(1, 'bad-1')]), ['bad-1']);
  });

  test('stay where the Job has failed before, or would have no failure left', () => {
    const all = [podOf(0, 'bad-0')];
    assert.deepEqual(given(jobs({}, { failed: 1 }), all), []);
    assert.deepEqual(given(jobs({}, { uncountedTerminatedPods: { failed: ['x'] } }), all), []);
    assert.deepEqual(given(jobs({ backoffLimit: 0 }, {}), all), []);
    assert.deepEqual(given(jobs({ backoffLimit: 1 }, {}), all), []);
    assert.deepEqual(given(jobs({ backoffLimit: 2 }, {}), all), ['bad-0']);
  });

  test('are deleted freely once they have ended: their Jobs have counted them', () => {
    const ended = [0, 1].map((job) => podOf(job, `bad-${job}`, { phase: 'Failed' }));
    assert.deepEqual(given(jobs({ backoffLimit: 0 }, {}, { failed: 1 }), ended), ['bad-0', 'bad-1']);
  });

  test('that stay are told with what cannot be rescued', () => {
    const failing = seen(jobs({ backoffLimit: 1 }, {}, {}), [podOf(0, 'bad-0'), podOf(1, 'bad-1')]);
    assert.equal(staying(failing), 2);
    const none = { pods: 2, running: 2, ready: 0, draining: 0, waitingSeconds: [], unrescuable: [] };
    const [told] = withStaying(none, failing).unrescuable;
    assert.deepEqual([told?.code, told?.pods], ['RESCUE_FAILED', 2]);
    assert.equal(withStaying(none, []), none);
  });

  test('never use up what a Job may fail, however many fail and whatever is seen late', () => {
    const shape = fc.record({
      backoffLimit: fc.nat(8),
      failed: fc.nat(3),
      bad: fc.nat(4),
      well: fc.nat(2),
    });
    fc.assert(
      fc.property(fc.array(shape, { maxLength: 6 }), (shapes) => {
        const those = shapes.map(({ backoffLimit, failed: before, bad, well }, index) =>
          slimJob(
            {
              metadata: meta(`job-${index}`),
              spec: { backoffLimit, parallelism: bad + well },
              status: { failed: before },
            } as object,
            interner,
          ),
        );
        const all = shapes.flatMap(({ bad, well }, job) => [
          ...Array.from({ length: bad }, (_, index) => podOf(job, `bad-${job}-${index}`)),
          ...Array.from({ length: well }, (_, index) => podOf(job, `well-${job}-${index}`)),
        ]);
        const [one, ...more] = given(those, all);
        assert.deepEqual(more, []);
        if (one === undefined) return;
        const job = those[Number(one.split('-')[1])];
        assert.ok(job !== undefined && job.failed + 1 < job.backoffLimit);
        const left = all.filter(({ name }) => name !== one);
        assert.deepEqual(given(those, left), [], 'the Job is seen late');
      }),
      { numRuns: 50 },
    );
  });
});
