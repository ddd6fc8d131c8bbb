import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { admits } from '../../../src/decide/admits.ts';
import { headroom } from '../../../src/decide/fit.ts';
import type { PodShape, RoomClaim, RoomGroup } from '../../../src/decide/observation.ts';
import { nodes, observation, oneCpu } from './given.ts';

const pool = (...groups: RoomGroup[]) => observation({ vmPool: { groups } }).vmPool;
const shape = (more: Partial<PodShape>): PodShape => ({ ...oneCpu, ...more });
const inZone = (zone: string) => ({
  nodeClass: { labels: { 'topology.kubernetes.io/zone': zone }, taints: [] },
});

describe('headroom', () => {
  test('is what fits node by node, not what the sum would hold', () => {
    assert.equal(headroom(oneCpu, pool(nodes(3, 4)), []), 12);
    assert.equal(headroom(oneCpu, pool(nodes(10, 0.9)), []), 0);
  });

  test('is bounded by the scarcest resource of each node', () => {
    const hungry = shape({ requests: { ...oneCpu.requests, memoryBytes: 3e9 } });
    const group = nodes(2, 8);
    const tight = { ...group, free: { ...group.free, memoryBytes: 7e9 } };
    assert.equal(headroom(hungry, pool(tight), []), 4);
    const gpu = shape({ requests: { ...oneCpu.requests, extended: { 'nvidia.com/gpu': 1 } } });
    assert.equal(headroom(gpu, pool(group), []), 0);
    const one = { ...group, free: { ...group.free, extended: { 'nvidia.com/gpu': 1 } } };
    assert.equal(headroom(gpu, pool(one), []), 2);
  });

  test('is bounded by pod slots where nothing is requested', () => {
    const free = shape({ requests: { ...oneCpu.requests, cpuMillicores: 0 } });
    assert.equal(headroom(free, pool(nodes(2, 4, { freePods: 7 })), []), 14);
  });

  test('a node that is overcommitted has none, and takes nothing from the others', () => {
    assert.equal(headroom(oneCpu, pool(nodes(1, -3), nodes(1, 2)), []), 2);
  });

  test('host ports and anti-affinity by hostname leave one pod a node', () => {
    const port = shape({ hostPorts: ['TCP::8080'] });
    assert.equal(headroom(port, pool(nodes(3, 4), nodes(2, 4, { hostPortTaken: true })), []), 3);
    const lonely = shape({ exclusiveBy: ['kubernetes.io/hostname'] });
    assert.equal(headroom(lonely, pool(nodes(3, 4), nodes(2, 4, { mates: 1 })), []), 3);
  });

  test('anti-affinity by zone leaves one pod a zone', () => {
    const lonely = shape({ exclusiveBy: ['topology.kubernetes.io/zone'] });
    const groups = [
      nodes(2, 4, inZone('1')),
      nodes(1, 4, inZone('2')),
      nodes(1, 4, { ...inZone('3'), mates: 1 }),
    ];
    assert.equal(headroom(lonely, pool(...groups), []), 2);
  });

  test('hard spread over zones is held back by the fullest zone', () => {
    const spread = shape({ spread: [{ topologyKey: 'topology.kubernetes.io/zone', maxSkew: 1 }] });
    assert.equal(headroom(spread, pool(nodes(1, 10, inZone('1')), nodes(1, 2, inZone('2'))), []), 5);
    const uneven = [nodes(1, 10, inZone('1')), nodes(1, 0, { ...inZone('2'), mates: 3 })];
    assert.equal(headroom(spread, pool(...uneven), []), 4);
  });

  test('room claimed by others is not free, where their pods may go', () => {
    const claim = (pods: number, more: Partial<PodShape> = {}): RoomClaim => ({
      policy: 'media/other',
      shape: shape(more),
      pods,
    });
    assert.equal(headroom(oneCpu, pool(nodes(3, 4)), [claim(5)]), 7);
    assert.equal(headroom(oneCpu, pool(nodes(3, 4)), [claim(50)]), 0);
    assert.equal(headroom(oneCpu, pool(nodes(3, 4)), [claim(5, { nodeSelector: { pool: 'gpu' } })]), 12);
  });

  test('is never negative, never more than without claims, and grows with the pool', () => {
    const group = fc.record({
      nodes: fc.integer({ min: 1, max: 50 }),
      cores: fc.integer({ min: -2, max: 64 }),
    });
    fc.assert(
      fc.property(
        fc.array(group, { maxLength: 6 }),
        group,
        fc.nat(200),
        fc.nat(4),
        (groups, more, pods, spread) => {
          const asked = shape({
            spread: spread === 0 ? [] : [{ topologyKey: 'kubernetes.io/hostname', maxSkew: spread }],
          });
          const built = groups.map((one) => nodes(one.nodes, one.cores));
          const free = headroom(asked, pool(...built), []);
          const left = headroom(asked, pool(...built), [{ policy: 'a/b', shape: oneCpu, pods }]);
          assert.equal(left >= 0 && left <= free, true);
          if (spread === 0) {
            assert.equal(left >= free - pods, true);
            assert.equal(headroom(asked, pool(...built, nodes(more.nodes, more.cores)), []) >= free, true);
          }
        },
      ),
    );
  });
});

