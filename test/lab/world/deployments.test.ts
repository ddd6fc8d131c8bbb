import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { constant } from '../../../src/lab/world/distribution.ts';
import type { Job } from '../../../src/lab/world/kube.ts';
import { boundsOf } from '../../../src/lab/world/rolling.ts';
import { deployment, pods, pool, ready, run, scale, template, world } from './given.ts';

function setTemplate(cluster: ReturnType<typeof world>, image: string): void {
  const stored = cluster.objects.get('deployments', 'media/worker');
  assert.ok(stored !== undefined);
  const [container] = template().spec.containers;
  assert.ok(container !== undefined);
  const spec = { ...stored.spec.template.spec, containers: [{ ...container, image }] };
  cluster.objects.update('deployments', {
    ...stored,
    spec: { ...stored.spec, template: { ...stored.spec.template, spec } },
  });
}

describe('a Deployment', () => {
  test('brings its pods up, and its status and marks say so', () => {
    const cluster = world({ objects: [deployment(5)] });
    run(cluster, 10);
    const stored = cluster.objects.get('deployments', 'media/worker');
    const { replicas, readyReplicas, availableReplicas, updatedReplicas, observedGeneration } =
      stored?.status ?? {};
    assert.deepEqual(
      [replicas, readyReplicas, availableReplicas, updatedReplicas, observedGeneration],
      [5, 5, 5, 5, 1],
    );
    assert.equal(stored?.metadata.annotations?.['deployment.kubernetes.io/revision'], '1');
    const [set] = cluster.objects.list('replicasets');
    const hash = set?.metadata.labels?.['pod-template-hash'] ?? '';
    assert.equal(set?.metadata.name, `worker-${hash}`);
    for (const pod of pods(cluster)) {
      assert.match(pod.metadata.name, new RegExp(`^worker-${hash}-[a-z0-9]{5}$`));
      assert.equal(pod.metadata.labels?.['pod-template-hash'], hash);
      assert.deepEqual(
        pod.metadata.ownerReferences?.map(({ kind, controller }) => [kind, controller]),
        [['ReplicaSet', true]],
      );
    }
  });

  test('gives up the pods that its ReplicaSet deletes first', () => {
    const cluster = world({ objects: [deployment(4)] });
    run(cluster, 10);
    const [kept] = pods(cluster);
    assert.ok(kept !== undefined);
    cluster.objects.update('pods', {
      ...kept,
      metadata: { ...kept.metadata, annotations: { 'controller.kubernetes.io/pod-deletion-cost': '5' } },
    });
    scale(cluster, 1);
    run(cluster, 60);
    assert.deepEqual(
      pods(cluster).map(({ metadata }) => metadata.name),
      [kept.metadata.name],
    );
  });

  test('rolls over within maxSurge and maxUnavailable', () => {
    const cluster = world({
      pools: [pool({ nodes: 6 })],
      kubelet: { startMs: constant(3000), pullMs: constant(0) },
      objects: [deployment(10)],
    });
    run(cluster, 20);
    setTemplate(cluster, 'worker:2');
    let [most, fewest] = [0, 10];
    for (let second = 0; second < 120; second += 0.1) {
      run(cluster, 0.1);
      const live = pods(cluster).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      most = Math.max(most, live.length);
      fewest = Math.min(fewest, live.filter((pod) => ready(cluster).includes(pod)).length);
    }
    // 25 % of ten: three more at most (rounded up), two fewer at least (rounded down).
    assert.deepEqual([most, fewest], [13, 8]);
    assert.equal(ready(cluster).length, 10);
    assert.ok(pods(cluster).every(({ spec }) => spec.containers[0]?.image === 'worker:2'));
    const sets = cluster.objects.list('replicasets');
    assert.deepEqual(new Set(sets.map(({ spec }) => spec.replicas)), new Set([0, 10]));
    const stored = cluster.objects.get('deployments', 'media/worker');
    assert.equal(stored?.metadata.annotations?.['deployment.kubernetes.io/revision'], '2');
  });

  test('that recreates lets all old pods go before the first new one comes', () => {
    const cluster = world({ objects: [deployment(3, { spec: { strategy: { type: 'Recreate' } } })] });
    run(cluster, 10);
    setTemplate(cluster, 'worker:2');
    for (let second = 0; second < 60; second += 1) {
      run(cluster, 1);
      assert.equal(new Set(pods(cluster).map(({ spec }) => spec.containers[0]?.image)).size <= 1, true);
    }
    assert.equal(ready(cluster).length, 3);
  });

  test('goes back to the ReplicaSet that it had before', () => {
    const cluster = world({ objects: [deployment(2)] });
    run(cluster, 10);
    setTemplate(cluster, 'worker:2');
    run(cluster, 60);
    setTemplate(cluster, 'worker:1');
    run(cluster, 60);
    assert.equal(cluster.objects.list('replicasets').length, 2);
    assert.ok(pods(cluster).every(({ spec }) => spec.containers[0]?.image === 'worker:1'));
  });

  test('calls a pod available only once it has been ready for long enough', () => {
    const cluster = world({ objects: [deployment(2, { spec: { minReadySeconds: 20 } })] });
    const available = (): number | undefined =>
      cluster.objects.get('deployments', 'media/worker')?.status.availableReplicas;
    run(cluster, 19);
    assert.equal(available(), 0);
    run(cluster, 2);
    assert.equal(available(), 2);
  });

  test('keeps the proportions of a rollout when it is scaled, and adds up', () => {
    const cluster = world({
      pools: [pool({ nodes: 30 })],
      kubelet: { startMs: constant(30_000), pullMs: constant(0) },
      objects: [deployment(10)],
    });
    run(cluster, 40);
    setTemplate(cluster, 'worker:2');
    run(cluster, 5);
    scale(cluster, 20);
    run(cluster, 1);
    const sizes = cluster.objects.list('replicasets').map(({ spec }) => spec.replicas ?? 0);
    assert.equal(
      sizes.reduce((sum, size) => sum + size, 0),
      25,
    );
    assert.ok(sizes.every((size) => size > 5));
    run(cluster, 300);
    assert.equal(ready(cluster).length, 20);
  });

  test('that may neither surge nor be unavailable may be unavailable by one', () => {
    const { objects } = world({
      objects: [
        deployment(3, {
          spec: {
            strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '10%' } },
          },
        }),
      ],
    });
    const stored = objects.get('deployments', 'media/worker');
    assert.ok(stored !== undefined);
    assert.deepEqual(boundsOf(stored), { surge: 0, unavailable: 1 });
  });
});

