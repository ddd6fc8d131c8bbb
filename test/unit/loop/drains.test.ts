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

describe('workers that nobody may mark', () => {
  const given = policy({ scaling: { sources: [source()] } });
  const problem = { code: 'REDIS_DRAIN_FORBIDDEN', message: 'no' } as const;
  const lost = { atMs: startMs, state: 'lost', markedAtMs: undefined, workers: [] } as const;
  const told = (drains: Drains) =>
    drains
      .look({
        policy: given,
        pods: [pod('leaves', draining)],
        samples: new Map([['queue', sample()]]),
        isFailed: () => false,
        nowMs: startMs,
        elapsedMs: 0,
      })
      .get('leaves-uid')?.work.told;

  test('are guessed at where the user may never write, and that is told', () => {
    const drains = new Drains();
    drains.heard('queue', { ...lost, problem });
    assert.deepEqual([told(drains), drains.forbidden(given)], ['idle', ['queue']]);
  });

  test('are waited for where that may pass, or where they have spoken before', () => {
    const full = new Drains();
    full.heard('queue', { ...lost, problem: { ...problem, code: 'REDIS_WRITE_REFUSED' } });
    assert.deepEqual([told(full), full.forbidden(given)], ['unknown', []]);
    const spoke = new Drains();
    const report = { pod: 'leaves', state: 'working', mark: undefined, busy: 1 } as const;
    spoke.heard('queue', { ...lost, state: 'ok', workers: [report] });
    spoke.heard('queue', { ...lost, problem });
    assert.deepEqual([told(spoke), spoke.forbidden(given)], ['unknown', []]);
  });
});

describe('a controller that starts', () => {
  const given = policy({ scaling: { sources: [source()] } });
  const leaves = pod('leaves', draining);
  const look = (drains: Drains, elapsedMs: number) =>
    drains
      .look({
        policy: given,
        pods: [leaves],
        samples: new Map([['queue', sample()]]),
        isFailed: () => false,
        nowMs: startMs + elapsedMs,
        elapsedMs,
      })
      .get('leaves-uid')?.wait;
  const said = (state: 'working' | 'draining', atMs: number) => {
    const mark = state === 'working' ? undefined : begun.toString(36);
    const workers = [{ pod: 'leaves', state, mark, busy: 1 }];
    return { atMs: startMs + atMs, state: 'ok', markedAtMs: undefined, workers } as const;
  };

  test('marks nobody before it has heard whether the marks of the one before it stood', () => {
    const drains = new Drains();
    look(drains, 0);
    assert.equal(drains.isUnheard(leaves), true);
    drains.heard('queue', said('draining', 100));
    assert.equal(look(drains, 100)?.waitedMs, 5_100);
    assert.equal(drains.isUnheard(leaves), false);
  });

  test('goes by the first word of a worker, whatever it says next', () => {
    const drains = new Drains();
    look(drains, 0);
    drains.heard('queue', said('working', 100));
    drains.heard('queue', said('draining', 600));
    assert.equal(look(drains, 600)?.lapsed, true);
    assert.equal(drains.isUnheard(leaves), true);
    assert.equal(drains.isUnheard(pod('leaves', draining.replace('.000Z', '.500Z'))), false, 'begun anew');
  });

  test('so does one whose dry run is over', () => {
    const drains = new Drains();
    drains.heard('queue', said('draining', 0));
    look(drains, 0);
    drains.lifted();
    drains.heard('queue', said('working', 900));
    assert.equal(look(drains, 1_000)?.lapsed, true);
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

  test('a pod of which nobody has heard yet is not marked, and a word of its worker brings the next pass', () => {
    const drains = new Drains();
    const pods = [pod('leaves', draining)];
    const given = policy({ scaling: { sources } });
    const samples = new Map();
    drains.look({ policy: given, pods, samples, isFailed: () => false, nowMs: startMs, elapsedMs: 0 });
    const { marks, marked: waits } = marked(pods, false, { drains });
    assert.deepEqual([marks[0]?.[1], waits], [['own'], true]);
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
