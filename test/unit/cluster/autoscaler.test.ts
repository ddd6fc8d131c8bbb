import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Growth, growthOf } from '../../../src/cluster/autoscaler.ts';

const nowMs = Date.parse('2026-01-01T00:10:00Z');
const lastUpdated = '2026-01-01 00:09:55.123456789 +0000 UTC';

function group(target: number, max: number, scaleUp: string): string {
  return `- name: g
  health: { status: Healthy, cloudProviderTarget: ${target}, minSize: 0, maxSize: ${max} }
  scaleUp: ${scaleUp}
`;
}

function growth(...groups: readonly string[]): Growth {
  const status = `autoscalerStatus: Running\nnodeGroups:\n${groups.join('')}`;
  return growthOf({ status, lastUpdated }, nowMs);
}

test('a pool can grow while one group is below its maximum and does not back off', () => {
  assert.equal(
    growth(group(3, 3, '{ status: NoActivity }'), group(1, 2, '{ status: NoActivity }')),
    'CanGrow',
  );
  assert.equal(growth(group(3, 3, '{ status: NoActivity }')), 'CannotGrow');
  assert.equal(growth(group(1, 5, '{ status: Backoff }')), 'CannotGrow');
});

test('a scale-up in progress is growth, for a quarter of an hour', () => {
  const since = (time: string): string => `{ status: InProgress, lastTransitionTime: "${time}" }`;
  assert.equal(growth(group(3, 3, since('2026-01-01T00:09:00Z'))), 'Growing');
  assert.equal(growth(group(3, 3, since('2025-12-31T23:50:00Z'))), 'CannotGrow');
});

test('a status that is stale, unreadable or in the old text form tells nothing', () => {
  const status = `autoscalerStatus: Running\nnodeGroups:\n${group(1, 2, '{ status: NoActivity }')}`;
  assert.equal(growthOf({ status, lastUpdated: '2026-01-01 00:04:59 +0000 UTC' }, nowMs), 'Unknown');
  assert.equal(growthOf({ status, lastUpdated: undefined }, nowMs), 'Unknown');
  assert.equal(
    growthOf({ status: 'Cluster-autoscaler status at 2020:\n\tHealth: [x', lastUpdated }, nowMs),
    'Unknown',
  );
  assert.equal(growthOf({ status: 'autoscalerStatus: Initializing', lastUpdated }, nowMs), 'Unknown');
});