describe('a Job', () => {
  const job = (spec: object, annotations: Record<string, string> = {}) => ({
    resource: 'jobs',
    object: {
      metadata: { name: 'batch', namespace: 'media' },
      spec: {
        ...spec,
        template: {
          metadata: { labels: { app: 'batch' }, annotations },
          spec: { restartPolicy: 'Never', containers: [{ name: 'b', image: 'b' }] },
        },
      },
    },
  });

  test('runs as many pods at once as it may, until enough have succeeded', () => {
    const cluster = world({ objects: [job({ parallelism: 2, completions: 5 })] });
    run(cluster, 5);
    assert.equal(cluster.objects.get('jobs', 'media/batch')?.status.active, 2);
    run(cluster, 60);
    const status = cluster.objects.get('jobs', 'media/batch')?.status;
    assert.deepEqual([status?.succeeded, status?.active], [5, 0]);
    assert.ok(status?.conditions?.some(({ type }) => type === 'Complete'));
  });

  test('gives up after its backoff limit', () => {
    const failing = { 'lab.spillway.dev/run-for': '1s', 'lab.spillway.dev/exit-code': '1' };
    const cluster = world({ objects: [job({ backoffLimit: 2 }, failing)] });
    run(cluster, 20);
    assert.equal(cluster.objects.get('jobs', 'media/batch')?.status.failed, 2);
    run(cluster, 60);
    const status = cluster.objects.get('jobs', 'media/batch')?.status;
    assert.equal(status?.failed, 3);
    assert.ok(status?.conditions?.some(({ reason }) => reason === 'BackoffLimitExceeded'));
  });

  test('counts a pod that somebody deletes as a failure, and makes the next only after its backoff', () => {
    const cluster = world({ objects: [job({ backoffLimit: 1 })] });
    const loseOne = (): void => {
      const [{ metadata } = assert.fail('no pod')] = pods(cluster);
      cluster.objects.delete('pods', `media/${metadata.name}`, { gracePeriodSeconds: 0 });
    };
    run(cluster, 5);
    loseOne();
    run(cluster, 5);
    const status = (): Job['status'] | undefined => cluster.objects.get('jobs', 'media/batch')?.status;
    assert.deepEqual([status()?.failed, pods(cluster).length], [1, 0]);
    run(cluster, 10);
    assert.deepEqual([status()?.failed, pods(cluster).length], [1, 1]);
    loseOne();
    run(cluster, 5);
    assert.equal(status()?.failed, 2);
    assert.ok(status()?.conditions?.some(({ reason }) => reason === 'BackoffLimitExceeded'));
  });

  test('does not count the pods that it takes away itself', () => {
    const cluster = world({ objects: [job({ parallelism: 3, backoffLimit: 0 })] });
    run(cluster, 5);
    const stored = cluster.objects.get('jobs', 'media/batch') ?? assert.fail('no Job');
    cluster.objects.update('jobs', { ...stored, spec: { ...stored.spec, suspend: true } });
    run(cluster, 60);
    const { status } = cluster.objects.get('jobs', 'media/batch') ?? assert.fail('no Job');
    assert.deepEqual([status.failed, status.active, pods(cluster).length], [0, 0, 0]);
  });

  test('has no pods while it is suspended', () => {
    const cluster = world({ objects: [job({ suspend: true })] });
    run(cluster, 5);
    assert.equal(pods(cluster).length, 0);
    const stored = cluster.objects.get('jobs', 'media/batch');
    assert.ok(stored !== undefined);
    cluster.objects.update('jobs', { ...stored, spec: { ...stored.spec, suspend: false } });
    run(cluster, 5);
    assert.equal(pods(cluster).length, 1);
  });
});
