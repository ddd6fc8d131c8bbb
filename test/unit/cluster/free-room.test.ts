import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FreeRoom } from '../../../src/cluster/free-room.ts';
import type { RawPodSpec, RawWorkload } from '../../../src/cluster/raw.ts';
import { slimDaemonSet } from '../../../src/cluster/slimming.ts';
import { Store } from '../../../src/cluster/store.ts';
import { isVirtual } from '../../../src/cluster/virtual-nodes.ts';
import { headroom } from '../../../src/decide/fit.ts';
import type { PodShape, RoomGroup } from '../../../src/decide/observation.ts';
import {
  at,
  interner,
  meta,
  type NodeGiven,
  node,
  owner,
  type PodGiven,
  pod,
  spec,
  startMs,
} from './given.ts';

/** A store with the index behind it; `clock.nowMs` is the time. */
class World {
  readonly store = new Store();
  readonly clock = { nowMs: startMs };
  readonly room = new FreeRoom({
    isVirtual: (each) => isVirtual(each, []),
    now: () => this.clock.nowMs,
  });

  constructor() {
    this.store.onChange((change) => this.room.take(change));
  }

  node(name: string, given?: NodeGiven): void {
    const object = node(name, given);
    this.store.nodes.take({ type: 'modified', object, resourceVersion: object.resourceVersion });
  }

  pod(name: string, given?: PodGiven): void {
    const object = pod(name, given);
    this.store.pods.take({ type: 'modified', object, resourceVersion: object.resourceVersion });
  }

  delete(table: 'pods' | 'nodes', key: string): void {
    const pods = this.store.pods.get(key);
    const nodes = this.store.nodes.get(key);
    if (table === 'pods' && pods !== undefined) {
      this.store.pods.take({ type: 'deleted', object: pods, resourceVersion: pods.resourceVersion });
    } else if (nodes !== undefined) {
      this.store.nodes.take({ type: 'deleted', object: nodes, resourceVersion: nodes.resourceVersion });
    }
  }

  daemonSet(name: string, podSpec: RawPodSpec): void {
    const raw: RawWorkload = { metadata: meta(name), spec: { template: { spec: podSpec } } };
    const object = slimDaemonSet(raw, interner);
    this.store.daemonsets.take({ type: 'added', object, resourceVersion: object.resourceVersion });
  }

  /** How many pods of this shape fit, by the real fit. */
  fits(shape: PodShape, mates?: ReadonlyMap<string, number>): number {
    const groups = this.room.groups(shape, mates);
    return headroom(
      shape,
      { matchingNodes: 1, groups, lastJoinedAtMs: undefined, growth: 'Unknown', growthReason: undefined },
      [],
    );
  }
}

const shaped = (podSpec: RawPodSpec): PodShape => pod('shape', { spec: podSpec }).shape;
const oneCpu = shaped(spec('1'));
const on = (nodeName: string, cpu: string, more: RawPodSpec = {}): RawPodSpec =>
  spec(cpu, { nodeName, ...more });

test('room is what is allocatable less what bound pods that are not over ask for', () => {
  const world = new World();
  world.node('n1');
  assert.equal(world.fits(oneCpu), 4);
  world.pod('a', { spec: on('n1', '1500m') });
  assert.equal(world.fits(oneCpu), 2);
  world.pod('b', { spec: on('n1', '2'), phase: 'Succeeded' });
  assert.equal(world.fits(oneCpu), 2);
  world.delete('pods', 'media/a');
  assert.equal(world.fits(oneCpu), 4);
});

test('pod slots bound the room', () => {
  const world = new World();
  world.node('n1', { pods: '2' });
  world.pod('a', { spec: on('n1', '100m') });
  assert.equal(world.fits(oneCpu), 1);
});

test('nodes alike make one group', () => {
  const world = new World();
  for (let index = 0; index < 50; index += 1) world.node(`n${index}`);
  assert.deepEqual(
    world.room.groups(oneCpu).map(({ nodes }) => nodes),
    [50],
  );
  world.pod('a', { spec: on('n7', '1') });
  assert.deepEqual(new Set(world.room.groups(oneCpu).map(({ nodes }) => nodes)), new Set([1, 49]));
});

