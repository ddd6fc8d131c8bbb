import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../cluster/wait-for.ts';
import type { Frame, History } from './history.ts';
import { namespace, quickPolicy, type Scene, startScene, workerDeployment } from './scene.ts';
import { setBacklog } from './spike.ts';
import { exceptOwn, writesIn } from './writes.ts';

const vmCapacity = 12;
const backlog = 20;

/** A quota on the pods of the namespace. */
function quota(pods: number, more = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'team', namespace },
    spec: { hard: { pods: String(pods), ...more } },
  };
}

describe('a ResourceQuota of the namespace', () => {
  let scene: Scene;
  let history: History;

  before(async () => {
    scene = await startScene();
    await scene.cluster.virtualNode.setDeletion('remove');
    history = await scene.history();
    await scene.controller('spillway-0');
    await scene.apply(workerDeployment(), quickPolicy());
    await setBacklog(scene.queue, vmCapacity);
    await history.until('full VMs', ({ placedReady }) => placedReady === vmCapacity);
  });
  after(() => scene?.close());

  /** Sets the quota; resolves when the API server counts by it. */
  async function setQuota(pods: number): Promise<void> {
    await scene.apply(quota(pods));
    await scene.kubectl(`wait quota/team -n ${namespace} --for=jsonpath={.status.hard.pods}=${pods}`);
  }
  /** Writes of the controller in the next `seconds`, renewals of its lease left out. */
  async function writesDuring(seconds: number): Promise<number> {
    const sinceMs = Date.now();
    await sleep(seconds * 1000);
    return exceptOwn(writesIn(scene.cluster.auditEvents(), sinceMs)).length;
  }
  const running =
    (burst: number) =>
    ({ asked, burstReady }: Frame): boolean =>
      asked === burst && burstReady === burst;

  test('bounds the burst to what it leaves, by name, and more comes when it is raised', async (t) => {
    await setQuota(vmCapacity + 3);
    await setBacklog(scene.queue, backlog);
    const told = await scene.condition('Limited', 'True', 'NamespaceQuota');
    assert.match(told, /ResourceQuota team/);
    await history.until('three burst replicas', running(3));
    assert.ok((await writesDuring(10)) <= 2, 'nothing is tried again and again');
    assert.deepEqual(history.latest.asked, 3);

    const raisedAtMs = Date.now();
    await setQuota(100);
    await history.until('the whole burst', running(backlog - vmCapacity));
    t.diagnostic(
      `the rest ran ${((Date.now() - raisedAtMs) / 1000).toFixed(1)} s after the quota was raised`,
    );
    await scene.condition('Limited', 'False');
  });

  test('that refuses pods of a companion has them asked for again when it is raised, and nothing turns in circles', async (t) => {
    const startedAtMs = Date.now();
    await setQuota(vmCapacity + 2);
    // Pods that are lost are not replaced: the quota is full.
    await scene.kubectl(`delete pods -n ${namespace} -l spillway.dev/burst=true --wait=false`);
    await history.until('two, and no more asked for', running(2));
    const told = await scene.condition('Limited', 'True', 'NamespaceQuota');
    assert.match(told, /ResourceQuota team/);
    t.diagnostic(`settled ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s after pods were refused`);
    const writes = await writesDuring(10);
    assert.ok(writes <= 2, `${writes} writes`);
    assert.ok(running(2)(history.latest));
    assert.equal(history.latest.placedReady, vmCapacity);

    const raisedAtMs = Date.now();
    await setQuota(100);
    await history.until('the whole burst', running(backlog - vmCapacity));
    t.diagnostic(`all ran ${((Date.now() - raisedAtMs) / 1000).toFixed(1)} s after the quota was raised`);
    await scene.condition('Limited', 'False');
  });

  test('that wants limits which the template does not say refuses every pod, and that is told', async () => {
    await scene.apply(quota(100, { 'limits.memory': '100Gi' }));
    await scene.kubectl(`delete pods -n ${namespace} -l spillway.dev/burst=true --wait=false`);
    const told = await waitFor('the refusal of all', async () => {
      const message = await scene.condition('Limited', 'True', 'PodsRefused');
      return history.latest.burst === 0 && message;
    });
    assert.match(told, /ResourceQuota team refuses \d burst pods? because the template does not say/);
    const writes = await writesDuring(10);
    assert.ok(writes <= 2, `${writes} writes`);
  });
});
