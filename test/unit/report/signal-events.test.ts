import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from '../../../src/decide/decision.ts';
import { eventsOf, type Told } from '../../../src/report/events.ts';
import { decisionAt } from './given.ts';

function at(second: number, state: 'ok' | 'lost', fallback = false): Decision {
  const reasons = fallback
    ? [{ code: 'SignalFallback' as const, message: 'It counts with 10.', numbers: {} }]
    : [];
  const [source] = decisionAt(0).sources;
  assert.ok(source !== undefined);
  return decisionAt(second, {}, { sources: [{ ...source, state }], reasons });
}

function story(...decisions: readonly Decision[]): readonly string[] {
  let told: Told | undefined;
  return decisions.flatMap((decision) => {
    const next = eventsOf(told, decision);
    told = structuredClone(next.told);
    return next.events.map(({ reason, type }) => `${type} ${reason} ${decision.id}`);
  });
}

test('a signal that is lost is told, then that the fallback counts, then that it is back: each once', () => {
  assert.deepEqual(
    story(
      at(0, 'ok'),
      at(1, 'lost'),
      at(2, 'lost'),
      at(130, 'lost', true),
      at(131, 'lost', true),
      at(140, 'ok'),
      at(141, 'ok'),
    ),
    [
      'Warning SignalLost decision-1',
      'Warning SignalFallback decision-130',
      'Normal SignalBack decision-140',
    ],
  );
});

test('a signal that was lost from the start is told', () => {
  assert.deepEqual(story(at(0, 'lost')), ['Warning SignalLost decision-0']);
});

test('a signal that comes and goes is told at most once in five minutes, and its return only with its loss', () => {
  const flaps = Array.from({ length: 60 }, (_, index) => at(index * 10, index % 2 === 0 ? 'lost' : 'ok'));
  assert.deepEqual(story(...flaps), [
    'Warning SignalLost decision-0',
    'Normal SignalBack decision-10',
    'Warning SignalLost decision-300',
    'Normal SignalBack decision-310',
  ]);
});
