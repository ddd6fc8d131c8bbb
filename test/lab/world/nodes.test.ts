import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { constant, uniform } from '../../../src/lab/world/distribution.ts';
import { bound, deployment, pods, pool, ready, run, world } from './given.ts';

describe('a VM node', () => {
  test('pulls an image once, however many pods wait for it', () => {
    const cluster = world({
      pools: [pool({ nodes: 1 })],
      kubelet: { startMs: constant(1000), pullMs: constant(10_000) },
      objects: [deployment(2)],
    });
    run(cluster, 10.5);
    assert.equal(ready(cluster).length, 0);
    assert.equal(pods(cluster)[0]?.status.containerStatuses?.[0]?.state['waiting'] !== undefined, true);
    run(cluster, 1);
    assert.equal(ready(cluster).length, 2);
    cluster.objects.create('deployments', deployment(1, { name: 'more' }).object);
    run(cluster, 1.2);
    assert.equal(ready(cluster).length, 3);
  });

  test('that dies is NotReady after 40 s and loses its pods after five minutes more', () => {
    const cluster = world({ objects: [deployment(2)] });
    run(cluster, 5);
    const lost = bound(cluster).find(({ spec }) => spec.nodeName === 'vm-0');
    cluster.vmNodes.setAlive('vm-0', false);
    run(cluster, 39);
    assert.equal(ready(cluster).length, 2);
    run(cluster, 2);
    assert.equal(ready(cluster).length, 1);
    const node = cluster.objects.get('nodes', 'vm-0');
    assert.deepEqual(
      node?.spec.taints?.map(({ key, effect }) => [key, effect]),
      [
        ['node.kubernetes.io/unreachable', 'NoSchedule'],
        ['node.kubernetes.io/unreachable', 'NoExecute'],
      ],
    );
    run(cluster, 295);
    assert.equal(bound(cluster).length, 2);
    run(cluster, 10);
    assert.equal(ready(cluster).length, 2, 'the replacement runs elsewhere');
    assert.ok(cluster.objects.get('pods', `media/${lost?.metadata.name ?? ''}`) !== undefined);
    cluster.vmNodes.setAlive('vm-0', true);
    run(cluster, 5);
    assert.equal(pods(cluster).length, 2);
    assert.equal(cluster.objects.get('nodes', 'vm-0')?.spec.taints?.length, 0);
  });

  test('that is back in time starts its pods again', () => {
    const cluster = world({ pools: [pool({ nodes: 1 })], objects: [deployment(2)] });
    run(cluster, 5);
    cluster.vmNodes.setAlive('vm-0', false);
    run(cluster, 60);
    cluster.vmNodes.setAlive('vm-0', true);
    run(cluster, 5);
    assert.equal(ready(cluster).length, 2);
    run(cluster, 600);
    assert.equal(pods(cluster).length, 2);
  });

  test('that is gone for good takes its pods with it', () => {
    const cluster = world({ pools: [pool({ nodes: 2 })], objects: [deployment(4)] });
    run(cluster, 5);
    cluster.vmNodes.remove('vm-1');
    assert.equal(cluster.vmNodes.count, 1);
    run(cluster, 45);
    assert.deepEqual(new Set(bound(cluster).map(({ spec }) => spec.nodeName)), new Set(['vm-0']));
    assert.equal(pods(cluster).length, 4);
  });
});

