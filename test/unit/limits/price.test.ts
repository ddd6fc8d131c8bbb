import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupSize } from '../../../src/limits/group-size.ts';
import { pricePerHour } from '../../../src/limits/price.ts';

const price = { perCpuHour: 0.0405, perMemoryGbHour: 0.00445 };

test('a group asks for what its containers request, floored to 10 m and 0.1 GB', () => {
  const size = groupSize({
    containers: [{ resources: { requests: { cpu: '1239m', memory: '2Gi' } } }],
  });
  assert.deepEqual(size, { cores: 1.23, memoryBytes: 2_100_000_000 });
});

test('the least that a container asks for is 10 m and 0.1 GB, and without requests it is 1 core and 1.5 GB', () => {
  assert.deepEqual(groupSize({ containers: [{ resources: { requests: { cpu: '1m', memory: '1Mi' } } }] }), {
    cores: 0.01,
    memoryBytes: 100_000_000,
  });
  assert.deepEqual(groupSize({ containers: [{}, {}] }), { cores: 2, memoryBytes: 3_000_000_000 });
});

test('a limit without a request is the request', () => {
  assert.deepEqual(groupSize({ containers: [{ resources: { limits: { cpu: 2, memory: '1G' } } }] }), {
    cores: 2,
    memoryBytes: 1_000_000_000,
  });
});

test('a replica of 1 core and 2 GB costs 0.0494 an hour, and nobody knows what without prices', () => {
  const size = groupSize({ containers: [{ resources: { requests: { cpu: '1', memory: '2G' } } }] });
  assert.equal(pricePerHour(size, price).toFixed(4), '0.0494');
  assert.equal(pricePerHour(size, undefined), undefined);
});
