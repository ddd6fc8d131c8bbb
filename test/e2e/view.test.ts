import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { type ClusterClient, connect } from '../../src/cluster/client.ts';
import type { SlimWorkload } from '../../src/cluster/slim.ts';
import { ClusterView } from '../../src/cluster/view.ts';
import { defaultVirtualPools } from '../../src/cluster/virtual-nodes.ts';
import type { VirtualPoolObservation } from '../../src/decide/observation.ts';
import { resolvePolicy } from '../../src/policy/resolve.ts';
import { kubectlOrThrow, type OwnCluster, startOwnCluster } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/wait-for.ts';

const metadata = (name: string) => ({ name, namespace: 'media' });

const quota = (pods: number) => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: metadata('team'),
  spec: { hard: { pods: String(pods), 'limits.memory': '100Gi' }, scopes: ['NotTerminating'] },
});

const limitRange = {
  apiVersion: 'v1',
  kind: 'LimitRange',
  metadata: metadata('defaults'),
  spec: { limits: [{ type: 'Container', default: { memory: '20Gi' }, defaultRequest: { memory: '1Mi' } }] },
};

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: metadata('worker'),
  spec: {
    replicas: 5,
    selector: { matchLabels: { app: 'worker' } },
    template: {
      metadata: { labels: { app: 'worker' } },
      spec: { containers: [{ name: 'main', image: 'example.invalid/worker' }] },
    },
  },
};

describe('what the view sees of a real control plane', () => {
  let cluster: OwnCluster;
  let client: ClusterClient;
  let view: ClusterView;
  let viewing: Promise<void>;
  const stop = new AbortController();
  const kubectl = (args: readonly string[], object?: object) =>
    kubectlOrThrow(cluster.kubectl, args, object === undefined ? undefined : JSON.stringify(object));
  const apply = (object: object) => kubectl(['apply', '-f', '-'], object);

  before(async () => {
    cluster = await startOwnCluster({ virtualNodes: ['virtual-1', 'virtual-2'] });
    client = connect({ kubeconfigPath: cluster.kubeconfigPath, userAgent: 'view/0' });
    await kubectl(['create', 'namespace', 'media']);
    await cluster.addVmNode({ name: 'vm-1', cpu: '4', memory: '16Gi' });
    view = new ClusterView({
      client,
      clock: systemClock,
      config: { namespaces: 'all', virtualPools: defaultVirtualPools },
    });
    viewing = view.run(stop.signal);
    await view.synced;
  });
  after(async () => {
    stop.abort();
    await viewing;
    await client.close();
    await cluster.stop();
  });

  const worker = (): SlimWorkload | undefined => view.store.deployments.get('media/worker');
  const left = () => {
    const policy = resolvePolicy({
      apiVersion: 'spillway.dev/v1alpha1',
      kind: 'BurstPolicy',
      metadata: { ...metadata('p'), uid: 'p' },
      spec: {
        targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' },
        burst: { maxReplicas: 1 },
      },
    });
    const target = view.targetOf(policy);
    return target && view.namespaceQuota('media', view.shapeOf(target));
  };

  test('a quota that wants limits refuses all pods, and is named', async () => {
    await apply(quota(3));
    await apply(deployment);
    const refusal = await waitFor('the refusal', () => worker()?.refusal);
    assert.deepEqual(refusal, { cause: 'QuotaWantsLimits', quota: 'team' });
    assert.deepEqual(left(), { namespaceQuota: 3, namespaceQuotaName: 'team' });
  });

  test('with the defaults of a LimitRange it admits as many as it says, and the shape has these limits', async () => {
    await apply(limitRange);
    await kubectl(['-n', 'media', 'scale', 'deployment/worker', '--replicas=0']);
    await waitFor('no refusal', () => worker()?.replicas === 0 && worker()?.refusal === undefined);
    await kubectl(['-n', 'media', 'scale', 'deployment/worker', '--replicas=5']);
    await waitFor('three pods', () => view.store.pods.size === 3);
    const refusal = await waitFor(
      'the refusal',
      () => worker()?.refusal?.cause === 'QuotaExceeded' && worker()?.refusal,
    );
    assert.deepEqual(refusal, { cause: 'QuotaExceeded', quota: 'team' });
    await waitFor('nothing to be left', () => left()?.namespaceQuota === 0);
    await apply(quota(50));
    // 100 Gi of limits, of which the three pods have 60.
    await waitFor('room for two more by their limits', () => left()?.namespaceQuota === 2);
  });

  test('virtual nodes: alive, cordoned, not Ready, deleted', async () => {
    const counts = () => view.virtualPool()?.observation;
    const seen = (what: string, wanted: Partial<VirtualPoolObservation>) =>
      waitFor(what, () => {
        const now = counts();
        return (
          now !== undefined &&
          Object.entries(wanted).every(([key, value]) => now[key as keyof VirtualPoolObservation] === value)
        );
      });
    await seen('two nodes', { nodes: 2, readyNodes: 2, ghosts: 0 });
    const both = counts()?.freePods ?? 0;
    for (const node of view.room.virtualNodes()) assert.ok(node.heartbeatAtMs !== undefined, node.name);
    await kubectl(['cordon', 'virtual-1']);
    await seen('a cordoned node', { nodes: 2, readyNodes: 1, cordoned: 1, freePods: both / 2 });
    await cluster.virtualNodes[1]?.setReady(false);
    await seen('a node that is not Ready', {
      nodes: 2,
      readyNodes: 0,
      cordoned: 1,
      notReady: 1,
      freePods: 0,
    });
    await kubectl(['uncordon', 'virtual-1']);
    await seen('a node that is back', { readyNodes: 1, cordoned: 0 });
  });
});
