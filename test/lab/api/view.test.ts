import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import { isStatus } from '../../../src/cluster/api-error.ts';
import { unknownGrowth } from '../../../src/cluster/autoscaler.ts';
import { Lease } from '../../../src/cluster/lease.ts';
import { ClusterView } from '../../../src/cluster/view.ts';
import { defaultVirtualPools } from '../../../src/cluster/virtual-nodes.ts';
import { resolvePolicy } from '../../../src/policy/resolve.ts';
import type { BurstPolicy } from '../../../src/policy/schema.ts';
import { waitFor } from '../../cluster/wait-for.ts';
import { deploymentOf, makeRoom, policyOf, type Room } from '../contract/contract-cluster.ts';
import { type LabCluster, startLabCluster } from './lab-cluster.ts';

describe("Spillway's own view of a lab", () => {
  let lab: LabCluster;
  let room: Room;
  before(async () => {
    lab = await startLabCluster();
    room = await makeRoom(lab.client);
  });
  after(() => lab.close());

  for (const listing of ['stream', 'pages'] as const) {
    test(`it syncs by ${listing}, sees nodes, room and pods, and follows changes`, async (t) => {
      const stop = new AbortController();
      const problems: unknown[] = [];
      const view = new ClusterView({
        client: lab.client,
        clock: systemClock,
        config: { namespaces: 'all', virtualPools: defaultVirtualPools },
        onProblem: (_, error) => problems.push(error),
        tuning: { listing, pageSize: 1 },
      });
      t.after(() => stop.abort());
      const running = view.run(stop.signal);
      await view.synced;
      assert.equal(view.store.nodes.size, 3);
      const name = `worker-${listing}`;
      await room.create('deployments', deploymentOf(name, 3));
      const targetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
      const made = await room.create(
        'burstpolicies',
        policyOf(name, { targetRef, burst: { maxReplicas: 2 } }),
      );
      const policy = resolvePolicy(made as unknown as BurstPolicy);
      await waitFor('three ready pods in the view', () => {
        const target = view.targetOf(policy);
        return target?.pods.length === 3 && target.pods.every(({ ready }) => ready);
      });
      const target = view.targetOf(policy);
      assert.ok(target !== undefined);
      const pool = view.vmPool(target, view.shapeOf(target), unknownGrowth);
      assert.deepEqual([pool.matchingNodes, pool.groups.reduce((sum, { nodes }) => sum + nodes, 0)], [2, 2]);
      assert.equal(view.virtualPool()?.observation.readyNodes, 1);
      await waitFor('the policy in the view', () => view.policies().some((each) => each.name === name));
      await room.remove('deployments', name);
      await waitFor('the target to go from the view', () => view.targetOf(policy) === undefined);
      // KEDA and ResourceQuotas are not served here, and that is all that is told.
      assert.deepEqual(
        problems.filter((error) => !isStatus(error, 404)),
        [],
      );
      stop.abort();
      await running;
    });
  }

  test('it takes and gives back its lease', async () => {
    const stop = new AbortController();
    const lease = new Lease({
      client: lab.client,
      clock: systemClock,
      namespace: room.namespace,
      name: 'spillway',
      identity: 'tester',
    });
    const running = lease.run(stop.signal);
    await waitFor('the lease', () => lease.holds());
    stop.abort();
    await running;
    const path = `/apis/coordination.k8s.io/v1/namespaces/${room.namespace}/leases/spillway`;
    const { spec } = (await lab.client.request('GET', path)) as { spec: { holderIdentity: string } };
    assert.equal(spec.holderIdentity, '');
  });
});
