import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drainText, readDrainNote } from '../../../../src/act/drain-note.ts';
import { Sightings } from '../../../../src/act/drain-sightings.ts';
import { startMs } from '../../decide/given.ts';

const drain = 'spillway.dev/drain';

test('what stands on a pod has reached everybody a second after it was first seen', () => {
  const sightings = new Sightings();
  const seen = (text: string | undefined, atMs: number): boolean =>
    sightings.look([{ uid: 'a', annotations: text === undefined ? {} : { [drain]: text } }], atMs).has('a');
  assert.equal(seen(undefined, 0), true, 'a pod that nobody has touched');
  assert.equal(seen('draining', 100), false);
  assert.equal(seen('draining', 1_099), false);
  assert.equal(seen('draining', 1_100), true);
  assert.equal(seen('drained', 1_200), false, 'it changed');
  assert.equal(seen(undefined, 2_300), false, 'taken back');
  assert.equal(seen(undefined, 3_300), true);
  assert.equal(new Sightings().look([{ uid: 'a', annotations: { [drain]: 'draining' } }], 9_999).size, 0);
});

test('a pod that was away is a new one', () => {
  const sightings = new Sightings();
  const pod = { uid: 'a', annotations: { [drain]: 'draining' } };
  sightings.look([pod], 0);
  sightings.look([], 500);
  assert.equal(sightings.look([pod], 1_200).size, 0);
});

test('a note is read as it was written, and nonsense is none', () => {
  const note = { stage: 'drained', sinceMs: startMs + 123 } as const;
  assert.deepEqual(readDrainNote({ [drain]: drainText(note) }), note);
  for (const text of ['', 'drained', 'gone 2026-01-01T00:00:00Z', 'drained yesterday']) {
    assert.equal(readDrainNote({ [drain]: text }), undefined, text);
  }
  assert.equal(readDrainNote(undefined), undefined);
});
