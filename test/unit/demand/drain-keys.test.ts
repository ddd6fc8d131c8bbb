import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drainKeys } from '../../../src/demand/drain-keys.ts';

const redis = { secretName: 'redis', urlKey: 'url', caKey: undefined };
const ofList = (key: string) => drainKeys({ type: 'RedisList', key, redis });

test('the keys of a drain begin with those of the queue', () => {
  assert.equal(
    drainKeys({ type: 'BullMQ', queue: 'thumbs', prefix: 'bull', redis }),
    'bull:thumbs:spillway:',
  );
  assert.equal(drainKeys({ type: 'RedisStream', key: 'orders', group: 'g', redis }), '{orders}:spillway:');
});

test('a list that has a hash tag keeps it, and one that has none becomes one', () => {
  assert.equal(ofList('jobs'), '{jobs}:spillway:');
  assert.equal(ofList('{tenant}:jobs'), '{tenant}:jobs:spillway:');
  assert.equal(ofList('a{b}c'), 'a{b}c:spillway:');
  for (const none of ['a{}b', 'a{b', 'a}b{', '{}{b}']) assert.equal(ofList(none), `{${none}}:spillway:`);
});
