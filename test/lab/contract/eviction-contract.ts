import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { applyWrite } from '../../../src/act/apply.ts';
import type { Write } from '../../../src/act/write.ts';
import { waitFor } from '../../cluster/wait-for.ts';
import {
  type ContractCluster,
  conditionOf,
  deploymentOf,
  isReady,
  jobOf,
  makeRoom,
  podOf,
  type Room,
  refusal,
  type Seen,
} from './contract-cluster.ts';

const provider = { key: 'virtual-kubelet.io/provider', operator: 'Exists', effect: 'NoSchedule' };
const fence = { holds: () => true };

/** What a rescue stands on: pods that are let on, and evictions that a budget may forbid. */
export function evictionContract(cluster: () => ContractCluster): void {
  describe('rescues', () => {
    let room: Room;
    before(async () => {
      await cluster().addVmNode();
      room = await makeRoom(cluster().client);
    });

    const send = (write: Write) => applyWrite(write, room.client, fence);
    const stuck = async (name: string): Promise<Seen> =>
      waitFor(`${name} to be called unschedulable`, async () => {
        const pod = await room.get('pods', name);
        return conditionOf(pod.status, 'PodScheduled')?.reason === 'Unschedulable' && pod;
      });
    const admission = ({ metadata, spec }: Seen): Write => ({
      kind: 'AdmitPod',
      namespace: room.namespace,
      name: metadata.name,
      resourceVersion: metadata.resourceVersion,
      tolerations: [...(spec['tolerations'] as []), provider],
      cost: -500,
      decisionId: 'contract-1',
    });
    const eviction = ({ metadata }: Seen): Write => ({
      kind: 'EvictPod',
      namespace: room.namespace,
      name: metadata.name,
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
      decisionId: 'contract-2',
    });
    const budget = (name: string, app: string, spec: object): Promise<Seen> =>
      room.create('poddisruptionbudgets', {
        metadata: { name },
        spec: { selector: { matchLabels: { app } }, ...spec },
      });
    const allowed = (name: string, disruptions: number): Promise<unknown> =>
      waitFor(`${disruptions} disruptions of ${name}`, async () => {
        const { metadata, status } = await room.get('poddisruptionbudgets', name);
        const seen = status?.['observedGeneration'] === metadata.generation;
        return seen && status?.['disruptionsAllowed'] === disruptions;
      });

    test('a stuck pod that is let on keeps its tolerations and says by which decision, and runs', async () => {
      const name = 'let-on';
      await room.create('pods', podOf(name, { nodeSelector: { type: 'virtual-kubelet' } }));
      const before = await stuck(name);
      assert.equal((await send(admission(before))).state, 'done');
      const after = await waitFor('the pod to run', async () => {
        const pod = await room.get('pods', name);
        return isReady(pod) && pod;
      });
      assert.deepEqual(after.spec['tolerations'], [...(before.spec['tolerations'] as []), provider]);
      assert.equal(after.metadata.annotations?.['spillway.dev/rescued'], 'contract-1');
      assert.equal(after.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'], '-500');
      assert.equal((await send(admission(before))).state, 'conflict');
    });

    test('a pod of a Job that may not change its template takes the toleration', async () => {
      await room.create('jobs', jobOf('render', { nodeSelector: { type: 'virtual-kubelet' } }));
      const [made] = await waitFor('the pod of the Job', async () => {
        const { items } = await room.list('pods', '?labelSelector=app=render');
        return items.length > 0 && items;
      });
      const pod = await stuck(made?.metadata.name ?? '');
      assert.equal((await send(admission(pod))).state, 'done');
      await waitFor('the pod to be bound', async () =>
        String((await room.get('pods', pod.metadata.name)).spec['nodeName']).startsWith('virtual-node'),
      );
    });

    test('an eviction is for the pod that was seen, and a budget may forbid it for now', async () => {
      await room.create('deployments', deploymentOf('guarded', 2));
      const guarded = async (): Promise<readonly Seen[]> =>
        (await room.pods()).filter(({ metadata }) => metadata.labels?.['app'] === 'guarded');
      await waitFor('both to be ready', async () => {
        const pods = await guarded();
        return pods.length === 2 && pods.every(isReady);
      });
      const [first] = await guarded();
      assert.ok(first !== undefined);
      // Under a budget a real API server spends it before it looks at UID and version.
      const stale = { ...first, metadata: { ...first.metadata, resourceVersion: '1' } };
      assert.equal((await send(eviction(stale))).state, 'conflict');
      const other = {
        ...first,
        metadata: { ...first.metadata, uid: '00000000-0000-4000-8000-000000000000' },
      };
      assert.equal((await send(eviction(other))).state, 'conflict');
      await budget('guarded', 'guarded', { minAvailable: 2 });
      await allowed('guarded', 0);
      assert.equal((await send(eviction(first))).state, 'forbidden');
      assert.equal((await guarded()).length, 2);
      await room.patch('poddisruptionbudgets', 'guarded', { spec: { minAvailable: 1 } });
      await allowed('guarded', 1);
      assert.equal((await send(eviction(first))).state, 'done');
      await waitFor('the replacement', async () => {
        const pods = await guarded();
        return pods.length === 2 && pods.every(({ metadata }) => metadata.uid !== first.metadata.uid);
      });
    });

    test('two budgets over one pod are too many, and a pod without a node is asked of none', async () => {
      await room.create('pods', podOf('twice'));
      await waitFor('the pod to run', async () => isReady(await room.get('pods', 'twice')));
      await budget('one', 'twice', { minAvailable: 0 });
      await budget('two', 'twice', { minAvailable: 0 });
      await allowed('two', 1);
      const evict = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'twice' } };
      const path = room.path('pods', 'twice/eviction');
      assert.equal((await refusal(room.client, 'POST', path, { body: evict })).status, 500);

      await room.create('pods', podOf('homeless', { nodeSelector: { nowhere: 'yes' } }));
      await budget('all', 'homeless', { minAvailable: 1 });
      assert.equal((await send(eviction(await stuck('homeless')))).state, 'done');
    });
  });
}
