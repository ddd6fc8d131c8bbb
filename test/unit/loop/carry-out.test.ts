import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Write } from '../../../src/act/write.ts';
import { type CarryOutParts, carryOut } from '../../../src/loop/carry-out.ts';
import { Refusals } from '../../../src/loop/refusals.ts';
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
async function carried(
  writes: readonly Write[],
  answers: Readonly<Record<string, number>> = {},
  { refusals = new Refusals(), elapsedMs = 0, reason = 'Conflict' } = {},
) {
  const sent: string[] = [];
  const shown: string[] = [];
  const drains: unknown[] = [];
  let open = 0;
  let atOnce = 0;
  const silent = () => undefined;
  const parts = {
    fence: { holds: () => true },
    clock: { elapsed: () => elapsedMs },
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
        if (status !== undefined) throw new ApiError({ verb: 'patch', resource: 'pods' }, status, reason);
        return {};
      },
    },
  };
  const grounds = { summary: 'because', facts: {}, sinceMs: undefined };
  const policy = { key: 'media/thumbnails', deleting: false };
  const applied = await carryOut(parts as unknown as CarryOutParts, policy, grounds, writes, refusals);
  const told = applied.problems.map(({ code }) => code);
  const { again, forbidden } = applied;
  return { sent, shown, drains, atOnce, again, forbidden, told };
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

  test('that were taken are shown and counted though another of them got no answer', async () => {
    const { sent, shown, drains, again } = await carried([note('a'), note('b'), note('c'), scale], {
      b: 503,
    });
    assert.deepEqual([sent, again], [['a', 'b', 'c'], true], 'what comes after them waits for the next pass');
    assert.deepEqual([shown, drains.length], [['pods', 'pods'], 2]);
  });

  test('that a budget forbids are told of by their pods', async () => {
    const evict: Write = { kind: 'EvictPod', name: 'a', uid: 'a-uid', ...at };
    const { forbidden, told, again } = await carried([evict], { eviction: 429 });
    assert.deepEqual([forbidden, told, again], [['a-uid'], ['EVICTION_FORBIDDEN'], false]);
  });

  test('that were refused are told of at every pass, and sent again after 1 s, then ever more seldom', async () => {
    const refusals = new Refusals();
    const sentAt: number[] = [];
    for (let elapsedMs = 0; elapsedMs < 300_000; elapsedMs += 250) {
      const { sent, told } = await carried([scale], { burst: 403 }, { refusals, elapsedMs });
      assert.deepEqual(told, ['WRITE_REFUSED']);
      if (sent.length > 0) sentAt.push(elapsedMs / 1000);
    }
    assert.deepEqual(sentAt, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    assert.deepEqual((await carried([scale], {}, { refusals, elapsedMs: 300_000 })).sent, []);
    assert.deepEqual((await carried([scale], {}, { refusals, elapsedMs: 303_000 })).told, []);
    assert.deepEqual((await carried([scale], { burst: 403 }, { refusals, elapsedMs: 303_001 })).sent, [
      'burst',
    ]);
    assert.deepEqual((await carried([scale], {}, { refusals, elapsedMs: 304_001 })).sent, ['burst']);
  });

  test('are not sent again to a namespace that is being deleted', async () => {
    const refusals = new Refusals();
    const reason = 'NamespaceTerminating';
    const first = await carried([scale, note('a')], { burst: 403 }, { refusals, reason });
    assert.deepEqual([first.sent, first.told], [['burst', 'a'], ['NAMESPACE_TERMINATING']]);
    const later = await carried([scale, note('a')], {}, { refusals, elapsedMs: 1e9 });
    assert.deepEqual([later.sent, later.told, later.again], [['a'], ['NAMESPACE_TERMINATING'], false]);
  });

  test('burst nothing while the finalizer on the policy is refused', async () => {
    const refusals = new Refusals();
    await carried([hold, scale], { thumbnails: 403 }, { refusals });
    const { sent, told } = await carried([hold, scale], {}, { refusals, elapsedMs: 500 });
    assert.deepEqual([sent, told], [[], ['WRITE_REFUSED']]);
  });
});
