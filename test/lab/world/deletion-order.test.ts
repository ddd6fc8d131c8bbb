import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inDeletionOrder } from '../../../src/lab/world/deletion-order.ts';
import type { Pod } from '../../../src/lab/world/kube.ts';

const nowMs = Date.UTC(2026, 0, 1, 12);

interface Given {
  readonly node?: string;
  readonly phase?: 'Pending' | 'Running' | 'Unknown';
  readonly ready?: boolean;
  readonly cost?: string;
  readonly readySeconds?: number;
  readonly restarts?: number;
  readonly ageSeconds?: number;
}

function pod(name: string, given: Given): Pod {
  const { node = 'vm-0', phase = 'Running', ready = true, cost, restarts = 0 } = given;
  const { readySeconds = 1000, ageSeconds = 2000 } = given;
  const at = (seconds: number): string => new Date(nowMs - seconds * 1000).toISOString();
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: name,
      namespace: 'media',
      resourceVersion: '1',
      creationTimestamp: at(ageSeconds),
      ...(cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }),
    },
    spec: { containers: [], ...(node === '' ? {} : { nodeName: node }) },
    status: {
      phase,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: at(readySeconds) }],
      containerStatuses: [
        { name: 'c', image: '', imageID: '', ready, started: ready, restartCount: restarts, state: {} },
      ],
    },
  };
}

const table: readonly (readonly [string, Given, Given])[] = [
  [
    'unassigned before assigned',
    { node: '', phase: 'Pending', ready: false, cost: '100' },
    { phase: 'Pending', ready: false },
  ],
  ['Pending before Unknown', { phase: 'Pending', ready: false }, { phase: 'Unknown', ready: false }],
  ['Unknown before Running', { phase: 'Unknown', ready: false, cost: '9' }, { ready: false }],
  ['not ready before ready, whatever the cost', { ready: false, cost: '1000' }, { cost: '-1000' }],
  ['lower cost before higher', { cost: '-1', readySeconds: 9000 }, { readySeconds: 10 }],
  [
    'no cost counts as 0, and so does nonsense',
    { cost: 'much', readySeconds: 10 },
    { cost: '1', readySeconds: 1 },
  ],
  ['ready for less time before longer', { readySeconds: 100 }, { readySeconds: 1000 }],
  ['more restarts before fewer', { restarts: 3 }, { restarts: 1 }],
  ['newer before older', { ageSeconds: 1100 }, { ageSeconds: 9000 }],
];

for (const [rule, first, second] of table) {
  test(`a ReplicaSet deletes ${rule}`, () => {
    // Names decide ties: the one that should go first would lose them.
    const [a, b] = [pod('z', first), pod('a', second)];
    for (const pods of [
      [a, b],
      [b, a],
    ]) {
      assert.deepEqual(
        inDeletionOrder(pods, pods, nowMs).map(({ metadata }) => metadata.name),
        ['z', 'a'],
      );
    }
  });
}

test('a ReplicaSet deletes first where more pods of the same owner share a node', () => {
  const alone = pod('a', { node: 'vm-0', readySeconds: 1 });
  const together = [pod('b', { node: 'vm-1' }), pod('c', { node: 'vm-1' })];
  const order = inDeletionOrder([alone, ...together], [alone, ...together], nowMs);
  assert.deepEqual(
    order.map(({ metadata }) => metadata.name),
    ['b', 'c', 'a'],
  );
});

test('ready times within one power of two count as equal, and the UID decides', () => {
  const [a, b] = [pod('a', { readySeconds: 1900 }), pod('b', { readySeconds: 1200 })];
  assert.equal(inDeletionOrder([b, a], [], nowMs)[0]?.metadata.name, 'a');
});
