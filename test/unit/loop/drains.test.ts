import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Interner } from '../../../src/cluster/intern.ts';
import type { RawObject } from '../../../src/cluster/raw.ts';
import { slimAs } from '../../../src/cluster/resources.ts';
import type { SlimPod } from '../../../src/cluster/slim.ts';
import { Drains, marksOf } from '../../../src/loop/drains.ts';
import { newState, type PolicyState, type ReconcileParts } from '../../../src/loop/pass.ts';
import { markDrains } from '../../../src/loop/settle.ts';
import { policy, sample, source, startMs } from '../decide/given.ts';

const begun = startMs - 5_000;
const draining = `draining ${new Date(begun).toISOString()}`;

function pod(
  name: string,
  drain?: string,
  more: { deletionTimestamp?: string; phase?: string } = {},
): SlimPod {
  const { phase = 'Running', ...meta } = more;
  const raw: RawObject & Record<string, object> = {
    metadata: {
      name,
      namespace: 'media',
      uid: `${name}-uid`,
      resourceVersion: '1',
      ownerReferences: [{ uid: 'set', controller: true }],
      ...(drain === undefined ? {} : { annotations: { 'spillway.dev/drain': drain } }),
      ...meta,
    },
    spec: { nodeName: 'virtual' },
    status: { phase, conditions: [{ type: 'Ready', status: 'True' }] },
  };
  return slimAs('pods', raw, new Interner());
}

test('marks follow from what stands on pods, until they are gone', () => {
  const pods = [
    pod('stays'),
    pod('leaves', draining),
    pod('goes', draining.replace('draining', 'drained'), { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    pod('over', draining, { phase: 'Failed' }),
  ];
  const mark = begun.toString(36);
  assert.deepEqual(
    [...marksOf(pods)],
    [
      ['leaves', mark],
      ['goes', mark],
    ],
  );
});

describe('what workers say', () => {
  const given = policy({ scaling: { sources: [source()] } });
  const look = (drains: Drains, elapsedMs: number) =>
    drains
      .look({
        policy: given,
        pods: [pod('leaves', draining)],
        samples: new Map([['queue', sample()]]),
        isFailed: () => false,
        nowMs: startMs,
        elapsedMs,
      })
      .get('leaves-uid');
  const report = { pod: 'leaves', state: 'drained', mark: begun.toString(36), busy: 0 } as const;
  const said = { atMs: startMs, state: 'ok', markedAtMs: startMs, workers: [report] } as const;

  test('is unknown before the first word, and counts from then on', () => {
    const drains = new Drains();
    assert.equal(look(drains, 0)?.work.told, 'unknown');
    assert.equal(drains.heard('queue', said), true);
    assert.equal(look(drains, 100)?.work.told, 'empty');
    assert.deepEqual([look(drains, 999)?.settled, look(drains, 1_000)?.settled], [false, true]);
  });

  test('is news only when it is something else', () => {
    const drains = new Drains();
    drains.heard('queue', said);
    assert.equal(
      drains.heard('queue', { ...said, atMs: startMs + 5_000, markedAtMs: startMs + 5_000 }),
      false,
    );
    assert.equal(drains.heard('queue', { ...said, state: 'lost' }), true);
    assert.equal(drains.heard('queue', { ...said, workers: [] }), true);
  });
});

describe('after a pass', () => {
  const sources = [source(), source({ name: 'other' })];
  function marked(pods: readonly SlimPod[], dryRun: boolean, state: Partial<PolicyState> = {}) {
    const marks: (readonly [string, readonly string[]])[] = [];
    const parts = {
      view: {
        companionsOf: () => [{ pods }],
        targetOf: () => ({ pods: [pod('own', draining)] }),
      },
      drain: {
        mark: (request: { source: { name: string } }, asked: ReadonlyMap<string, string>) =>
          marks.push([request.source.name, [...asked.keys()]]),
      },
    };
    const now = { ...newState(policy({ dryRun, scaling: { sources } }), startMs, undefined), ...state };
    markDrains(parts as unknown as ReconcileParts, now);
    return { marks, marked: now.marked };
  }

  test('every source hears of every pod that leaves, of companions and of the target', () => {
    const expected = ['leaves', 'own'];
    assert.deepEqual(marked([pod('leaves', draining), pod('stays')], false), {
      marks: [
        ['queue', expected],
        ['other', expected],
      ],
      marked: true,
    });
  });

  test('a dry run marks nobody, and lifts what was marked before', () => {
    assert.deepEqual(marked([pod('leaves', draining)], true), { marks: [], marked: false });
    assert.deepEqual(marked([pod('leaves', draining)], true, { marked: true }), {
      marks: [
        ['queue', []],
        ['other', []],
      ],
      marked: false,
    });
  });

  test('caches that are too old change no mark', () => {
    assert.deepEqual(marked([], false, { marked: true, stale: ['pods'] }), { marks: [], marked: true });
  });
});
