import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { replicasForMetric } from '../../../src/lab/world/hpa-rules.ts';
import type { KubeInput } from '../../../src/lab/world/kube.ts';
import { deployment, pool, run, world } from './given.ts';

function hpa(more: object = {}): { readonly resource: string; readonly object: KubeInput } {
  return {
    resource: 'horizontalpodautoscalers',
    object: {
      metadata: { name: 'worker', namespace: 'media' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' },
        maxReplicas: 100,
        metrics: [
          {
            type: 'External',
            external: {
              metric: { name: 'queue_backlog' },
              target: { type: 'AverageValue', averageValue: '10' },
            },
          },
        ],
        ...more,
      },
    },
  };
}

function scaled(more: object, values: (seconds: number) => number | undefined) {
  const cluster = world({ pools: [pool({ nodes: 30 })], objects: [deployment(1), hpa(more)] });
  const beganMs = cluster.now();
  cluster.setExternalMetrics(() => values((cluster.now() - beganMs) / 1000));
  // The status of the target has to be there before the first look counts.
  const replicas = (): number | undefined =>
    cluster.objects.get('deployments', 'media/worker')?.spec.replicas;
  return { cluster, replicas };
}

describe('the HPA', () => {
  test('without behavior doubles every 15 s, from 4 on', () => {
    const { cluster, replicas } = scaled({}, () => 1000);
    const steps = [1, 15, 15, 15, 15, 15, 15].map((seconds) => {
      run(cluster, seconds);
      return replicas();
    });
    assert.deepEqual(steps, [4, 8, 16, 32, 64, 100, 100]);
  });

  test('with behavior grows by 4 pods or by 100 % every 15 s, whichever is more', () => {
    const { cluster, replicas } = scaled({ behavior: {} }, () => 1000);
    const steps = [1, 15, 15, 15, 15, 15, 15].map((seconds) => {
      run(cluster, seconds);
      return replicas();
    });
    assert.deepEqual(steps, [5, 10, 20, 40, 80, 100, 100]);
  });

  test('goes down only when five minutes have wanted less', () => {
    const { cluster, replicas } = scaled({}, (seconds) => (seconds < 100 ? 200 : 0));
    run(cluster, 95);
    assert.equal(replicas(), 20);
    run(cluster, 290);
    assert.equal(replicas(), 20);
    run(cluster, 30);
    assert.equal(replicas(), 1);
  });

  test('goes down at the pace of its rules', () => {
    const scaleDown = {
      stabilizationWindowSeconds: 0,
      policies: [{ type: 'Pods', value: 5, periodSeconds: 60 }],
    };
    const { cluster, replicas } = scaled({ behavior: { scaleDown } }, (seconds) => (seconds < 100 ? 200 : 0));
    run(cluster, 101);
    assert.equal(replicas(), 20);
    const steps = [5, 60, 60].map((seconds) => {
      run(cluster, seconds);
      return replicas();
    });
    assert.deepEqual(steps, [15, 10, 5]);
  });

  test('changes nothing where the metric is missing', () => {
    const { cluster, replicas } = scaled({ minReplicas: 2 }, () => undefined);
    run(cluster, 60);
    assert.equal(replicas(), 1);
    const stored = cluster.objects.get('horizontalpodautoscalers', 'media/worker');
    assert.ok(stored?.status.conditions?.some(({ reason }) => reason === 'FailedGetExternalMetric'));
  });

  test('lets 10 % pass', () => {
    assert.equal(replicasForMetric(109, { perPod: 10 }, 10, 10), 10);
    assert.equal(replicasForMetric(111, { perPod: 10 }, 10, 10), 12);
    assert.equal(replicasForMetric(91, { total: 100 }, 10, 10), 10);
    assert.equal(replicasForMetric(300, { total: 100 }, 10, 8), 24);
    assert.equal(replicasForMetric(250, { total: 100 }, 0, 0), 3);
  });
});
