import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planDrain } from '../../../../src/act/drain.ts';
import { leavingOf } from '../../../../src/act/drain-count.ts';
import type { StandingPod } from '../../../../src/act/drain-order.ts';
import { startMs } from '../../decide/given.ts';
import { leaving, pod } from './given.ts';

/** What becomes of these pods, which have a replica each unless told, when so many are wanted. */
function drained(
  pods: readonly StandingPod[],
  wanted: number,
  { replicas = pods.length, timeoutSeconds = 600 } = {},
) {
  const plan = planDrain({ pods, replicas, wanted }, { atMs: startMs, timeoutSeconds });
  return {
    noted: plan.noted.map(({ pod: { name }, note, cost, ended }) =>
      [name, note.stage, cost, ...(ended === undefined ? [] : [ended.outcome])].join(' '),
    ),
    takenBack: plan.takenBack.map(({ name }) => name),
    replicas: plan.replicas,
  };
}

const nothing = { noted: [], takenBack: [] };

describe('a workload that shrinks', () => {
  test('lets replicas go that have no pod yet and pods that never ran, without a word', () => {
    const pods = [
      pod('busy', { busyJobs: 1 }),
      pod('unbound', { bound: false, phase: 'Pending', ready: false }),
    ];
    assert.deepEqual(drained(pods, 1, { replicas: 4 }), { ...nothing, replicas: 1 });
  });

  test('chooses unready pods before ready ones, and idle ones before busy ones', () => {
    const pods = [
      pod('busier', { busyJobs: 3 }),
      pod('busy', { busyJobs: 1 }),
      pod('idle'),
      pod('unready-busy', { ready: false, busyJobs: 9 }),
    ];
    assert.deepEqual(drained(pods, 1).noted, [
      'unready-busy draining -1000',
      'idle draining -1000',
      'busy draining -1000',
    ]);
    assert.deepEqual(drained(pods, 1).replicas, 4);
  });

  test('keeps to those that it has chosen, and takes back the busiest first', () => {
    const pods = [
      pod('idle'),
      leaving('draining', 'one', { busyJobs: 1 }),
      leaving('draining', 'three', { busyJobs: 3 }),
      leaving('drained', 'empty'),
    ];
    assert.deepEqual(drained(pods, 2), { noted: [], takenBack: ['three'], replicas: 3 });
    assert.deepEqual(drained(pods, 6), { noted: [], takenBack: ['three', 'one', 'empty'], replicas: 6 });
  });

  test('notes a pod as drained when its worker says so, and lowers when that has been seen', () => {
    const [busy, empty] = [pod('busy', { busyJobs: 1 }), leaving('draining', 'empty', { told: 'empty' })];
    assert.deepEqual(drained([busy, empty], 1), {
      noted: ['empty drained -2000 drained'],
      takenBack: [],
      replicas: 2,
    });
    const fresh = leaving('drained', 'empty', { settled: false });
    assert.deepEqual(drained([busy, fresh], 1), { ...nothing, replicas: 2 });
    assert.deepEqual(drained([busy, leaving('drained', 'empty')], 1), { ...nothing, replicas: 1 });
  });

  test('lowers by those that are drained while others are still at work', () => {
    const pods = [
      pod('stays', { busyJobs: 1 }),
      leaving('drained', 'a'),
      leaving('drained', 'b'),
      leaving('draining', 'c', { busyJobs: 1 }),
    ];
    assert.deepEqual(drained(pods, 1), { ...nothing, replicas: 2 });
  });

  test('does not lower past a busy pod that is not ready: no cost keeps a ReplicaSet from it', () => {
    const pods = [pod('unready', { ready: false, busyJobs: 1 }), leaving('drained', 'empty'), pod('idle')];
    const { noted, takenBack, replicas } = drained(pods, 2);
    assert.deepEqual([noted, takenBack, replicas], [['unready draining -1000'], ['empty'], 3]);
  });

  test('does not rely on a word that is old: the worker may have gone on', () => {
    const pods = [pod('stays'), leaving('drained', 'unsure', { told: 'unknown' })];
    assert.deepEqual(drained(pods, 1), { ...nothing, replicas: 2 });
    const equals = [...pods, leaving('drained', 'empty')];
    assert.equal(drained(equals, 1).replicas, 3, 'the ReplicaSet could take the other of two equals');
  });

  test('chooses a pod anew that took a job after all', () => {
    const pods = [
      pod('stays', { busyJobs: 1 }),
      leaving('drained', 'again', { told: 'working', busyJobs: 1 }),
    ];
    assert.deepEqual(drained(pods, 1), {
      noted: ['again draining -1000'],
      takenBack: [],
      replicas: 2,
    });
  });

  test('goes by the queue where workers say nothing, and calls it a guess', () => {
    const guess = { reports: false, told: 'idle' } as const;
    const pods = [pod('busy', { reports: false, busyJobs: 1 }), leaving('draining', 'idle', guess)];
    assert.deepEqual(drained(pods, 1).noted, ['idle drained -2000 idle_guess']);
    assert.equal(drained([pods[0] ?? pod(''), leaving('drained', 'idle', guess)], 1).replicas, 1);
  });

  test('lets pods go at once where nobody will ever tell', () => {
    const silent = { reports: false, told: 'silent' } as const;
    assert.deepEqual(drained([pod('a', silent), pod('b', silent)], 1), { ...nothing, replicas: 1 });
  });

  test('gives up waiting when the time is over', () => {
    const late = { secondsAgo: 600, busyJobs: 1 };
    const pods = [pod('stays'), leaving('draining', 'late', late)];
    assert.deepEqual(drained(pods, 1), { noted: ['late drained -2000 timeout'], takenBack: [], replicas: 1 });
  });

  test('waits anew where the worker has gone on during an outage', () => {
    const on = { secondsAgo: 1_200, busyJobs: 1, wait: { waitedMs: 0, lapsed: true, found: false } };
    for (const stage of ['draining', 'drained'] as const) {
      const pods = [pod('stays', { busyJobs: 1 }), leaving(stage, 'on', { ...on, told: 'working' })];
      const plan = planDrain({ pods, replicas: 2, wanted: 1 }, { atMs: startMs, timeoutSeconds: 600 });
      assert.deepEqual([plan.replicas, plan.noted[0]?.note], [2, { stage: 'draining', sinceMs: startMs }]);
    }
    const young = { ...on, wait: { waitedMs: 599_000, lapsed: false, found: false } };
    assert.deepEqual(drained([pod('stays', { busyJobs: 1 }), leaving('draining', 'on', young)], 1).noted, []);
  });

  test('waits for nothing where the policy says so, and still gives up idle pods first', () => {
    const pods = [pod('busy', { busyJobs: 1 }), pod('idle')];
    assert.deepEqual(drained(pods, 1, { timeoutSeconds: 0 }), {
      noted: ['idle drained -2000 timeout'],
      takenBack: [],
      replicas: 1,
    });
  });

  test('gives up failed pods first', () => {
    const pods = [pod('a'), pod('failed', { failed: true, busyJobs: 1 }), leaving('draining', 'b')];
    assert.deepEqual(drained(pods, 2).noted, ['failed drained -3000']);
  });

  test('leaves a note alone while the ReplicaSet deletes the pods that it took', () => {
    const pods = [pod('stays'), leaving('drained', 'a'), leaving('drained', 'b')];
    assert.deepEqual(drained(pods, 1, { replicas: 1 }), { ...nothing, replicas: 1 });
  });

  test('during a rollout lowers only by what each of its ReplicaSets could give', () => {
    const pods = [
      pod('new', { set: 'new', busyJobs: 1 }),
      leaving('drained', 'new-empty', { set: 'new' }),
      pod('old', { set: 'old', busyJobs: 1 }),
      leaving('draining', 'old-leaving', { set: 'old', busyJobs: 1 }),
    ];
    assert.equal(drained(pods, 3).replicas, 4);
    const both = pods.map((each) =>
      each.name === 'old-leaving' ? leaving('drained', 'old-empty', { set: 'old' }) : each,
    );
    assert.equal(drained(both, 3).replicas, 3);
  });
});

test('what drains of a companion is what is neither staying nor still to come', () => {
  const stays = { drain: undefined };
  const leaves = { drain: { stage: 'draining', sinceMs: 0 } } as const;
  assert.equal(leavingOf(3, [stays, leaves, leaves]), 2);
  assert.equal(leavingOf(1, [stays, leaves, leaves]), 0, 'lowered already');
  assert.equal(leavingOf(5, [stays, leaves, leaves]), 2, 'two are to come');
});
