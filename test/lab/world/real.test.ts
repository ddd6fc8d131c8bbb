import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { growthOf, read } from '../../../src/cluster/autoscaler.ts';
import { Interner } from '../../../src/cluster/intern.ts';
import { slimNode } from '../../../src/cluster/slim-node.ts';
import { slimPod, slimReplicaSet, slimWorkload } from '../../../src/cluster/slimming.ts';
import { constant, uniform } from '../../../src/lab/world/distribution.ts';
import { withSpeed } from '../../../src/lab/world/scenario.ts';
import { deployment, onVirtualNode, pool, run, world } from './given.ts';

function busy() {
  const cluster = world({
    pools: [pool({ nodes: 1, maxNodes: 2 })],
    virtualNodes: [{}],
    autoscaler: {},
    objects: [deployment(6), deployment(1, { name: 'burst', pod: onVirtualNode })],
  });
  run(cluster, 45);
  return cluster;
}

describe('what the controller reads of the lab', () => {
  test('pods: owner, shape, phase, readiness, when they were bound and since when they are stuck', () => {
    const cluster = busy();
    const pods = cluster.objects.list('pods').map((pod) => slimPod(pod, new Interner()));
    const placed = pods.find(({ nodeName }) => nodeName === 'vm-0');
    assert.deepEqual(
      [placed?.phase, placed?.ready, placed?.shape.requests.cpuMillicores, placed?.stuckSinceMs],
      ['Running', true, 1000, undefined],
    );
    assert.equal(placed?.ownerUid, cluster.objects.list('replicasets')[1]?.metadata.uid);
    assert.ok((placed?.boundAtMs ?? 0) >= cluster.now() - 45_000);
    assert.equal(pods.filter(({ stuckSinceMs }) => stuckSinceMs !== undefined).length, 2);
    const burst = pods.find(({ nodeName }) => nodeName === 'virtual-node-aci-linux');
    assert.equal(burst?.phase, 'Running');
  });

  test('nodes: readiness, room and class', () => {
    const cluster = busy();
    const nodes = cluster.objects.list('nodes').map((node) => slimNode(node, new Interner()));
    assert.deepEqual(
      nodes.map(({ name, ready, cordoned, allocatablePods }) => [name, ready, cordoned, allocatablePods]),
      [
        ['virtual-node-aci-linux', true, false, 5000],
        ['vm-0', true, false, 110],
      ],
    );
    assert.equal(nodes[1]?.allocatable.cpuMillicores, 4000);
  });

  test('Deployments and ReplicaSets: generation, revision and status', () => {
    const { objects } = busy();
    const stored = objects.get('deployments', 'media/worker');
    assert.ok(stored !== undefined);
    const slim = slimWorkload('Deployment')(stored, new Interner());
    assert.deepEqual(slim.status, {
      observedGeneration: 1,
      replicas: 6,
      updatedReplicas: 6,
      readyReplicas: 4,
      availableReplicas: 4,
      currentRevision: undefined,
      updateRevision: undefined,
    });
    const [set] = objects.list('replicasets').map((each) => slimReplicaSet(each, new Interner()));
    assert.equal(set?.revision, '1');
  });

  test('the status of the autoscaler: it grows, then it cannot any more', () => {
    const cluster = busy();
    const growth = (): string => {
      const stored = cluster.objects.get('configmaps', 'kube-system/cluster-autoscaler-status');
      const lastUpdated = stored?.metadata.annotations?.['cluster-autoscaler.kubernetes.io/last-updated'];
      return growthOf(read({ status: stored?.data?.['status'] ?? '', lastUpdated }), cluster.now()).growth;
    };
    assert.equal(growth(), 'Growing');
    run(cluster, 60);
    assert.equal(growth(), 'CannotGrow');
  });
});

describe('time from outside', () => {
  test('a faster scenario boots, pulls and starts faster, and works no faster', () => {
    const scenario = withSpeed(
      {
        pools: [pool()],
        virtualNodes: [{ settings: { startMs: constant(20_000) } }],
        queues: [{ name: 'q', namespace: 'media', workers: {}, serviceMs: constant(3000) }],
      },
      10,
    );
    assert.deepEqual(scenario.pools[0]?.bootMs, constant(6000));
    assert.deepEqual(scenario.virtualNodes?.[0]?.settings?.startMs, constant(2000));
    assert.deepEqual(scenario.kubelet?.startMs, uniform(100, 300));
    assert.deepEqual(scenario.queues?.[0]?.serviceMs, constant(3000));
  });

  test('whoever drives the world hears that an event is due earlier than the one that was next', () => {
    const cluster = world();
    run(cluster, 10);
    let heard = 0;
    const stop = cluster.onEarlier(() => {
      heard += 1;
    });
    cluster.objects.create('deployments', deployment(1).object);
    assert.equal(heard > 0, true);
    assert.equal(cluster.nextEventAtMs, cluster.now() + 10);
    stop();
    const before = heard;
    cluster.schedule(cluster.now(), () => undefined);
    assert.equal(heard, before);
  });

  test('an event can be called off, and time never goes back', () => {
    const cluster = world();
    const ran: string[] = [];
    const at = cluster.now() + 1000;
    cluster.schedule(at, () => ran.push('first'));
    cluster.schedule(at, () => ran.push('second'));
    cluster.schedule(at, () => ran.push('never'))();
    run(cluster, 1);
    cluster.runUntil(at - 500);
    assert.deepEqual([ran, cluster.now()], [['first', 'second'], at]);
  });
});
