import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { names } from '../../src/act/names.ts';
import { waitFor } from '../cluster/wait-for.ts';
import { namespace, queueName, target } from '../e2e/scene.ts';
import { AdmissionScene, admissionValues, root, spillway, type Verdict } from './admission.ts';
import { chartDir } from './helm.ts';

const toleration = (key: string): object => ({ key, operator: 'Exists', effect: 'NoSchedule' });

describe('the admission policy for its own account', () => {
  let on: AdmissionScene;

  before(async () => {
    on = await AdmissionScene.start();
  });
  after(() => on?.scene.close());

  const asSpillway = (what: string, body: object): Promise<Verdict> => on.patch(spillway, what, body);
  const annotations = (given: object): object => ({ metadata: { annotations: given } });

  async function companion(name: string, more: object = {}): Promise<object> {
    const { metadata } = await on.scene.policy(queueName);
    const labels = { [names.companion]: name, [names.burst]: 'true' };
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name,
        labels: { [names.managedBy]: 'spillway', [names.policyUid]: metadata.uid },
        ownerReferences: [
          {
            apiVersion: 'spillway.dev/v1alpha1',
            kind: 'BurstPolicy',
            name: metadata.name,
            uid: metadata.uid,
            controller: true,
            blockOwnerDeletion: false,
          },
        ],
        ...more,
      },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: 'worker', image: 'example.com/thumbnails:1' }] },
        },
      },
    };
  }

  test('comes with a type that was there before only where Helm is told to take it', () => {
    assert.match(
      on.refusedAdoption,
      /burstpolicies\.spillway\.dev" in namespace "" exists and cannot be imported/,
    );
  });

  test('lets it do all that it does', async () => {
    const pod = await on.firstPod();
    const drain = 'draining 2026-01-01T00:00:00.000Z';
    assert.equal(
      await asSpillway(`deployment/${target}`, {
        ...annotations({ [names.decision]: 'one' }),
        spec: { replicas: 3 },
      }),
      undefined,
    );
    assert.equal(
      await asSpillway(
        pod,
        annotations({ [names.drain]: drain, [names.deletionCost]: '-1000', [names.decision]: 'one' }),
      ),
      undefined,
    );
    assert.equal(
      await asSpillway(pod, annotations({ [names.drain]: null, [names.deletionCost]: null })),
      undefined,
    );
    assert.equal(await asSpillway(`bp/${queueName}`, { metadata: { finalizers: [names.drain] } }), undefined);
    assert.equal(await on.create(spillway, await companion('one')), undefined);
    assert.equal(
      await asSpillway('deployment/one', {
        metadata: { labels: { [names.managedBy]: 'spillway' } },
        spec: { template: { metadata: { annotations: { mended: 'yes' } } } },
      }),
      undefined,
    );
    const burst = await waitFor('a burst pod', async () => (await on.podNames(`${names.burst}=true`))[0]);
    assert.equal(await on.ask([spillway, 'delete', burst, '--wait=false']), undefined);
    assert.equal(await on.ask([spillway, 'delete', 'deployment', 'one']), undefined);
  });

  test('a companion that --cascade=orphan has set free may still be deleted', async () => {
    assert.equal(await on.create(root, await companion('free', { ownerReferences: [] })), undefined);
    assert.equal(await on.ask([spillway, 'delete', 'deployment', 'free']), undefined);
  });

  for (const [what, body, told] of [
    ['the labels of a pod', { metadata: { labels: { app: 'other' } } }, /only its own annotations/],
    [
      'an annotation of somebody else',
      annotations({ 'example.com/owner': 'me' }),
      /only its own annotations/,
    ],
    [
      'the finalizers of a pod',
      { metadata: { finalizers: ['example.com/stay'] } },
      /only its own annotations/,
    ],
    [
      'the image of a pod',
      { spec: { containers: [{ name: 'worker', image: 'example.com/evil:1' }] } },
      /nothing but tolerations/,
    ],
    ['how long a pod may run', { spec: { activeDeadlineSeconds: 1 } }, /nothing but tolerations/],
  ] as const) {
    test(`refuses to change ${what}`, async () => {
      const pod = await on.firstPod();
      const strategic = ['patch', ...pod.split('/'), '--type=strategic', '-p', JSON.stringify(body)];
      assert.match((await on.ask([spillway, ...strategic])) ?? 'taken', told);
    });
  }

  test('refuses tolerations, unless Rescue is chosen', async () => {
    assert.match(
      (await tolerate('virtual-kubelet.io/provider')) ?? 'taken',
      /no tolerations to pods unless rescue/,
    );
  });

  for (const [what, body] of [
    [
      'the image of a target',
      { spec: { template: { spec: { containers: [{ name: 'worker', image: 'example.com/evil:1' }] } } } },
    ],
    ['an annotation of a target', annotations({ 'example.com/owner': 'me' })],
    [
      'the labels of a target, to call it a companion',
      { metadata: { labels: { [names.managedBy]: 'spillway' } } },
    ],
    ['whether a target is paused', { spec: { paused: true } }],
    ['the strategy of a target', { spec: { strategy: { type: 'Recreate', rollingUpdate: null } } }],
  ] as const) {
    test(`refuses to change ${what}`, async () => {
      assert.match(
        (await asSpillway(`deployment/${target}`, body)) ?? 'taken',
        /Of a target Spillway changes only the replicas/,
      );
    });
  }

  test('refuses to create or delete what no policy owns', async () => {
    const free = await companion('free', { ownerReferences: [] });
    assert.match((await on.create(spillway, free)) ?? 'taken', /creates only Deployments that belong/);
    assert.match(
      (await on.ask([spillway, 'delete', 'deployment', target])) ?? 'taken',
      /deletes only Deployments/,
    );
    assert.match(
      (await on.ask([spillway, 'delete', await on.firstPod()])) ?? 'taken',
      /deletes only burst pods/,
    );
  });

  test('refuses to write the spec of a policy', async () => {
    assert.match(
      (await asSpillway(`bp/${queueName}`, { spec: { dryRun: true } })) ?? 'taken',
      /only its finalizer/,
    );
  });

  test('judges nobody else', async () => {
    assert.equal(
      await on.patch(root, await on.firstPod(), annotations({ 'example.com/owner': 'me' })),
      undefined,
    );
  });

  test('lets it add the tolerations of virtual pools where Rescue is chosen, and no others', async () => {
    await on.release.did('upgrade', [chartDir], { ...admissionValues, rescue: { enabled: true } });
    await waitFor('the toleration to be taken', async () => {
      return (await tolerate('virtual-kubelet.io/provider')) === undefined;
    });
    assert.match(
      (await tolerate('node-role.kubernetes.io/control-plane')) ?? 'taken',
      /only the tolerations of virtual pools/,
    );
  });

  /** Adds one to those that the pod has. */
  async function tolerate(key: string): Promise<Verdict> {
    const pod = await on.firstPod();
    const { spec } = JSON.parse(await on.scene.kubectl(`get ${pod} -n ${namespace} -o json`)) as {
      spec: { tolerations: readonly object[] };
    };
    return asSpillway(pod, { spec: { tolerations: [...spec.tolerations, toleration(key)] } });
  }
});
