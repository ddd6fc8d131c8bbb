import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { waitFor } from '../../cluster/wait-for.ts';
import {
  type ContractCluster,
  conditionOf,
  isReady,
  makeRoom,
  podOf,
  type Room,
  refusal,
  type Seen,
} from './contract-cluster.ts';

const virtual = { nodeSelector: { type: 'virtual-kubelet' } };
const tolerations = [{ key: 'virtual-kubelet.io/provider', operator: 'Exists', effect: 'NoSchedule' }];

/** Where pods go, and how they end. */
export function schedulingContract(cluster: () => ContractCluster): void {
  describe('scheduling', () => {
    let room: Room;
    before(async () => {
      room = await makeRoom(cluster().client);
    });

    const stuck = async (name: string): Promise<Seen> =>
      waitFor(`${name} to be called unschedulable`, async () => {
        const pod = await room.get('pods', name);
        const { status, reason } = conditionOf(pod.status, 'PodScheduled') ?? {};
        return status === 'False' && reason === 'Unschedulable' && pod;
      });
    const running = async (name: string): Promise<Seen> =>
      waitFor(`${name} to be ready`, async () => {
        const pod = await room.get('pods', name);
        return isReady(pod) && pod;
      });
    const gone = (name: string): Promise<unknown> =>
      waitFor(`${name} to go`, async () =>
        (await room.list('pods')).items.every(({ metadata }) => metadata.name !== name),
      );
    const labelNode = (name: string, labels: object): Promise<unknown> =>
      room.client.request('PATCH', `/api/v1/nodes/${name}`, {
        body: { metadata: { labels } },
        contentType: 'application/merge-patch+json',
      });

    test('a pod that fits nowhere says so, and is bound when a node joins', async () => {
      await room.create('pods', podOf('early', { nodeSelector: { contract: 'late' } }));
      const pod = await stuck('early');
      assert.deepEqual([pod.status?.phase, pod.spec['nodeName']], ['Pending', undefined]);
      const node = await cluster().addVmNode();
      await labelNode(node, { contract: 'late' });
      const bound = await running('early');
      assert.equal(bound.spec['nodeName'], node);
      assert.equal(bound.status?.phase, 'Running');
      assert.equal(conditionOf(bound.status, 'PodScheduled')?.status, 'True');
    });

    test('a pod that asks for more than any node has is unschedulable', async () => {
      const resources = { requests: { cpu: '64' } };
      const containers = [{ name: 'app', image: 'example.com/app:1', resources }];
      await room.create('pods', podOf('huge', { containers, nodeSelector: { 'kubernetes.io/os': 'linux' } }));
      await stuck('huge');
      await room.remove('pods', 'huge');
    });

    test('the virtual node takes pods that tolerate it, added tolerations count', async () => {
      await room.create('pods', podOf('tolerates', { ...virtual, tolerations }));
      await room.create('pods', podOf('rescued', virtual));
      const there = await running('tolerates');
      assert.match(String(there.spec['nodeName']), /^virtual-node/);
      const pod = await stuck('rescued');
      const more = [...(pod.spec['tolerations'] as object[]), ...tolerations];
      await room.patch('pods', 'rescued', { spec: { tolerations: more } });
      assert.match(String((await running('rescued')).spec['nodeName']), /^virtual-node/);
    });

    test('tolerations are added and never taken away, and the rest of the spec stays', async () => {
      await room.create('pods', podOf('stubborn', { nodeSelector: { nowhere: 'yes' }, tolerations }));
      const path = room.path('pods', 'stubborn');
      for (const spec of [{ tolerations: [] }, { nodeSelector: { nowhere: 'no' } }]) {
        const how = { body: { spec }, contentType: 'application/merge-patch+json' } as const;
        assert.deepEqual(await refusal(room.client, 'PATCH', path, how), { status: 422, reason: 'Invalid' });
      }
      await room.remove('pods', 'stubborn');
      await gone('stubborn');
    });

    test('a cordoned node takes no new pods', async () => {
      const node = await cluster().addVmNode();
      await labelNode(node, { contract: 'cordoned' });
      const cordon = (unschedulable: boolean): Promise<unknown> =>
        room.client.request('PATCH', `/api/v1/nodes/${node}`, {
          body: { spec: { unschedulable } },
          contentType: 'application/merge-patch+json',
        });
      await cordon(true);
      await room.create('pods', podOf('waits', { nodeSelector: { contract: 'cordoned' } }));
      await stuck('waits');
      await cordon(false);
      assert.equal((await running('waits')).spec['nodeName'], node);
    });

    test('a deleted pod on the virtual node is marked first and goes when its grace period is over', async () => {
      await room.create(
        'pods',
        podOf('grace', { ...virtual, tolerations, terminationGracePeriodSeconds: 60 }),
      );
      await running('grace');
      const marked = (await room.remove('pods', 'grace', { gracePeriodSeconds: 2 })) as Seen;
      assert.equal(marked.kind, 'Pod');
      assert.equal(marked.metadata.deletionGracePeriodSeconds, 2);
      assert.ok(marked.metadata.deletionTimestamp !== undefined);
      await gone('grace');
    });

    test('a pod without a node, and one deleted with no grace, go at once', async () => {
      await room.create('pods', podOf('nowhere', { nodeSelector: { nowhere: 'yes' } }));
      await room.remove('pods', 'nowhere');
      assert.equal((await refusal(room.client, 'GET', room.path('pods', 'nowhere'))).status, 404);
      await room.create(
        'pods',
        podOf('forced', { ...virtual, tolerations, terminationGracePeriodSeconds: 60 }),
      );
      await running('forced');
      await room.remove('pods', 'forced', { gracePeriodSeconds: 0 });
      assert.equal((await refusal(room.client, 'GET', room.path('pods', 'forced'))).status, 404);
    });
  });
}
