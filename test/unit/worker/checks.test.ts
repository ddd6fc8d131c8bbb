import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drainable, drainSignal } from '../../../src/worker/index.ts';

const client = { defineCommand: () => undefined };

for (const [options, message] of [
  [
    { finishWithinMs: '10000' },
    /finishWithinMs must be a number of milliseconds from 0, as 10000; .* It is text\./,
  ],
  [{ finishWithinMs: -1 }, /finishWithinMs must be .* It is -1\./],
  [{ finishWithinMs: Number.NaN }, /finishWithinMs must be .* It is NaN\./],
  [
    { intervalMs: '1000' },
    /intervalMs must be a number of milliseconds from 50 to 5000, as 1000\. It is text\./,
  ],
  [{ intervalMs: -1000 }, /intervalMs must be/],
  [{ intervalMs: 49 }, /intervalMs must be/],
  [{ intervalMs: 5_001 }, /intervalMs must be/],
  [{ signals: 'false' }, /signals must be true or false\. It is text\./],
  [{ exit: 1 }, /exit must be true or false\. It is 1\./],
  [{ log: 'x' }, /log must be a function that takes a text/],
  [{ log: null }, /log must be a function .* It is null\./],
  [{ onDraining: 'x' }, /onDraining must be a function/],
  [{ podName: 7 }, /podName must be the name of the pod, as text/],
  [{ finishWithin: 10_000 }, /drainSignal has no option "finishWithin"\. It has: client, key, podName/],
  [{ toString: 1 }, /has no option "toString"/],
  [{ key: '' }, /key must be the name of the list or stream, as in the policy: \{ client, key: 'jobs' \}/],
  [{ key: undefined }, /key must be/],
  [{ key: 7 }, /key must be/],
  [{ client: undefined }, /client must be one of ioredis or of node-redis/],
  [{ client: 'redis://localhost' }, /client must be one of ioredis or of node-redis/],
] as const) {
  test(`drainSignal refuses ${Object.entries(options).join()} and says what to write`, () => {
    assert.throws(() => drainSignal({ client, key: 'jobs', signals: false, ...options } as never), {
      name: 'TypeError',
      message,
    });
  });
}

test('what is no Worker, and what are no options, are refused', () => {
  for (const worker of [{}, undefined, null, 'thumbnails']) {
    assert.throws(() => drainable(worker as never), {
      name: 'TypeError',
      message: /needs a Worker of BullMQ 5 or 6/,
    });
  }
  for (const options of [undefined, null, 'jobs', []]) {
    assert.throws(() => drainSignal(options as never), { name: 'TypeError', message: /must be an object/ });
  }
});
