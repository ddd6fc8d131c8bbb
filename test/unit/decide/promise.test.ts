import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RecordedDecision } from '../../../src/decide/decision.ts';
import { carriedOut, comingOf, recorded, sameTarget, takesPart } from '../../../src/decide/promise.ts';
import { decisionAt } from '../report/given.ts';
import { companion, observation, policy } from './given.ts';

type Given = NonNullable<Parameters<typeof observation>[0]>;

function pass(
  previous: RecordedDecision | undefined,
  atSeconds: number,
  burst: Parameters<typeof decisionAt>[1],
  seen: Given = {},
): RecordedDecision {
  const decision = decisionAt(atSeconds, burst);
  return recorded(previous, { policy: policy(), observation: observation(seen), decision });
}

const unwritten = { granted: 100, asked: 0, running: 0 };
const written = { granted: 100, asked: 100, running: 0 };

describe('a promise', () => {
  test('counts while it is being carried out', () => {
    assert.equal(comingOf(pass(undefined, 0, unwritten)), 100);
    assert.equal(comingOf(carriedOut(pass(undefined, 0, unwritten), false)), 100);
  });

  test('that the API server refuses does not count, nor does what it waits for', () => {
    const refused = carriedOut(pass(undefined, 0, unwritten), true);
    assert.equal(comingOf(refused), 0);
    const again = pass(refused, 15, { ...unwritten, wanted: 300, limitedBy: ['CreationPace'] });
    assert.equal(comingOf(again, 'CreationPace'), 0, 'the next pass asks for the same');
    const half = carriedOut(pass(undefined, 0, { granted: 100, asked: 40, running: 10 }), true);
    assert.equal(comingOf(half), 30, 'what stands is still coming');
    assert.equal(comingOf(carriedOut(pass(refused, 20, unwritten), false)), 100, 'it was taken after all');
    const quiet = pass(refused, 50, { granted: 0 });
    assert.equal(comingOf(pass(quiet, 59, unwritten)), 0);
    assert.equal(comingOf(pass(quiet, 60, unwritten)), 100, 'it is believed anew after a minute');
  });

  test('expires when no pod has come for a minute, and is renewed by each that comes', () => {
    const start = pass(undefined, 0, unwritten);
    assert.equal(comingOf(pass(start, 59, written, { companions: [companion(100, { pods: 0 })] })), 100);
    assert.equal(comingOf(pass(start, 60, written, { companions: [companion(100, { pods: 0 })] })), 0);
    const some = pass(start, 50, written, { companions: [companion(100, { pods: 7 })] });
    const slow = pass(some, 100, written, { companions: [companion(100, { pods: 7 })] });
    assert.equal(comingOf(slow), 100);
    const stalled = pass(slow, 115, written, { companions: [companion(100, { pods: 7 })] });
    assert.equal(comingOf(stalled), 7, 'those that exist may be bound at any time');
    const going = pass(stalled, 120, written, { companions: [companion(100, { pods: 100 })] });
    assert.equal(comingOf(going), 100);
  });

  test('does not wait for a clock that was set back to catch up', () => {
    const refused = carriedOut(pass(undefined, 43_200, unwritten), true);
    const back = pass(refused, 0, { granted: 0 });
    assert.equal(comingOf(pass(back, 60, unwritten)), 100);
    const stalled = pass(pass(pass(undefined, 43_200, unwritten), 0, unwritten), 60, unwritten);
    assert.equal(comingOf(stalled), 0);
  });

  test('of a rescue is no more than the pods that are there', () => {
    const burst = { wanted: 100, granted: 0, asked: 0, running: 0, limitedBy: ['CreationPace'] as const };
    const gated = pass(undefined, 0, burst, { rescued: { waitingSeconds: [] } });
    assert.equal(comingOf(gated, 'CreationPace'), 0);
    const some = pass(undefined, 0, burst, { rescued: { waitingSeconds: [40, 20] } });
    assert.equal(comingOf(some, 'CreationPace'), 2);
  });

  test('is made to nobody who wants nothing, nor by a dry run', () => {
    const idle = pass(undefined, 0, { granted: 0 });
    assert.equal(
      takesPart({
        ...idle,
        decision: { ...idle.decision, roomClaim: { ...idle.decision.roomClaim, pods: 0 } },
      }),
      false,
    );
    const busy = pass(undefined, 0, written);
    assert.equal(takesPart(busy), true);
    assert.equal(takesPart({ ...busy, policy: policy({ dryRun: true }) }), false);
  });
});

test('two policies are about one target by kind and name, or by the same labels', () => {
  const named = (kind: 'Deployment' | 'StatefulSet', name: string) => policy({ target: { kind, name } });
  const jobs = (matchLabels: Readonly<Record<string, string>>) =>
    policy({ target: { kind: 'Jobs', matchLabels } });
  assert.ok(sameTarget(named('Deployment', 'a'), named('Deployment', 'a')));
  assert.ok(!sameTarget(named('Deployment', 'a'), named('StatefulSet', 'a')));
  assert.ok(!sameTarget(named('Deployment', 'a'), named('Deployment', 'b')));
  assert.ok(!sameTarget(named('Deployment', 'a'), { ...named('Deployment', 'a'), namespace: 'other' }));
  assert.ok(sameTarget(jobs({ a: '1', b: '2' }), jobs({ b: '2', a: '1' })));
  assert.ok(!sameTarget(jobs({ a: '1' }), jobs({ a: '1', b: '2' })));
  assert.ok(!sameTarget(jobs({ a: '1' }), named('Deployment', 'a')));
});
