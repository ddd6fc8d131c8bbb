import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { waitFor } from '../cluster/wait-for.ts';
import { namespace, observingPolicy, queueName, quickPolicy } from '../e2e/scene.ts';
import { AdmissionScene } from './admission.ts';

describe('the admission policy for authors', () => {
  let on: AdmissionScene;

  before(async () => {
    on = await AdmissionScene.start();
  });
  after(() => on?.scene.close());

  const ben = '--as=ben';
  const policyRule = {
    apiGroups: ['spillway.dev'],
    resources: ['burstpolicies'],
    verbs: ['get', 'create', 'patch', 'update'],
  };
  const steps = [
    [undefined, /may not scale deployments\/thumbnail-worker in media/],
    [
      { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['update'] },
      /may not create Deployments in media/,
    ],
    [
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['create'] },
      /may not read the Secret redis in media/,
    ],
    [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['redis'], verbs: ['get'] }, /^taken$/],
  ] as const;

  /** What ben may do. */
  async function allow(rules: readonly object[]): Promise<void> {
    const metadata = { name: 'ben', namespace };
    await on.scene.apply(
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'ben' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'ben' }],
      },
    );
  }
  const tried = async (policy: object, who = ben): Promise<string> =>
    (await on.ask([who, 'create', '--dry-run=server', '-f', '-'], policy)) ?? 'taken';

  test('asks step by step for what Spillway will do', async () => {
    const rules: object[] = [policyRule];
    for (const [rule, told] of steps) {
      if (rule !== undefined) rules.push(rule);
      await allow(rules);
      // RBAC is cached by the API server for a moment.
      await waitFor(`${told}`, async () => told.test(await tried(quickPolicy({ name: 'bens' }))));
    }
    assert.match(
      await tried(quickPolicy({ name: 'bens', secret: 'other' })),
      /may not read the Secret other/,
    );
    assert.equal(await tried(observingPolicy({ name: 'bens' })), 'taken');
    const jobs = {
      apiVersion: 'spillway.dev/v1alpha1',
      kind: 'BurstPolicy',
      metadata: { name: 'jobs', namespace },
      spec: {
        jobSelector: { matchLabels: { app: 'jobs' } },
        burst: { strategy: 'Rescue', maxReplicas: 5 },
      },
    };
    assert.match(await tried(jobs), /may not create Jobs in media/);
  });

  test('judges an update only where it asks for something new', async () => {
    await allow([policyRule]);
    await waitFor('the rights to be gone', async () =>
      /may not scale/.test(await tried(observingPolicy({ name: 'bens' }))),
    );
    assert.equal(
      await on.patch(ben, `bp/${queueName}`, { metadata: { labels: { team: 'media' } } }),
      undefined,
    );
    assert.match(
      (await on.patch(ben, `bp/${queueName}`, { spec: { priority: 5 } })) ?? 'taken',
      /may not scale/,
    );
  });

  test('lets those who may edit the namespace write policies with 16 Secrets', async () => {
    await on.scene.kubectl(`create rolebinding ana -n ${namespace} --clusterrole=edit --user=ana`);
    const sources = Array.from({ length: 16 }, (_, index) => ({
      name: `s${index}`,
      type: 'BullMQ',
      bullmq: { queue: 'q', urlFrom: { secretKeyRef: { name: `redis-${index}`, key: 'url' } } },
      backlogPerReplica: 1,
    }));
    await waitFor('the roles to be aggregated', async () => {
      return (await tried(quickPolicy({ name: 'anas', scaling: { sources } }), '--as=ana')) === 'taken';
    });
  });
});
