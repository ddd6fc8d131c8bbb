import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import { ClusterView } from '../../../src/cluster/view.ts';
import type { VirtualPool } from '../../../src/config.ts';
import { constant } from '../../../src/lab/world/distribution.ts';
import { ClusterLimits } from '../../../src/limits/cluster-limits.ts';
import { LedgerStore, ledgerName } from '../../../src/limits/ledger-store.ts';
import { parseLedger } from '../../../src/limits/ledger-text.ts';
import { resolvePolicy } from '../../../src/policy/resolve.ts';
import type { BurstPolicy } from '../../../src/policy/schema.ts';
import { waitFor } from '../../cluster/wait-for.ts';
import { startLabCluster } from '../../lab/api/lab-cluster.ts';
import { makeRoom, policyOf } from '../../lab/contract/contract-cluster.ts';

test('a quota of 2 cores fails the rest of a burst: it is counted, charged and written into the cluster', async (t) => {
  const lab = await startLabCluster({
    scenario: { virtualNodes: [{ settings: { startMs: constant(50), quotaCores: 2 } }] },
  });
  t.after(() => lab.close());
  const pool: VirtualPool = {
    name: 'aci',
    kind: 'AksAddon',
    nodeSelector: { type: 'virtual-kubelet' },
    tolerations: [],
    price: { perCpuHour: 0.04, perMemoryGbHour: 0 },
    pace: { per5Minutes: 100, perHour: 300 },
  };
  const config = { namespaces: 'all', virtualPools: [pool] } as const;
  const view = new ClusterView({ client: lab.client, clock: systemClock, config });
  const stop = new AbortController();
  const viewing = view.run(stop.signal);
  t.after(() => stop.abort());
  await view.synced;
  const causes: string[] = [];
  const limits = new ClusterLimits({
    view,
    config: {
      virtualPools: [pool],
      budget: { maxRatePerHour: undefined, maxSpendPerDay: undefined, onExhausted: 'Keep' },
      breaker: { stuckCreatingAfterSeconds: 900 },
    },
    clock: systemClock,
    onFailure: ({ cause }) => causes.push(cause),
    onUnreadable: () => assert.fail('unreadable'),
    onProblem: (error) => assert.fail(String(error)),
  });
  await limits.open(
    new LedgerStore({ client: lab.client, fence: { holds: () => true }, namespace: 'default' }),
  );

  const room = await makeRoom(lab.client);
  const targetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' };
  const made = await room.create(
    'burstpolicies',
    policyOf('worker', { targetRef, burst: { maxReplicas: 9 } }),
  );
  const deployment = (name: string, replicas: number, more: object): object => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, ...more },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          nodeSelector: pool.nodeSelector,
          tolerations: [{ key: 'virtual-kubelet.io/provider', operator: 'Exists' }],
          containers: [
            { name: 'main', image: 'worker', resources: { requests: { cpu: '1', memory: '1G' } } },
          ],
        },
      },
    },
  });
  const { uid } = made.metadata;
  const ownerReferences = [
    { apiVersion: 'spillway.dev/v1alpha1', kind: 'BurstPolicy', name: 'worker', uid, controller: true },
  ];
  await room.create('deployments', deployment('worker', 0, {}));
  await room.create('deployments', deployment('worker-burst-1', 5, { ownerReferences }));
  const policy = resolvePolicy(made as unknown as BurstPolicy);
  const current = () =>
    limits.current({ policy, pool, companion: 'worker-burst-1', asked: 5, running: 5, others: [] });

  await waitFor('three refusals', () => causes.length === 3);
  assert.deepEqual(causes, ['Quota', 'Quota', 'Quota']);
  assert.equal(current().breaker, 'open');
  assert.equal(current().creationTokens, 95);
  assert.equal(current().pricePerHour, 0.04);
  await waitFor('what five groups cost', () => current().ratePerHour === 0.2);
  await limits.close();
  const object = (await lab.client.request('GET', `/api/v1/namespaces/default/configmaps/${ledgerName}`)) as {
    readonly data: Readonly<Record<string, string>>;
  };
  const ledger = parseLedger(object.data['ledger.json'] ?? '');
  assert.equal(ledger?.poolBreakers['aci']?.state, 'open');
  assert.equal(ledger.spend.policies[policy.key]?.ratePerHour, 0.2);
  assert.equal(ledger.creations['aci']?.length, 5);
  stop.abort();
  await viewing;
});