describe('admission to a node', () => {
  const linux = { labels: { 'kubernetes.io/os': 'linux', pool: 'batch', size: '16' }, taints: [] };
  const term = (
    key: string,
    operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt',
    values: string[],
  ) => [{ matchExpressions: [{ key, operator, values }], matchFields: [] }];

  test('asks for every label of the node selector', () => {
    assert.equal(admits(shape({ nodeSelector: { pool: 'batch' } }), linux), true);
    assert.equal(admits(shape({ nodeSelector: { pool: 'batch', zone: '1' } }), linux), false);
  });

  test('asks for one of the affinity terms', () => {
    const cases = [
      [term('pool', 'In', ['batch', 'web']), true],
      [term('pool', 'NotIn', ['batch']), false],
      [term('zone', 'NotIn', ['1']), true],
      [term('pool', 'Exists', []), true],
      [term('pool', 'DoesNotExist', []), false],
      [term('size', 'Gt', ['8']), true],
      [term('size', 'Lt', ['8']), false],
      [term('pool', 'Gt', ['8']), false],
      [[{ matchExpressions: [], matchFields: [] }], false],
      [[...term('zone', 'Exists', []), ...term('pool', 'Exists', [])], true],
    ] as const;
    for (const [nodeAffinity, expected] of cases) {
      assert.equal(admits(shape({ nodeAffinity }), linux), expected, JSON.stringify(nodeAffinity));
    }
  });

  test('asks for every taint to be tolerated, but for those that are only preferences', () => {
    const tainted = (effect: 'NoSchedule' | 'PreferNoSchedule') => ({
      labels: {},
      taints: [{ key: 'spot', value: 'true', effect }],
    });
    const tolerating = (toleration: Partial<PodShape['tolerations'][number]>) =>
      shape({
        tolerations: [{ key: 'spot', operator: 'Equal', value: undefined, effect: undefined, ...toleration }],
      });
    assert.equal(admits(oneCpu, tainted('NoSchedule')), false);
    assert.equal(admits(oneCpu, tainted('PreferNoSchedule')), true);
    assert.equal(admits(tolerating({ value: 'true' }), tainted('NoSchedule')), true);
    assert.equal(admits(tolerating({ value: 'false' }), tainted('NoSchedule')), false);
    assert.equal(admits(tolerating({ operator: 'Exists' }), tainted('NoSchedule')), true);
    assert.equal(
      admits(tolerating({ operator: 'Exists', effect: 'NoExecute' }), tainted('NoSchedule')),
      false,
    );
    assert.equal(admits(tolerating({ key: undefined, operator: 'Exists' }), tainted('NoSchedule')), true);
  });
});
