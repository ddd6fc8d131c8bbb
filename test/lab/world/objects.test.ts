import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ObjectError, type ObjectErrorReason } from '../../../src/lab/world/objects.ts';
import { bound, deployment, run, startMs, world } from './given.ts';

function refused(reason: ObjectErrorReason) {
  return (error: unknown): boolean => error instanceof ObjectError && error.reason === reason;
}

const configMap = { metadata: { name: 'settings', namespace: 'media' }, data: { a: '1' } };

describe('the object store', () => {
  test('gives a new object kind, uid, version and creation time', () => {
    const { objects } = world();
    const made = objects.create('configmaps', configMap);
    assert.equal(made.kind, 'ConfigMap');
    assert.match(made.metadata.uid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(made.metadata.resourceVersion, String(objects.version));
    assert.equal(made.metadata.creationTimestamp, '2026-01-01T00:00:00Z');
    assert.throws(() => objects.create('configmaps', configMap), refused('AlreadyExists'));
  });

  test('refuses a write that knew an older version, and takes one that names none', () => {
    const { objects } = world();
    const first = objects.create('configmaps', configMap);
    const second = objects.update('configmaps', { ...first, data: { a: '2' } });
    assert.throws(() => objects.update('configmaps', { ...first, data: { a: '3' } }), refused('Conflict'));
    assert.equal(objects.update('configmaps', { ...configMap, data: { a: '4' } }).data?.['a'], '4');
    assert.equal(second.data?.['a'], '2', 'a kept reference is a snapshot');
    assert.throws(() => objects.update('configmaps', { metadata: { name: 'other' } }), refused('NotFound'));
  });

  test('does not write what changes nothing', () => {
    const { objects } = world();
    const made = objects.create('configmaps', configMap);
    assert.equal(objects.update('configmaps', configMap), made);
  });

  test('counts generations by spec, and keeps spec and status apart', () => {
    const { objects } = world();
    const { resource, object } = deployment(3);
    const made = objects.create('deployments', object);
    assert.equal(made.metadata.generation, 1);
    assert.equal(made.spec.strategy?.type, 'RollingUpdate');
    const scaled = objects.update('deployments', {
      ...made,
      spec: { ...made.spec, replicas: 5 },
      status: { replicas: 9 },
    });
    assert.deepEqual([scaled.metadata.generation, scaled.status.replicas], [2, undefined]);
    const told = objects.updateStatus(resource, {
      ...scaled,
      spec: { replicas: 1 },
      status: { replicas: 5 },
    });
    assert.equal(told.metadata.generation, 2);
    assert.deepEqual(told['status'], { replicas: 5 });
  });

  test('tells changes after a version, and says expired once they are forgotten', () => {
    const { objects } = world();
    const from = objects.version;
    const made = objects.create('configmaps', configMap);
    objects.delete('configmaps', 'media/settings');
    const changes = objects.changesSince(from);
    assert.ok(changes !== 'expired');
    assert.deepEqual(
      changes.map(({ type, version }) => [type, version]),
      [
        ['ADDED', from + 1],
        ['DELETED', from + 2],
      ],
    );
    assert.equal(changes[1]?.object.metadata.uid, made.metadata.uid);
    assert.equal(changes[1]?.object.metadata.resourceVersion, String(from + 2));
    objects.compact(1);
    assert.equal(objects.changesSince(from), 'expired');
    assert.notEqual(objects.changesSince(from + 1), 'expired');
  });

  test('keeps what has finalizers until they are gone', () => {
    const { objects } = world();
    const policy = { metadata: { name: 'p', namespace: 'media', finalizers: ['spillway.dev/burst'] } };
    objects.create('burstpolicies', policy);
    const marked = objects.delete('burstpolicies', 'media/p');
    assert.ok(marked.metadata.deletionTimestamp !== undefined);
    objects.update('burstpolicies', { ...marked, metadata: { ...marked.metadata, finalizers: [] } });
    assert.equal(objects.get('burstpolicies', 'media/p'), undefined);
  });

  test('gives a bound pod its grace period, and an unbound one none', () => {
    const cluster = world({ objects: [deployment(1), deployment(1, { name: 'big', cpu: '9' })] });
    run(cluster, 5);
    const [placed] = bound(cluster);
    assert.ok(placed !== undefined);
    const marked = cluster.objects.delete('pods', `media/${placed.metadata.name}`);
    assert.equal(marked.metadata.deletionGracePeriodSeconds, 30);
    assert.equal(marked.metadata.deletionTimestamp, '2026-01-01T00:00:35Z');
    const shorter = cluster.objects.delete('pods', `media/${placed.metadata.name}`, {
      gracePeriodSeconds: 5,
    });
    assert.equal(shorter.metadata.deletionTimestamp, '2026-01-01T00:00:10Z');
    const unplaced = cluster.objects.list('pods').find(({ spec }) => spec.nodeName === undefined);
    cluster.objects.delete('pods', `media/${unplaced?.metadata.name ?? ''}`);
    assert.equal(cluster.objects.get('pods', `media/${unplaced?.metadata.name ?? ''}`), undefined);
  });

  test('holds to preconditions on deletion', () => {
    const { objects } = world();
    const { metadata } = objects.create('configmaps', configMap);
    const wrong = { preconditions: { uid: 'another' } };
    assert.throws(() => objects.delete('configmaps', 'media/settings', wrong), refused('Conflict'));
    objects.delete('configmaps', 'media/settings', {
      preconditions: { uid: metadata.uid, resourceVersion: metadata.resourceVersion },
    });
  });
});

describe('the garbage collector', () => {
  test('deletes what an owner leaves behind, down to the pods', () => {
    const cluster = world({ objects: [deployment(3)] });
    run(cluster, 5);
    cluster.objects.delete('deployments', 'media/worker');
    run(cluster, 40);
    assert.equal(cluster.objects.list('replicasets').length, 0);
    assert.equal(cluster.objects.list('pods').length, 0);
  });

  test('waits for dependants when a deletion goes in the foreground, and leaves orphans alone', () => {
    const cluster = world({ objects: [deployment(2), deployment(2, { name: 'other' })] });
    run(cluster, 5);
    cluster.objects.delete('deployments', 'media/worker', { propagationPolicy: 'Foreground' });
    cluster.objects.delete('deployments', 'media/other', { propagationPolicy: 'Orphan' });
    assert.ok(cluster.objects.get('deployments', 'media/worker') !== undefined);
    run(cluster, 40);
    assert.equal(cluster.objects.get('deployments', 'media/worker'), undefined);
    assert.equal(cluster.objects.get('deployments', 'media/other'), undefined);
    const left = cluster.objects.list('replicasets');
    assert.deepEqual(
      left.map(({ metadata, spec }) => [metadata.ownerReferences, spec.replicas]),
      [[[], 2]],
    );
    assert.equal(cluster.objects.list('pods').length, 2);
  });

  test('deletes what names an owner that was never there', () => {
    const cluster = world();
    cluster.objects.create('configmaps', {
      metadata: {
        name: 'orphan',
        namespace: 'media',
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'gone', uid: 'gone' }],
      },
    });
    run(cluster, 1);
    assert.equal(cluster.objects.get('configmaps', 'media/orphan'), undefined);
    assert.ok(cluster.now() === startMs + 1000);
  });
});
