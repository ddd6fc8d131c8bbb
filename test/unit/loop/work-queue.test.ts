import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Clock } from '../../../src/clock.ts';
import { WorkQueue } from '../../../src/work-queue.ts';

/** A clock that stands still until it is told to go on. */
function handClock(): Clock & { pass(ms: number): void } {
  let nowMs = 0;
  const timers = new Map<() => void, number>();
  return {
    now: () => nowMs,
    elapsed: () => nowMs,
    sleep: () => Promise.reject(new Error('the queue does not sleep')),
    after(delayMs, run) {
      timers.set(run, nowMs + delayMs);
      return () => timers.delete(run);
    },
    pass(ms) {
      nowMs += ms;
      for (const [run, dueMs] of timers) {
        if (dueMs > nowMs) continue;
        timers.delete(run);
        run();
      }
    },
  };
}

const forever = new AbortController().signal;

describe('the work queue', () => {
  test('makes one piece of work of many events for a key', async () => {
    const queue = new WorkQueue(handClock());
    queue.add('a');
    queue.add('b');
    queue.add('a');
    assert.equal(queue.depth, 2);
    assert.equal(await queue.next(forever), 'a');
    assert.equal(await queue.next(forever), 'b');
    assert.equal(queue.depth, 0);
  });

  test('never hands out a key that is worked on, and brings it again afterwards', async () => {
    const queue = new WorkQueue(handClock());
    queue.add('a');
    await queue.next(forever);
    queue.add('a');
    const next = queue.next(forever);
    assert.equal(await Promise.race([next, Promise.resolve('nothing')]), 'nothing');
    queue.done('a');
    assert.equal(await next, 'a');
  });

  test('wakes a waiting worker when a key comes, and ends it with the signal', async () => {
    const queue = new WorkQueue(handClock());
    const next = queue.next(forever);
    queue.add('a');
    assert.equal(await next, 'a');
    const stop = new AbortController();
    const last = queue.next(stop.signal);
    stop.abort();
    assert.equal(await last, undefined);
  });

  test('gives each of several waiting workers its own key', async () => {
    const queue = new WorkQueue(handClock());
    const both = Promise.all([queue.next(forever), queue.next(forever)]);
    queue.add('a');
    queue.add('b');
    assert.deepEqual(await both, ['a', 'b']);
  });

  test('keeps the earlier of two appointments, and an event makes both void', async () => {
    const clock = handClock();
    const queue = new WorkQueue(clock);
    queue.addAfter('a', 1000);
    queue.addAfter('a', 100);
    queue.addAfter('a', 500);
    clock.pass(99);
    assert.equal(queue.depth, 0);
    clock.pass(1);
    assert.equal(queue.depth, 1);
    await queue.next(forever);
    queue.done('a');
    clock.pass(5000);
    assert.equal(queue.depth, 0);
    queue.addAfter('a', 1000);
    queue.add('a');
    await queue.next(forever);
    queue.done('a');
    clock.pass(5000);
    assert.equal(queue.depth, 0);
  });

  test('lets failing keys wait longer each time, up to 30 s, and forgives', () => {
    const clock = handClock();
    const queue = new WorkQueue(clock, () => 0.5);
    const waits: number[] = [];
    const waitFor = async (): Promise<void> => {
      queue.retry('a');
      let waited = 0;
      while (queue.depth === 0) {
        clock.pass(1);
        waited += 1;
      }
      waits.push(waited);
      await queue.next(forever);
      queue.done('a');
    };
    return (async () => {
      for (let failure = 0; failure < 13; failure += 1) await waitFor();
      assert.deepEqual(waits.slice(0, 4), [20, 40, 80, 160]);
      assert.equal(waits.at(-1), 30_000);
      queue.forget('a');
      await waitFor();
      assert.equal(waits.at(-1), 20);
    })();
  });
});
