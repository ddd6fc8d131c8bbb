import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PoolPods } from '../../../src/azure/pool-pods.ts';
import { slimPod, slimPolicy, slimReplicaSet, slimWorkload } from '../../../src/cluster/slimming.ts';
import { Store } from '../../../src/cluster/store.ts';
import type { FailureCause } from '../../../src/decide/observation.ts';
import { ClusterLimits } from '../../../src/limits/cluster-limits.ts';
import { emptyLedger } from '../../../src/limits/ledger.ts';
import { resolvePolicy } from '../../../src/policy/resolve.ts';
import { interner, meta, node, owner, rawPod, spec, startMs } from '../cluster/given.ts';
import { VirtualClock } from '../cluster/virtual-clock.ts';
import { pool, question } from './given.ts';

const other = { ...pool, name: 'other', nodeSelector: { type: 'other' } };

const raw = {
  apiVersion: 'spillway.dev/v1alpha1' as const,
  kind: 'BurstPolicy' as const,
  metadata: { ...meta('thumbnails'), name: 'thumbnails' },
  spec: {
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' },
    burst: { maxReplicas: 50 },
  },
};

/** A store with two virtual nodes, of which one is served, and a policy whose pods ask for 2 cores. */
function scene() {
  const store = new Store();
  const take = (
    table: 'nodes' | 'pods' | 'policies' | 'deployments' | 'replicasets',
    object: object,
  ): void => {
    const event = { type: 'modified', object, resourceVersion: meta('any').resourceVersion };
    // Each table takes its own kind.
    (store[table] as unknown as { take(event: object): void }).take(event);
  };
  take('nodes', node('aci', { labels: { type: 'virtual-kubelet' } }));
  take('nodes', node('other', { labels: { type: 'other' } }));
  take('nodes', node('vm'));
  take('policies', slimPolicy(raw, interner));
  const template = { spec: spec('2') };
  const deployment = (name: string, more: object = {}): void => {
    const workload = { metadata: { ...meta(name), ...more }, spec: { template } };
    take('deployments', slimWorkload('Deployment')(workload, interner));
  };
  deployment('worker');
  deployment('worker-burst', owner('uid-thumbnails', 'BurstPolicy'));
  take(
    'replicasets',
    slimReplicaSet({ metadata: meta('set', owner('uid-worker-burst', 'Deployment')) }, interner),
  );
  const pod = (
    name: string,
    nodeName: string,
    status: object = {},
    more: object = owner('uid-set'),
  ): void => {
    const made = rawPod(name, { meta: { ...meta(name), ...more }, phase: 'Running' });
    const whole = { ...made, spec: { ...made.spec, nodeName }, status: { ...made.status, ...status } };
    take('pods', slimPod(whole, interner));
  };
  let failures = 0;
  const health = { state: 'watching', ageSeconds: 1 };
  const view = {
    store,
    onChange: (listener: Parameters<Store['onChange']>[0]) => store.onChange(listener),
    health: () =>
      (['pods', 'nodes', 'jobs'] as const).map((kind) => ({
        kind,
        namespace: undefined,
        lastEventAtMs: 0,
        restarts: 0,
        ...(kind === 'jobs' ? { state: 'listing', ageSeconds: 1e6 } : health),
      })),
  } as unknown as ConstructorParameters<typeof PoolPods>[0]['view'];
  const pods = new PoolPods({
    view,
    pools: [pool, other],
    served: [pool],
    maxCacheAgeSeconds: 180,
    onFailure: () => {
      failures += 1;
    },
  });
  return { store, pods, pod, view, health, failures: () => failures };
}

describe('the pods on the pools of a provider', () => {
  test('are those on nodes that are served and that have a group, each with its cores and its policy', () => {
    const { pods, pod } = scene();
    pod('before', 'aci');
    pods.open();
    pod('burst', 'aci');
    pod('foreign', 'aci', {}, { ownerReferences: [] });
    pod('elsewhere', 'other');
    pod('on a vm', 'vm');
    pod('over', 'aci', { phase: 'Succeeded' });
    pod('refused', 'aci', { phase: 'Pending', reason: 'ProviderFailed', message: 'no' });
    const told = pods.pods().map(({ name, cores, policy, running }) => [name, cores, policy, running]);
    assert.deepEqual(told, [
      ['before', 2, 'media/thumbnails', true],
      ['burst', 2, 'media/thumbnails', true],
      ['foreign', 1, undefined, true],
    ]);
    assert.equal(pods.coresOf(resolvePolicy(raw)), 2);
    assert.equal(pods.poolOfNode('aci'), pool);
    assert.equal(pods.poolOfNode('other'), undefined);
    const named = { namespace: 'media', name: 'burst', nodeName: 'aci', createdAtMs: undefined };
    assert.equal(pods.has({ ...named, uid: 'uid-burst' }), true);
    assert.equal(pods.has({ ...named, uid: 'uid-of-an-earlier-one' }), false);
    pods.close();
    assert.deepEqual(pods.pods(), []);
  });

  test('tell each failure once, as it comes', () => {
    const { pods, pod, failures } = scene();
    pods.open();
    pod('a', 'aci');
    assert.equal(failures(), 0);
    pod('a', 'aci', { phase: 'Pending', reason: 'ProviderFailed', message: 'quota exceeded' });
    pod('a', 'aci', { phase: 'Pending', reason: 'ProviderFailed', message: 'quota exceeded' });
    assert.equal(failures(), 1);
    pod('b', 'other', { phase: 'Pending', reason: 'ProviderFailed', message: 'quota exceeded' });
    assert.equal(failures(), 1);
    pods.close();
  });

  test('are fresh only while pods and nodes are watched and heard', () => {
    const { pods, health } = scene();
    assert.equal(pods.fresh(), true);
    health.ageSeconds = 181;
    assert.equal(pods.fresh(), false);
    health.ageSeconds = 1;
    health.state = 'waiting';
    assert.equal(pods.fresh(), false);
  });
});

test('what a provider says of groups and quota reaches the limits: stuck ones open the breaker, free quota is asked for', async () => {
  const { view, pod } = scene();
  const clock = new VirtualClock(startMs);
  const causes = new Map<string, FailureCause>();
  const counted: string[] = [];
  const limits = new ClusterLimits({
    view,
    config: {
      virtualPools: [pool, other],
      budget: { maxRatePerHour: undefined, maxSpendPerDay: undefined, onExhausted: 'Keep' },
      breaker: { stuckCreatingAfterSeconds: 3600 },
    },
    clock,
    provider: { current: () => ({ freeQuota: 7 }), failureOf: (uid) => causes.get(uid) },
    onFailure: ({ cause }) => counted.push(cause),
    onUnreadable: () => assert.fail('unreadable'),
    onProblem: () => undefined,
  });
  await limits.open({
    load: () => Promise.resolve({ ledger: emptyLedger, unreadable: false }),
    save: () => Promise.resolve('saved'),
  });
  for (const name of ['a', 'b', 'c']) pod(name, 'aci', { phase: 'Pending' });
  pod('d', 'aci');
  await clock.pass(2000);
  assert.deepEqual(counted, []);
  assert.equal(limits.current(question()).freeQuota, 7);
  assert.equal(limits.current(question()).breaker, 'closed');
  for (const name of ['a', 'b', 'c', 'd']) causes.set(`uid-${name}`, 'StuckCreating');
  await clock.pass(2000);
  // A pod that runs is none that starts, whatever an older look said.
  assert.deepEqual(counted, ['StuckCreating', 'StuckCreating', 'StuckCreating']);
  assert.equal(limits.current(question()).breaker, 'open');
  await limits.close();
});