test('virtual, cordoned and NotReady nodes give no room; the latter two still match', () => {
  const world = new World();
  world.node('v', { labels: { type: 'virtual-kubelet' }, cpu: '10k' });
  world.node('cordoned', { cordoned: true });
  world.node('down', { ready: false });
  assert.equal(world.fits(oneCpu), 0);
  assert.equal(world.room.matchingNodes(oneCpu), 2);
  assert.ok(world.room.isVirtual('v'));
});

test('room of lower-priority pods is free for a pod that preempts, and only for that', () => {
  const world = new World();
  world.node('n1');
  world.pod('low', { spec: on('n1', '3', { priority: -10 }) });
  world.pod('same', { spec: on('n1', '1') });
  assert.equal(world.fits(oneCpu), 3);
  assert.equal(world.fits(shaped(spec('1', { preemptionPolicy: 'Never' }))), 0);
});

test('a pod that ends within a minute leaves its room free, one that overstays it does not', () => {
  const world = new World();
  world.node('n1');
  world.pod('leaving', { spec: on('n1', '4'), meta: { deletionTimestamp: at(100) } });
  assert.equal(world.fits(oneCpu), 0);
  world.clock.nowMs = startMs + 40_000;
  assert.equal(world.fits(oneCpu), 4);
  world.clock.nowMs = startMs + 161_000;
  assert.equal(world.fits(oneCpu), 0);
});

test('a young node owes room to DaemonSets that are not there yet', () => {
  const world = new World();
  world.daemonSet('agent', spec('1'));
  world.daemonSet('elsewhere', spec('1', { nodeSelector: { pool: 'other' } }));
  world.node('n1', { readyAt: -10 });
  assert.equal(world.fits(oneCpu), 3);
  world.pod('agent-1', { spec: on('n1', '1'), meta: owner('uid-agent', 'DaemonSet') });
  assert.equal(world.fits(oneCpu), 3);
  world.delete('pods', 'media/agent-1');
  world.clock.nowMs = startMs + 51_000;
  assert.equal(world.fits(oneCpu), 4);
});

test('a pod that names a node is fitted on that node alone', () => {
  const world = new World();
  for (const name of ['n1', 'n2', 'n3']) world.node(name);
  assert.equal(world.fits(shaped(spec('1', { nodeSelector: { 'kubernetes.io/hostname': 'n2' } }))), 4);
  const byField = shaped(
    spec('1', {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
          },
        },
      },
    }),
  );
  assert.equal(world.fits(byField), 4);
  assert.equal(world.room.matchingNodes(byField), 1);
});

test('host ports and mates tell nodes apart', () => {
  const world = new World();
  for (const name of ['n1', 'n2', 'n3']) world.node(name);
  const withPort = spec('1', { containers: [{ ports: [{ hostPort: 80 }] }] });
  world.pod('web', { spec: { ...withPort, nodeName: 'n1' } });
  assert.equal(world.fits(shaped(withPort)), 2);
  const alone = shaped(
    spec('1', {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'kubernetes.io/hostname', labelSelector: {} },
          ],
        },
      },
    }),
  );
  assert.equal(world.fits(alone, new Map([['n2', 1]])), 2);
});

test('a node joins when it becomes Ready after the start', () => {
  const world = new World();
  world.node('n1');
  assert.equal(world.room.lastJoinedAtMs(oneCpu), undefined);
  world.room.goLive();
  world.node('n2', { ready: false });
  assert.equal(world.room.lastJoinedAtMs(oneCpu), undefined);
  world.clock.nowMs = startMs + 5000;
  world.node('n2');
  assert.equal(world.room.lastJoinedAtMs(oneCpu), startMs + 5000);
});

test('pods on a node that is NotReady for more than 40 s are not carried', () => {
  const world = new World();
  world.node('n1', { ready: false, readyAt: -40 });
  assert.ok(world.room.carries('n1'));
  world.clock.nowMs += 1;
  assert.ok(!world.room.carries('n1'));
  assert.ok(!world.room.carries('unknown'));
});

