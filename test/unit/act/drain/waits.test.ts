import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Waits } from '../../../../src/act/drain-waits.ts';
import { startMs } from '../../decide/given.ts';

/** What one process sees of one pod: `at` and `since` are seconds, `jump` how far the wall clock went ahead of time. */
function looking(waits = new Waits()) {
  return (
    at: number,
    since: number | undefined,
    { obeys, standing = true, jump = 0 }: { obeys?: boolean; standing?: boolean; jump?: number } = {},
  ) => {
    const note =
      since === undefined ? undefined : ({ stage: 'draining', sinceMs: startMs + since * 1000 } as const);
    const found = waits.look([{ uid: 'pod', note, obeys }], {
      nowMs: startMs + (at + jump) * 1000,
      elapsedMs: at * 1000,
      standing,
    });
    const wait = found.get('pod');
    if (wait === undefined) return 'none';
    if (wait.lapsed) return 'lapsed';
    return `${wait.found ? 'found ' : ''}${wait.waitedMs / 1000}`;
  };
}

describe('a pod that this process chose', () => {
  test('is waited for since its note was seen, whatever the wall clock does', () => {
    const look = looking();
    assert.equal(look(10, undefined), 'none');
    assert.equal(look(11, 11), '0');
    assert.equal(
      look(12, 11, { obeys: false, jump: 3_600 }),
      '1',
      'it has not heard yet, and a clock jumped',
    );
    assert.equal(look(20, 11, { obeys: true, jump: -3_600 }), '9');
    assert.equal(look(21, undefined), 'none', 'taken back');
    assert.equal(look(22, 22), '0', 'another drain');
  });

  test('begins anew when marks may have expired and the worker takes jobs again', () => {
    const look = looking();
    look(10, undefined);
    for (let at = 11; at <= 60; at += 1) look(at, 11, at < 20 ? { obeys: true } : { standing: false });
    assert.equal(look(61, 11, { standing: false }), '50', 'nobody tells: the time goes on');
    assert.equal(look(62, 11, { obeys: false }), 'lapsed');
    assert.equal(look(63, 11), 'lapsed', 'until it is written');
    assert.equal(look(64, 63), '0');
  });

  test('goes on where the worker has obeyed all along', () => {
    const look = looking();
    look(10, undefined);
    for (let at = 11; at <= 60; at += 1) look(at, 11, { standing: false });
    assert.equal(look(61, 11, { obeys: true }), '50');
  });
});

describe('a pod that another process chose', () => {
  test('has waited since then if its worker obeys still', () => {
    const look = looking();
    assert.equal(look(1_200, 0), 'found 0', 'nobody has told yet');
    assert.equal(look(1_201, 0, { obeys: true }), '1201');
    assert.equal(look(1_202, 0, { obeys: true, jump: 600 }), '1202');
  });

  test('begins anew if its worker has gone on', () => {
    const look = looking();
    assert.equal(look(1_200, 0, { obeys: false }), 'lapsed');
    assert.equal(look(1_201, 1_200, { obeys: false }), '0');
  });

  test('is waited for since it was first seen where nobody ever tells', () => {
    const look = looking();
    assert.equal(look(1_200, 0), 'found 0');
    assert.equal(look(1_260, 0), 'found 60');
  });

  test('so is one that was chosen while this process was away', () => {
    const look = looking();
    look(0, undefined);
    assert.equal(look(1_200, 100, { obeys: false }), 'lapsed');
  });
});

test('when marks were lifted all notes are as if somebody else had written them', () => {
  const waits = new Waits();
  const look = looking(waits);
  look(0, undefined);
  look(1, 1, { obeys: true });
  waits.lifted();
  assert.equal(look(900, 1, { obeys: false }), 'lapsed');
});
