import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Write } from '../../../src/act/write.ts';
import { type CarryOutParts, carryOut } from '../../../src/loop/carry-out.ts';
import { ApiError } from '../../../src/cluster/api-error.ts';

const at = { namespace: 'media', resourceVersion: '1', decisionId: 'd' } as const;
const hold: Write = { kind: 'SetFinalizers', name: 'thumbnails', finalizers: ['f'], holds: true, ...at };
const scale: Write = { kind: 'ScaleCompanion', name: 'burst', from: 1, to: 2, ...at };
const note = (name: string): Write => ({
  kind: 'SetDrain',
  name,
  drain: { note: { stage: 'drained', sinceMs: 0 }, cost: -2000 },
  ended: { outcome: 'drained', seconds: 3 },
  ...at,
});

/** Carries writes out against an API server that answers as told, by the last part of the path. */
async function carried(writes: readonly Write[], answers: Readonly<Record<string, number>> = {}) {
  const sent: string[] = [];
  const shown: string[] = [];
  const drains: unknown[] = [];
  let open = 0;
  let atOnce = 0;
  const silent = () => undefined;
  const parts = {
    fence: { holds: () => true },
    clock: { elapsed: () => 0 },
    log: { info: silent, warn: silent, debug: silent },
    metrics: {
      observeReaction: silent,
      recordDrain: (...drain: unknown[]) => drains.push(drain),
    },
    view: { applied: (kind: string) => shown.push(kind) },
    client: {
      async request(_: string, path: string) {
        const name = path.split('?')[0]?.split('/').at(-1) ?? '';
        sent.push(name);
        open += 1;
        atOnce = Math.max(atOnce, open);
        await Promise.resolve();
        open -= 1;
        const status = answers[name];
        if (status !== undefined) throw new ApiError({ verb: 'patch', resource: 'pods' }, status, 'Conflict');
        return {};
      },
    },
  };
  const grounds = { summary: 'because', facts: {}, sinceMs: undefined };
  const policy = { key: 'media/thumbnails', deleting: false };
  const applied = await carryOut(parts as unknown as CarryOutParts, policy, grounds, writes);
  return { sent, shown, drains, atOnce, again: applied.again };
}

describe('the writes of a pass', () => {
  test('go out in their order, and the view sees each answer', async () => {
    const { sent, shown, again } = await carried([hold, note('a'), scale]);
    assert.deepEqual(sent, ['thumbnails', 'a', 'burst']);
    assert.deepEqual(shown, ['policies', 'pods', 'deployments']);
    assert.equal(again, false);
  });

  test('end where the policy could not be held: nothing bursts that nobody would wait for', async () => {
    const { sent, again } = await carried([hold, scale], { thumbnails: 409 });
    assert.deepEqual([sent, again], [['thumbnails'], true]);
  });

  test('about many pods go out a few at a time, and one that failed stops no other', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `pod-${index}`);
    const { sent, atOnce, drains, again } = await carried([...names.map(note), scale], { 'pod-3': 409 });
    assert.deepEqual(sent, [...names, 'burst']);
    assert.equal(atOnce > 1 && atOnce <= 8, true, `${atOnce} at once`);
    assert.deepEqual(drains[0], ['media/thumbnails', 'drained', 3]);
    assert.deepEqual([drains.length, again], [19, false]);
  });
});