/** Groups in a form that does not depend on the order in which they were found, equal ones put together. */
function canonical(groups: readonly RoomGroup[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { nodes, ...rest } of groups) {
    const key = JSON.stringify(rest);
    counts[key] = (counts[key] ?? 0) + nodes;
  }
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const shapes = [oneCpu, shaped(spec('1', { priority: 5, nodeSelector: { pool: 'a' } }))];
const mates = new Map([['n2', 2]]);

/** The index of the world answers as one that hears of everything for the first time now. */
function assertFresh(world: World): void {
  const fresh = new FreeRoom({ isVirtual: (one) => isVirtual(one, []), now: () => world.clock.nowMs });
  for (const object of world.store.daemonsets.values()) {
    fresh.take({ kind: 'daemonsets', type: 'added', object, previous: undefined });
  }
  for (const object of world.store.pods.values()) {
    fresh.take({ kind: 'pods', type: 'added', object, previous: undefined });
  }
  for (const object of world.store.nodes.values()) {
    fresh.take({ kind: 'nodes', type: 'added', object, previous: undefined });
  }
  for (const shape of shapes) {
    assert.deepEqual(canonical(world.room.groups(shape, mates)), canonical(fresh.groups(shape, mates)));
    assert.equal(world.room.matchingNodes(shape), fresh.matchingNodes(shape));
  }
  assert.deepEqual(names(world.room), names(fresh));
}

function names(room: FreeRoom): readonly string[] {
  return room
    .virtualNodes()
    .map(({ name }) => name)
    .sort();
}

test('after any events in any order, the index equals one that is built from scratch', () => {
  const nodeName = fc.constantFrom('n1', 'n2', 'n3', 'n4');
  const podName = fc.integer({ min: 0, max: 11 }).map((index) => `p${index}`);
  const event = fc.oneof(
    fc.record({
      do: fc.constant('node' as const),
      name: nodeName,
      ready: fc.constantFrom(true, true, false),
      cordoned: fc.constantFrom(false, false, true),
      readyAt: fc.constantFrom(-3600, -20, 0),
      pool: fc.constantFrom('a', 'b'),
      virtual: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
    }),
    fc.record({
      do: fc.constant('pod' as const),
      name: podName,
      node: fc.option(nodeName, { nil: undefined }),
      cpu: fc.constantFrom('250m', '1', '2'),
      priority: fc.constantFrom(-5, 0, 5),
      phase: fc.constantFrom('Running', 'Running', 'Pending', 'Succeeded'),
      endsAt: fc.constantFrom(undefined, undefined, 10, 100),
      daemon: fc.boolean(),
    }),
    fc.record({ do: fc.constant('delete' as const), name: fc.oneof(podName, nodeName) }),
    fc.record({ do: fc.constant('daemonset' as const), name: fc.constantFrom('d1', 'd2') }),
    fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 70 }) }),
    { arbitrary: fc.record({ do: fc.constant('ask' as const) }), weight: 3 },
  );
  fc.assert(
    fc.property(fc.array(event, { minLength: 20, maxLength: 80, size: 'max' }), (events) => {
      const world = new World();
      // Short lists of events would hardly ever put a pod on a node.
      for (const name of ['n1', 'n2', 'n3', 'n4']) world.node(name, { labels: { pool: 'a' } });
      for (const each of events) {
        if (each.do === 'node') {
          const labels = { pool: each.pool, ...(each.virtual ? { type: 'virtual-kubelet' } : {}) };
          world.node(each.name, { ...each, labels });
        } else if (each.do === 'pod') {
          const ends = each.endsAt === undefined ? {} : { deletionTimestamp: at(each.endsAt) };
          const where = each.node === undefined ? {} : { nodeName: each.node };
          world.pod(each.name, {
            spec: spec(each.cpu, { ...where, priority: each.priority }),
            phase: each.phase,
            meta: { ...ends, ...(each.daemon ? owner('uid-d1', 'DaemonSet') : {}) },
          });
        } else if (each.do === 'delete') {
          world.delete(
            each.name.startsWith('n') ? 'nodes' : 'pods',
            each.name.startsWith('n') ? each.name : `media/${each.name}`,
          );
        } else if (each.do === 'daemonset') world.daemonSet(each.name, spec('500m'));
        else if (each.do === 'wait') world.clock.nowMs += each.seconds * 1000;
        else assertFresh(world);
      }
      assertFresh(world);
    }),
    { numRuns: 200 },
  );
});