describe('the cluster autoscaler', () => {
  const growing = { scanMs: 10_000, unneededMs: 120_000, delayAfterAddMs: 60_000 };
  const nodeCount = (cluster: ReturnType<typeof world>): number => cluster.objects.list('nodes').length;
  const statusOf = (cluster: ReturnType<typeof world>): string =>
    cluster.objects.get('configmaps', 'kube-system/cluster-autoscaler-status')?.data?.['status'] ?? '';

  test('orders as many VMs as the stuck pods need, once, and they boot', () => {
    const cluster = world({
      pools: [pool({ nodes: 1, maxNodes: 10 })],
      autoscaler: growing,
      objects: [deployment(13)],
    });
    run(cluster, 15);
    assert.deepEqual([nodeCount(cluster), cluster.vmNodes.count], [1, 4]);
    assert.match(statusOf(cluster), /status: InProgress/);
    run(cluster, 30);
    assert.equal(cluster.vmNodes.count, 4);
    run(cluster, 30);
    assert.deepEqual([nodeCount(cluster), bound(cluster).length], [4, 13]);
    assert.match(statusOf(cluster), /cloudProviderTarget: 4\n {4}minSize: 1\n {4}maxSize: 10/);
  });

  test('stops at the size of the pool', () => {
    const cluster = world({
      pools: [pool({ nodes: 1, maxNodes: 3 })],
      autoscaler: growing,
      objects: [deployment(40)],
    });
    run(cluster, 300);
    assert.deepEqual([nodeCount(cluster), bound(cluster).length], [3, 12]);
  });

  test('orders nothing for pods that fit on a virtual node that they tolerate', () => {
    const tolerations = [{ key: 'virtual-kubelet.io/provider', operator: 'Exists' }];
    const cluster = world({
      pools: [pool({ nodes: 1, maxNodes: 9 })],
      virtualNodes: [{}],
      autoscaler: growing,
      objects: [deployment(20)],
    });
    run(cluster, 1);
    for (const pod of pods(cluster).filter(({ spec }) => spec.nodeName === undefined)) {
      const all = [...(pod.spec.tolerations ?? []), ...tolerations];
      cluster.objects.update('pods', { ...pod, spec: { ...pod.spec, tolerations: all } });
    }
    run(cluster, 30);
    assert.deepEqual([cluster.vmNodes.count, bound(cluster).length], [1, 20]);
  });

  test('backs off from a pool whose cloud refuses, and tries again later', () => {
    const cluster = world({
      pools: [pool({ nodes: 1, maxNodes: 9 })],
      autoscaler: { ...growing, vmQuota: 2 },
      objects: [deployment(20)],
    });
    run(cluster, 15);
    assert.equal(cluster.vmNodes.count, 2);
    assert.match(statusOf(cluster), /status: Backoff\n {4}backoffInfo:\n {6}errorCode: "QUOTA_EXCEEDED"/);
    run(cluster, 200);
    assert.equal(nodeCount(cluster), 2);
  });

  test('gives up a VM that does not come', () => {
    const cluster = world({
      pools: [pool({ nodes: 1, maxNodes: 2, bootMs: constant(3_600_000) })],
      autoscaler: { ...growing, provisionMs: 60_000 },
      objects: [deployment(6)],
    });
    run(cluster, 60);
    assert.equal(cluster.vmNodes.count, 2);
    run(cluster, 30);
    assert.equal(cluster.vmNodes.count, 1);
    assert.match(statusOf(cluster), /status: Backoff/);
    run(cluster, 310);
    assert.equal(cluster.vmNodes.count, 2, 'the backoff of five minutes is over');
  });

  test('lets nodes go that stay empty, down to the least size', () => {
    const cluster = world({
      pools: [pool({ nodes: 4, minNodes: 2 })],
      autoscaler: growing,
      objects: [deployment(1)],
    });
    run(cluster, 100);
    assert.equal(nodeCount(cluster), 4);
    run(cluster, 60);
    assert.equal(nodeCount(cluster), 2);
    assert.equal(ready(cluster).length, 1);
  });

  test('boots VMs at their own pace', () => {
    const cluster = world({
      pools: [pool({ nodes: 1, maxNodes: 10, bootMs: uniform(60_000, 120_000) })],
      autoscaler: growing,
      objects: [deployment(40)],
    });
    run(cluster, 69);
    assert.equal(nodeCount(cluster), 1);
    run(cluster, 30);
    assert.ok(nodeCount(cluster) > 1 && nodeCount(cluster) < 10);
    run(cluster, 40);
    assert.equal(nodeCount(cluster), 10);
  });
});
