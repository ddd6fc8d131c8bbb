import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import { watchStream } from '../../../src/cluster/watch-stream.ts';
import { waitFor } from '../../cluster/wait-for.ts';
import {
  conditionOf,
  type ContractCluster,
  deploymentOf,
  isReady,
  makeRoom,
  policyOf,
  type Room,
  type Seen,
} from './contract-cluster.ts';

/** What controllers make of Deployments, and take away again. */
export function workloadContract(cluster: () => ContractCluster): void {
  describe('workloads', () => {
    let room: Room;
    before(async () => {
      await cluster().addVmNode();
      await cluster().addVmNode();
    });
    const fresh = async (): Promise<Room> => (room = await makeRoom(cluster().client));

    const names = (pods: readonly Seen[]): readonly string[] =>
      pods.map(({ metadata }) => metadata.name).toSorted();

    test('a Deployment makes a ReplicaSet, that makes pods, each owned by its maker', async () => {
      await fresh();
      const { metadata } = await room.create('deployments', deploymentOf('chain', 2));
      const pods = await room.readyPods(2);
      const { items } = await room.list('replicasets');
      assert.equal(items.length, 1);
      const [set] = items;
      const ownerOf = ({ metadata: { ownerReferences } }: Seen): unknown =>
        ownerReferences?.map(({ kind, uid, controller }) => ({ kind, uid, controller }));
      assert.deepEqual(set && ownerOf(set), [{ kind: 'Deployment', uid: metadata.uid, controller: true }]);
      for (const pod of pods) {
        assert.deepEqual(ownerOf(pod), [{ kind: 'ReplicaSet', uid: set?.metadata.uid, controller: true }]);
        assert.equal(pod.metadata.labels?.['pod-template-hash'], set?.metadata.labels?.['pod-template-hash']);
      }
      assert.equal(set?.metadata.annotations?.['deployment.kubernetes.io/revision'], '1');
      const told = await waitFor('the status of the Deployment', async () => {
        const { status } = await room.get('deployments', 'chain');
        return status?.['readyReplicas'] === 2 && status['observedGeneration'] === 1 && status;
      });
      assert.deepEqual([told['replicas'], told['updatedReplicas'], told['availableReplicas']], [2, 2, 2]);
    });

    test('a pod that is deleted is replaced', async () => {
      await fresh();
      await room.create('deployments', deploymentOf('again', 1));
      const [first] = await room.readyPods(1);
      await room.remove('pods', first?.metadata.name ?? '');
      await waitFor('the replacement', async () => {
        const pods = await room.pods();
        return pods.length === 1 && pods.every(isReady) && pods[0]?.metadata.uid !== first?.metadata.uid;
      });
    });

    test('a Job counts a pod that is deleted before it ended as a failure', async () => {
      await fresh();
      const containers = [{ name: 'app', image: 'example.com/app:1' }];
      const template = { spec: { restartPolicy: 'OnFailure', containers } };
      await room.create('jobs', {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'lost' },
        spec: { backoffLimit: 0, template },
      });
      const [first] = await room.readyPods(1);
      await room.remove('pods', first?.metadata.name ?? '', { gracePeriodSeconds: 0 });
      const status = await waitFor('the Job to give up', async () => {
        const told = (await room.get('jobs', 'lost')).status;
        return conditionOf(told, 'Failed')?.status === 'True' && told;
      });
      assert.equal(status['failed'], 1);
      assert.equal(conditionOf(status, 'Failed')?.reason, 'BackoffLimitExceeded');
    });

    test('scaling down takes pods that have no node first', async () => {
      await fresh();
      await room.create('replicasets', { ...deploymentOf('first', 2), kind: 'ReplicaSet' });
      const kept = names(await room.readyPods(2));
      // A ReplicaSet takes its new template for new pods only.
      const template = { spec: { nodeSelector: { nowhere: 'yes' } } };
      await room.patch('replicasets', 'first', { spec: { replicas: 3, template } });
      await waitFor('a pending pod', async () => (await room.pods()).length === 3);
      await room.patch('replicasets', 'first/scale', { spec: { replicas: 2 } });
      assert.deepEqual(await waitFor('two pods', () => namesWhen(room, 2)), kept);
    });

    test('scaling down takes the pod of the lowest deletion cost first', async () => {
      await fresh();
      await room.create('deployments', deploymentOf('cost', 3));
      const pods = await room.readyPods(3);
      const [cheap] = pods.toReversed().slice(1);
      for (const pod of pods) {
        const cost = pod === cheap ? '-10' : '10';
        await room.patch('pods', pod.metadata.name, {
          metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } },
        });
      }
      await room.patch('deployments', 'cost/scale', { spec: { replicas: 2 } });
      const left = await waitFor('two pods', () => namesWhen(room, 2));
      assert.deepEqual(left, names(pods.filter((pod) => pod !== cheap)));
    });

    test('scaling down takes the pod that has been ready for less time first', async () => {
      await fresh();
      await room.create('deployments', deploymentOf('newer', 1));
      const [older] = await room.readyPods(1);
      // Real controllers compare the powers of two of the ages, and times are whole seconds.
      await cluster().pass(3.5);
      await room.patch('deployments', 'newer/scale', { spec: { replicas: 2 } });
      await room.readyPods(2);
      await room.patch('deployments', 'newer/scale', { spec: { replicas: 1 } });
      assert.deepEqual(await waitFor('one pod', () => namesWhen(room, 1)), [older?.metadata.name]);
    });

    test('a rolling update keeps to maxSurge and maxUnavailable', async () => {
      await fresh();
      const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } };
      await room.create('deployments', deploymentOf('rolling', 4, {}, { strategy }));
      const before = await room.readyPods(4);
      const known = new Map(before.map((pod) => [pod.metadata.uid, pod]));
      const { metadata } = await room.list('pods');
      const containers = [{ name: 'app', image: 'example.com/app:2' }];
      await room.client.request('PATCH', room.path('deployments', 'rolling'), {
        body: { spec: { template: { spec: { containers } } } },
        contentType: 'application/strategic-merge-patch+json',
      });
      const path = `${room.path('pods')}?watch=true&resourceVersion=${metadata.resourceVersion}`;
      const signal = AbortSignal.timeout(20_000);
      for await (const { type, object } of watchStream(path, {
        client: room.client,
        clock: systemClock,
        signal,
        stallMs: () => 20_000,
      })) {
        const pod = object as unknown as Seen;
        if (type === 'DELETED') known.delete(pod.metadata.uid);
        else known.set(pod.metadata.uid, pod);
        const live = [...known.values()].filter((each) => each.metadata.deletionTimestamp === undefined);
        assert.ok(live.length <= 5, `${live.length} pods at once`);
        assert.ok(live.filter(isReady).length >= 3, 'too few ready pods');
        const fresh = live.filter((each) => !before.some((old) => old.metadata.uid === each.metadata.uid));
        if (fresh.length === 4 && live.length === 4 && live.every(isReady)) break;
      }
      const { items } = await room.list('replicasets');
      assert.deepEqual(
        items.map(({ spec }) => Number(spec['replicas'])).toSorted((a, b) => a - b),
        [0, 4],
      );
    });

    test('what a policy owns goes with it, down to the pods', async () => {
      await fresh();
      const targetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' };
      const { metadata } = await room.create(
        'burstpolicies',
        policyOf('owner', { targetRef, burst: { maxReplicas: 1 } }),
      );
      const companion = deploymentOf('companion', 2) as { metadata: object };
      const { apiVersion, kind } = { apiVersion: 'spillway.dev/v1alpha1', kind: 'BurstPolicy' };
      const owner = {
        apiVersion,
        kind,
        name: 'owner',
        uid: metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      };
      await room.create('deployments', {
        ...companion,
        metadata: { ...companion.metadata, ownerReferences: [owner] },
      });
      await room.readyPods(2);
      await room.remove('burstpolicies', 'owner', { propagationPolicy: 'Background' });
      const empty = async (): Promise<boolean> => {
        const plurals = ['deployments', 'replicasets', 'pods'];
        const lists = await Promise.all(plurals.map((each) => room.list(each)));
        return lists.every(({ items }) => items.length === 0);
      };
      // A real garbage collector learns of new kinds of owners every 30 s.
      await waitFor('everything to go', empty, 90_000);
    });

    test('a Deployment that is deleted in the foreground goes after its pods', async () => {
      await fresh();
      await room.create('deployments', deploymentOf('last', 1));
      await room.readyPods(1);
      await room.remove('deployments', 'last', { propagationPolicy: 'Foreground' });
      await waitFor('the Deployment to go', async () => (await room.list('deployments')).items.length === 0);
      assert.deepEqual((await room.list('pods')).items, []);
    });

    test('orphans stay', async () => {
      await fresh();
      await room.create('deployments', deploymentOf('parent', 1));
      const before = names(await room.readyPods(1));
      await room.remove('deployments', 'parent', { propagationPolicy: 'Orphan' });
      await waitFor('the Deployment to go', async () => (await room.list('deployments')).items.length === 0);
      const { items } = await room.list('replicasets');
      assert.deepEqual(
        items.map(({ metadata }) => metadata.ownerReferences ?? []),
        [[]],
      );
      assert.deepEqual(names(await room.pods()), before);
    });
  });
}

async function namesWhen(room: Room, count: number): Promise<readonly string[] | undefined> {
  const pods = await room.pods();
  return pods.length === count ? pods.map(({ metadata }) => metadata.name).toSorted() : undefined;
}
