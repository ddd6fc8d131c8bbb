import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { constant } from '../../../src/lab/world/distribution.ts';
import type { VirtualNode, VirtualNodeSettings, World } from '../../../src/lab/world/types.ts';
import { deployment, onVirtualNode, pods, ready, run, scale, world } from './given.ts';

function burst(replicas: number, settings: Partial<VirtualNodeSettings> = {}): [World, VirtualNode] {
  const cluster = world({
    virtualNodes: [{ settings: { startMs: constant(20_000), ...settings } }],
    objects: [deployment(replicas, { pod: onVirtualNode })],
  });
  const node = cluster.virtualNodes.get('virtual-node-aci-linux');
  assert.ok(node !== undefined);
  return [cluster, node];
}

describe('the virtual node', () => {
  test('looks like that of the AKS add-on', () => {
    const [{ objects }] = burst(0);
    const node = objects.get('nodes', 'virtual-node-aci-linux');
    assert.equal(node?.metadata.labels?.['type'], 'virtual-kubelet');
    assert.deepEqual(node?.spec, {
      taints: [{ key: 'virtual-kubelet.io/provider', value: 'azure', effect: 'NoSchedule' }],
    });
    assert.deepEqual(node?.status.allocatable, { cpu: '10k', memory: '4Ti', pods: '5000' });
  });

  test('starts pods after the time that its provider takes', () => {
    const [cluster, node] = burst(3);
    run(cluster, 19);
    assert.deepEqual([ready(cluster).length, node.usedCores], [0, 3]);
    assert.deepEqual(
      node.groups().map(({ state }) => state),
      ['Creating', 'Creating', 'Creating'],
    );
    run(cluster, 2);
    assert.equal(ready(cluster).length, 3);
    assert.ok(node.groups().every(({ state }) => state === 'Running'));
  });

  test('fails what goes beyond its quota, and ProviderFailed sticks when room comes', () => {
    const [cluster, node] = burst(5, { quotaCores: 3 });
    run(cluster, 30);
    const failed = pods(cluster).filter(({ status }) => status.reason === 'ProviderFailed');
    assert.deepEqual([ready(cluster).length, failed.length], [3, 2]);
    assert.match(failed[0]?.status.message ?? '', /quota 'StandardCores' exceeded.* Limit: '3', Usage: '3'/);
    assert.equal(failed[0]?.status.phase, 'Pending');
    node.change({ quotaCores: 10 });
    run(cluster, 600);
    assert.deepEqual([ready(cluster).length, node.usedCores], [3, 5], 'they cost, and stay Pending');
    for (const { metadata } of failed) cluster.objects.delete('pods', `media/${metadata.name}`);
    run(cluster, 60);
    assert.deepEqual([ready(cluster).length, node.usedCores], [5, 5]);
  });

  test('fails every create with the error that it was given', () => {
    const [cluster, node] = burst(2, { createError: 'not available in the location' });
    run(cluster, 30);
    assert.ok(pods(cluster).every(({ status }) => status.message === 'not available in the location'));
    assert.equal(node.groups().length, 0);
  });

  test('creates no faster than its provider allows', () => {
    const [cluster] = burst(12, { createsPer5Minutes: 5, createsPerHour: 11 });
    const started = (): number => ready(cluster).length;
    const counts = [60, 300, 300, 600, 2400].map((seconds) => {
      run(cluster, seconds);
      return started();
    });
    assert.deepEqual(counts, [5, 10, 11, 11, 12]);
  });

  test('leaves pods stuck in creation, and starts them when it is well again', () => {
    const [cluster, node] = burst(2, { stuckCreating: true });
    run(cluster, 600);
    assert.deepEqual([ready(cluster).length, node.groups().length], [0, 2]);
    node.change({ stuckCreating: false });
    run(cluster, 30);
    assert.equal(ready(cluster).length, 2);
  });

  test('kills a deleted pod at once and keeps its object until the grace period is over', () => {
    const [cluster, node] = burst(1);
    run(cluster, 30);
    scale(cluster, 0);
    run(cluster, 1);
    assert.deepEqual([node.groups().length, pods(cluster).length, ready(cluster).length], [0, 1, 0]);
    run(cluster, 28);
    assert.equal(pods(cluster).length, 1);
    run(cluster, 2);
    assert.equal(pods(cluster).length, 0);
  });

  test('can let both go at once', () => {
    const [cluster] = burst(1, { deletion: 'remove' });
    run(cluster, 30);
    scale(cluster, 0);
    run(cluster, 1);
    assert.equal(pods(cluster).length, 0);
  });

  test('loses groups and ends them when told to', () => {
    const [cluster, node] = burst(2);
    run(cluster, 30);
    assert.equal(node.vanish(), 2);
    assert.ok(pods(cluster).some(({ status }) => status.phase === 'Failed' && status.reason === 'NotFound'));
    run(cluster, 30);
    assert.equal(ready(cluster).length, 2, 'the ReplicaSet replaces them');
    assert.equal(node.complete({ namespace: 'media' }), 2);
    assert.equal(pods(cluster).filter(({ status }) => status.phase === 'Succeeded').length, 2);
  });

  test('that is not Ready loses its pods after five minutes, and keeps them if it comes back before', () => {
    const [cluster, node] = burst(1);
    run(cluster, 30);
    node.change({ ready: false });
    run(cluster, 200);
    assert.equal(ready(cluster).length, 0);
    node.change({ ready: true });
    run(cluster, 1);
    assert.equal(ready(cluster).length, 1);
    const [kept] = pods(cluster);
    node.change({ ready: false });
    run(cluster, 340);
    assert.ok(!pods(cluster).some(({ metadata }) => metadata.uid === kept?.metadata.uid));
  });
});
