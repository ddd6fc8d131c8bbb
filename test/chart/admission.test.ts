import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { names } from '../../src/act/names.ts';
import { waitFor } from '../cluster/wait-for.ts';
import {
  namespace,
  observingPolicy,
  queueName,
  quickPolicy,
  type Scene,
  startScene,
  target,
  workerDeployment,
} from '../e2e/scene.ts';
import { chartDir } from './helm.ts';
import { Release } from './release.ts';
import { releaseNamespace } from './render.ts';

const values = { namespaces: [namespace], admission: { ownAccount: true, authors: true } };
const toleration = (key: string): object => ({ key, operator: 'Exists', effect: 'NoSchedule' });

/** What the API server said: undefined where it took the request. */
type Verdict = string | undefined;

describe('the admission policies', () => {
  let scene: Scene;
  let release: Release;

  before(async () => {
    scene = await startScene();
    release = new Release(scene);
    // The type was installed by kubectl before: Helm takes it only where it is told to.
    const { stderr } = await release.helm('install', [chartDir, '--create-namespace'], values);
    assert.match(stderr, /burstpolicies\.spillway\.dev" in namespace "" exists and cannot be imported/);
    await release.did('install', [chartDir, '--create-namespace', '--take-ownership'], values);
    // The policies have to hold whatever RBAC allows, and kubectl reads before it writes.
    await scene.kubectl(
      `create clusterrolebinding all --clusterrole=cluster-admin --serviceaccount=${releaseNamespace}:spillway --user=root`,
    );
    await scene.apply(workerDeployment(), observingPolicy());
    await waitFor('two pods', async () => (await podNames(`app=thumbnails`)).length === 2);
    await waitFor('the policies to be in force', async () =>
      /creates no pods/.test((await createPod()) ?? ''),
    );
  });
  after(() => scene?.close());

  async function podNames(selector: string): Promise<readonly string[]> {
    const text = await scene.kubectl(`get pods -n ${namespace} -l ${selector} -o name`);
    return text.split('\n').filter((line) => line !== '');
  }

  /** Asks with kubectl and these arguments. */
  async function ask(args: readonly string[], input?: object): Promise<Verdict> {
    const given = input === undefined ? {} : { input: JSON.stringify(input) };
    const { code, stderr } = await scene.cluster.kubectl(['-n', namespace, ...args], given);
    return code === 0 ? undefined : stderr;
  }

  const spillway = `--as=system:serviceaccount:${releaseNamespace}:spillway`;
  const patch = (who: string, what: string, body: object): Promise<Verdict> =>
    ask([who, 'patch', ...what.split('/'), '--type=merge', '-p', JSON.stringify(body)]);
  const asSpillway = (what: string, body: object): Promise<Verdict> => patch(spillway, what, body);
  const createPod = (): Promise<Verdict> =>
    ask([spillway, 'create', '--dry-run=server', '-f', '-'], {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'own' },
      spec: { containers: [{ name: 'own', image: 'example.com/own:1' }] },
    });
  const annotations = (given: object): object => ({ metadata: { annotations: given } });

  async function firstPod(): Promise<string> {
    const [pod = ''] = await podNames('app=thumbnails');
    return pod;
  }

  async function companion(name: string, more: object = {}): Promise<object> {
    const { metadata } = await scene.policy(queueName);
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
  const create = async (who: string, object: object): Promise<Verdict> =>
    ask([who, 'create', '-f', '-'], object);

  describe('for its own account', () => {
    test('let it do all that it does', async () => {
      const pod = await firstPod();
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
      assert.equal(
        await asSpillway(`bp/${queueName}`, { metadata: { finalizers: [names.drain] } }),
        undefined,
      );
      assert.equal(await create(spillway, await companion('one')), undefined);
      assert.equal(
        await asSpillway('deployment/one', {
          metadata: { labels: { [names.managedBy]: 'spillway' } },
          spec: { template: { metadata: { annotations: { mended: 'yes' } } } },
        }),
        undefined,
      );
      const burst = await waitFor('a burst pod', async () => (await podNames(`${names.burst}=true`))[0]);
      assert.equal(await ask([spillway, 'delete', burst, '--wait=false']), undefined);
      assert.equal(await ask([spillway, 'delete', 'deployment', 'one']), undefined);
    });

    test('a companion that --cascade=orphan has set free may still be deleted', async () => {
      assert.equal(await create('--as=root', await companion('free', { ownerReferences: [] })), undefined);
      assert.equal(await ask([spillway, 'delete', 'deployment', 'free']), undefined);
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
      test(`refuse to change ${what}`, async () => {
        const pod = await firstPod();
        const strategic = ['patch', ...pod.split('/'), '--type=strategic', '-p', JSON.stringify(body)];
        assert.match((await ask([spillway, ...strategic])) ?? 'taken', told);
      });
    }

    test('refuse tolerations, unless Rescue is chosen', async () => {
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
      test(`refuse to change ${what}`, async () => {
        assert.match(
          (await asSpillway(`deployment/${target}`, body)) ?? 'taken',
          /Of a target Spillway changes only the replicas/,
        );
      });
    }

    test('refuse to create or delete what no policy owns', async () => {
      const free = await companion('free', { ownerReferences: [] });
      assert.match((await create(spillway, free)) ?? 'taken', /creates only Deployments that belong/);
      assert.match(
        (await ask([spillway, 'delete', 'deployment', target])) ?? 'taken',
        /deletes only Deployments/,
      );
      assert.match((await ask([spillway, 'delete', await firstPod()])) ?? 'taken', /deletes only burst pods/);
    });

    test('refuse to write the spec of a policy', async () => {
      assert.match(
        (await asSpillway(`bp/${queueName}`, { spec: { dryRun: true } })) ?? 'taken',
        /only its finalizer/,
      );
    });

    test('judge nobody else', async () => {
      assert.equal(
        await patch('--as=root', await firstPod(), annotations({ 'example.com/owner': 'me' })),
        undefined,
      );
    });

    test('let it add the tolerations of virtual pools where Rescue is chosen, and no others', async () => {
      await release.did('upgrade', [chartDir], { ...values, rescue: { enabled: true } });
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
      const pod = await firstPod();
      const { spec } = JSON.parse(await scene.kubectl(`get ${pod} -n ${namespace} -o json`)) as {
        spec: { tolerations: readonly object[] };
      };
      return asSpillway(pod, { spec: { tolerations: [...spec.tolerations, toleration(key)] } });
    }
  });

  describe('for authors', () => {
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
      await scene.apply(
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
      (await ask([who, 'create', '--dry-run=server', '-f', '-'], policy)) ?? 'taken';

    test('ask step by step for what Spillway will do', async () => {
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

    test('judge an update only where it asks for something new', async () => {
      await allow([policyRule]);
      await waitFor('the rights to be gone', async () =>
        /may not scale/.test(await tried(observingPolicy({ name: 'bens' }))),
      );
      assert.equal(
        await patch(ben, `bp/${queueName}`, { metadata: { labels: { team: 'media' } } }),
        undefined,
      );
      assert.match(
        (await patch(ben, `bp/${queueName}`, { spec: { priority: 5 } })) ?? 'taken',
        /may not scale/,
      );
    });

    test('let those who may edit the namespace write policies with 16 Secrets', async () => {
      await scene.kubectl(`create rolebinding ana -n ${namespace} --clusterrole=edit --user=ana`);
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
});
