import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WaitingRoom } from '../../../src/lab/world/waiting-room.ts';
import { bound, deployment, onVirtualNode, pods, pool, run, unschedulable, world } from './given.ts';

const nodesOf = (cluster: ReturnType<typeof world>): readonly string[] =>
  bound(cluster)
    .map(({ spec }) => spec.nodeName ?? '')
    .sort((a, b) => a.localeCompare(b));

describe('the scheduler', () => {
  test('prefers the emptier node', () => {
    const cluster = world({ objects: [deployment(4)] });
    run(cluster, 5);
    assert.deepEqual(nodesOf(cluster), ['vm-0', 'vm-0', 'vm-1', 'vm-1']);
  });

  test('calls what does not fit Unschedulable, and says why', () => {
    const cluster = world({ objects: [deployment(10)], virtualNodes: [{}] });
    run(cluster, 5);
    const stuck = unschedulable(cluster);
    assert.equal(stuck.length, 2);
    assert.equal(
      stuck[0]?.status.conditions?.[0]?.message,
      '0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu.',
    );
  });

  test('lets a huge empty virtual node win for pods that tolerate it, and keeps others off', () => {
    const tolerant = { tolerations: onVirtualNode.tolerations };
    const cluster = world({ virtualNodes: [{}], objects: [deployment(3, { pod: tolerant })] });
    run(cluster, 5);
    assert.deepEqual(new Set(nodesOf(cluster)), new Set(['virtual-node-aci-linux']));
  });

  test('keeps pods apart that refuse each other by hostname', () => {
    const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'worker' } } };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    const cluster = world({ objects: [deployment(3, { pod: { affinity } })] });
    run(cluster, 5);
    assert.deepEqual(nodesOf(cluster), ['vm-0', 'vm-1']);
    assert.equal(unschedulable(cluster).length, 1);
  });

  test('takes required node affinity at its word', () => {
    const terms = [{ matchExpressions: [{ key: 'agentpool', operator: 'In', values: ['b'] }] }];
    const affinity = {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
    };
    const cluster = world({
      pools: [pool({ name: 'a' }), pool({ name: 'b', nodes: 1 })],
      objects: [deployment(2, { pod: { affinity } })],
    });
    run(cluster, 5);
    assert.deepEqual(nodesOf(cluster), ['b-0', 'b-0']);
  });

  test('comes to a soft taint last', () => {
    const taints = [{ key: 'spare', effect: 'PreferNoSchedule' }] as const;
    const cluster = world({
      pools: [pool({ name: 'a', nodes: 1 }), pool({ name: 'b', nodes: 1, taints })],
      objects: [deployment(5)],
    });
    run(cluster, 5);
    assert.deepEqual(nodesOf(cluster), ['a-0', 'a-0', 'a-0', 'a-0', 'b-0']);
  });

  test('backs off from 1 s doubled to 10 s before a helping change is used', () => {
    const waiting = new WaitingRoom();
    waiting.enter('media/a', 'uid', 0);
    const delays = [1, 2, 3, 4, 5, 6].map((attempt) => {
      const pod = waiting.take();
      assert.ok(pod !== undefined);
      const nowMs = attempt * 60_000;
      waiting.fail(pod, nowMs, 1000, 10_000);
      waiting.activate(pod);
      return pod.notBeforeMs - nowMs;
    });
    assert.deepEqual(delays, [1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  test('holds a pod that was let onto a node until its backoff is over', () => {
    const cluster = world({
      pools: [pool({ nodes: 1 })],
      virtualNodes: [{}],
      objects: [deployment(1, { cpu: '9' })],
    });
    run(cluster, 0.1);
    const [pod] = pods(cluster);
    assert.ok(pod !== undefined);
    const tolerations = [...(pod.spec.tolerations ?? []), ...onVirtualNode.tolerations];
    cluster.objects.update('pods', { ...pod, spec: { ...pod.spec, tolerations } });
    run(cluster, 0.8);
    assert.equal(bound(cluster).length, 0);
    run(cluster, 0.3);
    assert.equal(bound(cluster).length, 1);
  });

  test('takes room from lower priority, as little as it can', () => {
    const cluster = world({
      pools: [pool({ nodes: 2 })],
      objects: [deployment(8, { name: 'low' })],
    });
    run(cluster, 5);
    const gone = new Set<string>();
    cluster.objects.onChange(
      ({ type, key }) => type === 'DELETED' && key.startsWith('media/low') && gone.add(key),
    );
    const { object } = deployment(1, { name: 'high', cpu: '2', pod: { priority: 100 } });
    cluster.objects.create('deployments', object);
    run(cluster, 60);
    assert.equal(gone.size, 2);
    const high = bound(cluster).filter(({ metadata }) => metadata.labels?.['app'] === 'high');
    assert.equal(high.length, 1);
    assert.equal(bound(cluster).length, 7);
    assert.equal(unschedulable(cluster).length, 2);
  });

  test('takes no room where the pod may not preempt', () => {
    const cluster = world({ objects: [deployment(8, { name: 'low' })] });
    run(cluster, 5);
    const polite = { priority: 100, preemptionPolicy: 'Never' };
    cluster.objects.create('deployments', deployment(1, { name: 'high', pod: polite }).object);
    run(cluster, 30);
    assert.deepEqual(
      unschedulable(cluster).map(({ metadata }) => metadata.labels?.['app']),
      ['high'],
    );
  });

  test('puts no more pods onto a node than it takes', () => {
    const cluster = world({ pools: [pool({ pods: 3 })], objects: [deployment(10, { cpu: '100m' })] });
    run(cluster, 5);
    assert.equal(bound(cluster).length, 6);
    assert.match(unschedulable(cluster)[0]?.status.conditions?.[0]?.message ?? '', /2 Too many pods/);
  });

  test('places stuck pods when a node joins', () => {
    const cluster = world({ objects: [deployment(9)] });
    run(cluster, 5);
    assert.equal(bound(cluster).length, 8);
    cluster.vmNodes.add('vm');
    run(cluster, 2);
    assert.equal(bound(cluster).length, 9);
  });
});
