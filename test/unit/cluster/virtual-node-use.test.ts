import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import { FreeRoom } from '../../../src/cluster/free-room.ts';
import { NodeLeases } from '../../../src/cluster/node-leases.ts';
import { virtualPoolIn } from '../../../src/cluster/pools.ts';
import type { RawNode } from '../../../src/cluster/raw.ts';
import type { SlimNode } from '../../../src/cluster/slim.ts';
import { slimNode } from '../../../src/cluster/slim-node.ts';
import { isSuspect, useOf } from '../../../src/cluster/virtual-node-use.ts';
import { defaultVirtualPools } from '../../../src/cluster/virtual-nodes.ts';
import { json, refusal, scriptedServer } from './api-server.ts';
import { at, interner, type NodeGiven, pod, rawNode, spec, startMs } from './given.ts';

const nowMs = startMs + 3_600_000;

/** A node of the pool `virtual-kubelet`; `beatAt`: seconds after the start of its last heartbeat. */
function virtual(name: string, given: NodeGiven & { readonly beatAt?: number } = {}): SlimNode {
  const raw = rawNode(name, { labels: { type: 'virtual-kubelet' }, pods: '200', ...given });
  const [ready = {}] = raw.status?.conditions ?? [];
  const lastHeartbeatTime = given.beatAt === undefined ? null : at(given.beatAt);
  const status = { ...raw.status, conditions: [{ ...ready, lastHeartbeatTime }] };
  const object: RawNode = { ...raw, status };
  return slimNode(object, interner);
}

describe('whether a virtual node can be used', () => {
  test('it is Ready, not cordoned, and somebody renews it', () => {
    assert.equal(useOf(virtual('v', { beatAt: 3590 }), undefined, nowMs), 'usable');
    assert.equal(useOf(virtual('v', { beatAt: 3590, cordoned: true }), undefined, nowMs), 'cordoned');
    assert.equal(useOf(virtual('v', { beatAt: 3590, ready: false }), undefined, nowMs), 'notReady');
  });

  test('a node that still reads Ready five minutes after its last sign of life is a ghost', () => {
    assert.equal(useOf(virtual('v', { beatAt: 3301 }), undefined, nowMs), 'usable');
    assert.equal(useOf(virtual('v', { beatAt: 3299 }), undefined, nowMs), 'ghost');
    assert.equal(useOf(virtual('v', { beatAt: 3299, cordoned: true }), undefined, nowMs), 'ghost');
  });

  test('a Lease that is renewed is a sign of life, and one that is not is none', () => {
    const quiet = virtual('v', { beatAt: 3000 });
    assert.equal(useOf(quiet, nowMs - 10_000, nowMs), 'usable');
    assert.equal(useOf(quiet, nowMs - 400_000, nowMs), 'ghost');
  });

  test('a node that tells neither is not judged', () => {
    assert.equal(useOf(virtual('v'), undefined, nowMs), 'usable');
  });

  test('its Lease is worth reading once its heartbeat is two minutes old', () => {
    assert.equal(isSuspect(virtual('v', { beatAt: 3500 }), nowMs), false);
    assert.equal(isSuspect(virtual('v', { beatAt: 3400 }), nowMs), true);
    assert.equal(isSuspect(virtual('v', { beatAt: 3400, ready: false }), nowMs), false);
    assert.equal(isSuspect(virtual('v'), nowMs), false);
  });
});

describe('several virtual nodes', () => {
  const room = new FreeRoom({ isVirtual: () => true, now: () => nowMs });
  const nodes = [
    virtual('good', { beatAt: 3590 }),
    virtual('also-good', { beatAt: 3590, pods: '50' }),
    virtual('cordoned', { beatAt: 3590, cordoned: true }),
    virtual('lost', { beatAt: 0, ready: false }),
    virtual('ghost', { beatAt: 0 }),
  ];
  for (const object of nodes) room.take({ kind: 'nodes', type: 'added', object, previous: undefined });
  const onNode = (nodeName: string) => {
    const object = pod(`on-${nodeName}`, { spec: spec('1', { nodeName }) });
    room.take({ kind: 'pods', type: 'added', object, previous: undefined });
    return object;
  };
  const burst = ['good', 'good', 'also-good', 'cordoned', 'ghost', 'deleted'].map((name, index) => ({
    ...onNode(name),
    uid: String(index),
  }));
  const seen = virtualPoolIn({
    room,
    pools: defaultVirtualPools,
    useOf: (node) => useOf(node, undefined, nowMs),
    burst: [...burst, pod('waiting', { phase: 'Pending' })],
  });

  test('each is counted once, and slots are summed over those that can be used', () => {
    assert.deepEqual(seen?.observation, {
      name: 'virtual-kubelet',
      nodes: 5,
      readyNodes: 2,
      cordoned: 1,
      notReady: 1,
      ghosts: 1,
      burstOnUnusable: 3,
      freePods: 247,
    });
  });

  test('without any node the pool is the first, and has nothing', () => {
    const empty = new FreeRoom({ isVirtual: () => true, now: () => nowMs });
    const none = virtualPoolIn({ room: empty, pools: defaultVirtualPools, useOf: () => 'usable', burst });
    assert.deepEqual(
      [none?.observation.name, none?.observation.nodes, none?.observation.burstOnUnusable],
      ['aks-v2', 0, 6],
    );
  });
});

test('Leases are read of suspect nodes only; what cannot be reached keeps its last reading', async () => {
  const asked: string[] = [];
  let down = false;
  const server = await scriptedServer(({ path }, response) => {
    asked.push(path);
    if (down) return json(response, refusal(500, 'InternalError'), 500);
    if (path.endsWith('/gone')) return json(response, refusal(404, 'NotFound'), 404);
    json(response, { spec: { renewTime: at(5) } });
  });
  let suspects = ['quiet', 'gone'];
  const leases = new NodeLeases({ client: server.client, clock: systemClock, suspects: () => suspects });
  const { signal } = new AbortController();
  try {
    await leases.read(signal);
    assert.deepEqual(asked, [
      '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/quiet',
      '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/gone',
    ]);
    assert.deepEqual([leases.renewedAtMs('quiet'), leases.renewedAtMs('gone')], [startMs + 5000, undefined]);
    down = true;
    await leases.read(signal);
    assert.equal(leases.renewedAtMs('quiet'), startMs + 5000);
    suspects = [];
    await leases.read(signal);
    assert.equal(leases.renewedAtMs('quiet'), undefined);
  } finally {
    await server.close();
  }
});
