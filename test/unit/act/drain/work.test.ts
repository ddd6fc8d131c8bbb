import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { drainMark } from '../../../../src/act/drain-note.ts';
import { type SourceTold, type Working, workOf } from '../../../../src/act/drain-work.ts';
import type { WorkersSample } from '../../../../src/demand/drain.ts';
import { sample, startMs } from '../../decide/given.ts';

const note = { stage: 'draining', sinceMs: startMs - 10_000 } as const;
const mark = drainMark(note);
const chosen: Working = { name: 'pod', set: 'set', note };
const report = { pod: 'pod', state: 'drained', mark, busy: 0 } as const;

function workers(reports: WorkersSample['workers'], more: Partial<WorkersSample> = {}): WorkersSample {
  return { atMs: startMs, state: 'ok', markedAtMs: startMs, workers: reports, ...more };
}

function source(more: Partial<SourceTold> = {}): SourceTold {
  return { sample: sample(), namesWorkers: true, workers: workers([]), ...more };
}

function told(sources: readonly SourceTold[], pods: readonly Working[] = [chosen]) {
  return workOf(pods, sources, startMs).get('pod')?.told;
}

describe('a worker with the drain library', () => {
  test('is empty when it says so under the mark of this drain, and the marks surely stand', () => {
    assert.equal(told([source({ workers: workers([report]) })]), 'empty');
  });

  test('is at work while it says anything else, or says it of another drain', () => {
    for (const other of [
      { ...report, state: 'draining', busy: 1 } as const,
      { ...report, state: 'working', mark: undefined } as const,
      { ...report, mark: 'earlier' },
    ]) {
      assert.equal(told([source({ workers: workers([other]) })]), 'working');
    }
  });

  test('may have gone on where marks were not renewed in time, or nobody answers', () => {
    for (const more of [
      { markedAtMs: startMs - 21_000 },
      { markedAtMs: undefined },
      { state: 'lost' },
      { atMs: startMs - 16_000 },
    ] as const) {
      assert.equal(told([source({ workers: workers([report], more) })]), 'unknown', JSON.stringify(more));
    }
    assert.equal(told([source({ workers: undefined })]), 'unknown', 'nothing was heard yet');
  });

  test('that works on several queues is empty when it is so on each', () => {
    const one = source({ workers: workers([report]) });
    const other = source({ workers: workers([{ ...report, state: 'draining', busy: 2 }]) });
    assert.equal(told([one, other]), 'working');
    assert.equal(told([one, source({ sample: sample({ active: 1, busy: { pod: 1 } }) })]), 'working');
    assert.equal(told([one, source()]), 'empty');
  });
});

describe('a worker that says nothing', () => {
  test('is idle when a reading from after the beginning names no job of it', () => {
    assert.equal(told([source()]), 'idle', 'nothing is in work');
    assert.equal(told([source({ sample: sample({ active: 1, busy: { other: 1 } }) })]), 'idle');
    assert.equal(told([source({ sample: sample({ active: 1, busy: { pod: 1 } }) })]), 'working');
  });

  test('is not judged by a reading from before', () => {
    assert.equal(told([source({ sample: sample({ atMs: note.sinceMs }) })]), 'unknown');
    const names = { atMs: note.sinceMs - 1, whole: true };
    const lags = sample({ active: 1, busy: { other: 1 }, atMs: note.sinceMs + 500, names });
    assert.equal(told([source({ sample: lags })]), 'unknown', 'names lag behind');
    const lost = { state: 'lost', atMs: startMs, sinceMs: startMs, code: '', message: '' } as const;
    assert.equal(told([source({ sample: lost })]), 'unknown');
  });

  test('is not called idle by names that are not all, or old', () => {
    const named = (atMs: number, whole: boolean, busy: Record<string, number> = { other: 1 }) =>
      told([source({ sample: sample({ active: 2_000, busy, names: { atMs, whole } }) })]);
    assert.equal(named(startMs - 1_000, true), 'idle');
    assert.equal(named(startMs - 1_000, false), 'unknown');
    assert.equal(named(startMs - 2_000, true), 'unknown');
    assert.equal(named(0, false, {}), 'unknown', 'jobs have come since, and nobody has read whose');
    assert.equal(named(startMs, false, { pod: 1 }), 'working');
    assert.equal(named(startMs, false, {}), 'silent', 'of a thousand jobs none has a name');
  });

  test('is silent where its queue names nobody at all', () => {
    assert.equal(
      told([source({ sample: sample({ active: 3 }) })]),
      'silent',
      'jobs are in work, nobody knows where',
    );
    assert.equal(told([source({ namesWorkers: false })]), 'silent');
    assert.equal(told([source({ namesWorkers: false, workers: 'none' })]), 'silent');
    assert.equal(told([]), 'silent', 'there is no source');
  });

  test('is waited for where others of its ReplicaSet speak', () => {
    const sibling: Working = { name: 'sibling', set: 'set', note: undefined };
    const speaks = workers([{ ...report, pod: 'sibling' }]);
    const silent = source({ namesWorkers: false, workers: speaks });
    assert.equal(told([silent], [chosen, sibling]), 'unknown');
    assert.equal(told([silent], [chosen, { ...sibling, set: 'other' }]), 'silent');
    const once = workOf([chosen], [source({ namesWorkers: false })], startMs, new Set(['set']));
    assert.equal(once.get('pod')?.told, 'unknown', 'they spoke once');
  });
});
