import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { AuditEvent } from '../cluster/audit.ts';
import { waitFor } from '../cluster/wait-for.ts';
import type { ControllerProcess } from './controller-process.ts';
import {
  fastPool,
  namespace,
  queueName,
  quickPolicy,
  type Scene,
  startScene,
  workerDeployment,
} from './scene.ts';
import { setBacklog } from './spike.ts';

const vmCapacity = 12;
/** One core and 0.2 GB of a pod cost so much per hour by the prices below. */
const pricePerReplica = 0.1;
const pricedPool = { ...fastPool, price: { perCpuHour: 0.1, perMemoryGbHour: 0 } };

interface EventList {
  readonly items: readonly { readonly reason: string; readonly note?: string }[];
}

/** The creation of a pod of a companion. */
function isBurstPod({ verb, objectRef, requestObject }: AuditEvent): boolean {
  const { metadata } = (requestObject ?? {}) as { readonly metadata?: { readonly generateName?: string } };
  const isPod = objectRef?.resource === 'pods' && objectRef.subresource === undefined;
  return verb === 'create' && isPod && metadata?.generateName?.includes('-burst-') === true;
}

describe('what limits a burst besides its policy', () => {
  let scene: Scene;
  let controller: ControllerProcess;

  before(async () => {
    scene = await startScene();
    await scene.cluster.virtualNode.setDeletion('remove');
    controller = await scene.controller('spillway-0', { virtualPools: [pricedPool] });
  });
  after(() => scene?.close());

  const granted = async (): Promise<number | undefined> => (await scene.policy()).status?.burst?.granted;
  const asked = async (): Promise<number> =>
    (await scene.companions()).reduce((sum, { spec }) => sum + spec.replicas, 0);
  const reasons = async (): Promise<readonly string[]> =>
    (
      (await scene.api.get<EventList>(`/apis/events.k8s.io/v1/namespaces/${namespace}/events`))?.items ?? []
    ).map(({ reason }) => reason);

  test('a budget per hour caps the burst to what it pays for, and status tells the cost', async () => {
    await scene.apply(
      workerDeployment(),
      quickPolicy({ burst: { budget: { maxRatePerHour: String(5 * pricePerReplica) } } }),
    );
    await setBacklog(scene.queue, vmCapacity + 20);
    await scene.condition('Limited', 'True', 'RatePerHour');
    await waitFor('five to run', async () => (await scene.policy()).status?.burst?.running === 5);
    assert.equal(await asked(), 5);
    const cost = await waitFor(
      'the cost to be told',
      async () => {
        const found = (await scene.policy()).status?.cost;
        return Number(found?.ratePerHour) > 0.49 && found;
      },
      30_000,
    );
    assert.ok(Number(cost.ratePerHour) <= 0.51, cost.ratePerHour);
  });

  test('what was spent survives the controller, whichever replica leads next', async () => {
    const spent = async (): Promise<number> => {
      const path = '/api/v1/namespaces/default/configmaps/spillway-ledger';
      const found = await scene.api.get<{ readonly data?: Readonly<Record<string, string>> }>(path);
      const ledger = JSON.parse(found?.data?.['ledger.json'] ?? '{}') as object;
      return JSON.stringify(ledger).includes(`${namespace}/${queueName}`) ? 1 : 0;
    };
    await waitFor('the ledger to know the policy', async () => (await spent()) > 0, 30_000);
    await controller.end();
    controller = await scene.controller('spillway-1', { virtualPools: [pricedPool] });
    await waitFor('five to be granted still', async () => (await granted()) === 5);
    assert.ok((await spent()) > 0);
    const text = await waitFor('the spend to be in the metrics', async () => {
      const page = await (await fetch(`${controller.url}/metrics`)).text();
      return /^spillway_burst_spent_24h\{[^}]*\} (\S+)$/m.exec(page)?.[1];
    });
    assert.ok(Number(text) > 0, text);
  });

  test('a provider that fails opens the breaker: its pods are given up, nothing is tried again and again, and it is told', async (t) => {
    await scene.clear();
    await scene.cluster.virtualNode.failCreates(
      "api call failed: container group quota 'StandardCores' exceeded in region 'eastus'. Limit: '10', Usage: '10' Requested: '1'",
    );
    const before = scene.cluster.auditEvents().filter(isBurstPod).length;
    await scene.apply(workerDeployment(), quickPolicy());
    await setBacklog(scene.queue, vmCapacity + 8);
    const message = await scene.condition('Limited', 'True', 'Breaker');
    assert.match(message, /quota/i);
    await waitFor('the failed pods to be given up', async () => (await asked()) === 0, 20_000);
    assert.ok((await reasons()).includes('BreakerOpened'));
    const page = await (await fetch(`${controller.url}/metrics`)).text();
    assert.match(page, /^spillway_burst_failures_total\{[^}]*cause="Quota"[^}]*\} [1-9]/m);

    // What cannot burst stays with the VM pool; after a minute one probe is let through, and with its success all others.
    await scene.cluster.virtualNode.failCreates(null);
    const startedMs = Date.now();
    await waitFor('the burst to come back', async () => (await asked()) === 8, 100_000);
    t.diagnostic(`back ${((Date.now() - startedMs) / 1000).toFixed(0)} s after the provider was well again`);
    await scene.condition('Bursting', 'True', 'Running');
    assert.ok((await reasons()).includes('BreakerClosed'));
    const made = scene.cluster.auditEvents().filter(isBurstPod).length - before;
    t.diagnostic(`${made} burst pods were made for 8 that run`);
    assert.ok(made <= 3 * 8, `${made} burst pods were made`);
  });
});
