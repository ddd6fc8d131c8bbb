import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../cluster/wait-for.ts';
import type { ControllerProcess } from './controller-process.ts';
import type { History } from './history.ts';
import { namespace, quickPolicy, redisSecret, type Scene, startScene, workerDeployment } from './scene.ts';
import { setBacklog } from './spike.ts';
import { exceptOwn, type RecordedWrite, writesIn } from './writes.ts';

const vmCapacity = 12;
const burst = 8;
/** Holds a policy for somebody else. */
const foreign = 'example.com/held';
const drain = 'spillway.dev/drain';
/** What a pod on the virtual node takes to go, busy or not. */
const graceSeconds = 5;

/** Keeps the namespace from going. */
const heldPod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'held', namespace, finalizers: [foreign] },
  spec: { containers: [{ name: 'main', image: 'example.com/held:1' }] },
};

describe('a namespace that is deleted while its policy bursts', () => {
  let scene: Scene;
  let history: History;
  let controller: ControllerProcess;

  before(async () => {
    scene = await startScene();
    history = await scene.history();
    controller = await scene.controller('spillway-0');
  });
  after(() => scene?.close());

  /** Makes the namespace anew, with a policy in it and so many jobs. */
  async function ready(jobs: number): Promise<void> {
    await scene.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await setBacklog(scene.queue, jobs);
    const spec = { terminationGracePeriodSeconds: graceSeconds };
    await scene.apply(redisSecret(scene.redis.url), workerDeployment({ spec }), quickPolicy());
  }
  /** The same with a burst. */
  async function bursting(): Promise<void> {
    await ready(vmCapacity + burst);
    await history.until('a burst', ({ asked, burstReady }) => asked === burst && burstReady === burst);
  }
  /** Writes to what is in the namespace: the lease is not. */
  const writesSince = (atMs: number): readonly RecordedWrite[] =>
    exceptOwn(writesIn(scene.cluster.auditEvents(), atMs));
  const finalizers = async (): Promise<readonly string[]> =>
    (await scene.policy().catch(() => undefined))?.metadata.finalizers ?? [];
  const seconds = (sinceMs: number): string => ((Date.now() - sinceMs) / 1000).toFixed(1);

  async function deleteNamespace(): Promise<number> {
    const atMs = Date.now();
    await scene.kubectl(`delete namespace ${namespace} --wait=false`);
    return atMs;
  }
  const gone = async (timeoutMs: number): Promise<unknown> =>
    waitFor(
      'the namespace to go',
      async () => (await scene.api.get(`/api/v1/namespaces/${namespace}`)) === undefined,
      timeoutMs,
    );
  /** What the controller was told off for, and what it complained of. */
  function expectNoTrouble(sinceMs: number): void {
    const writes = writesSince(sinceMs);
    const refused = writes.filter(({ succeeded, code }) => !succeeded && code !== 404 && code !== 409);
    const lines = controller
      .log()
      .filter(
        (line) => Date.parse(String(line['time'])) >= sinceMs && ['warn', 'error'].includes(line.level),
      );
    const told = JSON.stringify({ refused, lines });
    assert.deepEqual(
      lines.filter(({ level }) => level === 'error'),
      [],
      told,
    );
    assert.ok(refused.length <= 5 && lines.length <= 5, told);
  }

  test('is not held: the finalizer goes when nothing is left to drain', async (t) => {
    await scene.cluster.virtualNode.setDeletion('remove');
    await bursting();
    assert.deepEqual(await finalizers(), [drain]);
    const deletedAtMs = await deleteNamespace();
    await gone(60_000);
    t.diagnostic(`gone after ${seconds(deletedAtMs)} s, ${writesSince(deletedAtMs).length} writes`);
    expectNoTrouble(deletedAtMs);
  });

  test('nor where pods take their grace period to go, and workers are at work', async (t) => {
    await scene.cluster.virtualNode.setDeletion('kill');
    const workforce = await scene.workforce(60_000, { drains: true, killsBurst: true });
    await bursting();
    await waitFor('work', async () => (await scene.queue.getActiveCount()) >= vmCapacity);
    const deletedAtMs = await deleteNamespace();
    await waitFor('the policy to be let go', async () => (await finalizers()).length === 0, 45_000);
    t.diagnostic(`the policy was let go after ${seconds(deletedAtMs)} s`);
    await gone(90_000);
    t.diagnostic(`gone after ${seconds(deletedAtMs)} s, ${writesSince(deletedAtMs).length} writes`);
    expectNoTrouble(deletedAtMs);
    await workforce.close();
    await scene.cluster.virtualNode.setDeletion('remove');
    await scene.queue.obliterate({ force: true });
  });

  test('and a policy that somebody else holds there is left in peace', async (t) => {
    await bursting();
    await scene.patchPolicy({ metadata: { finalizers: [drain, foreign] } });
    const deletedAtMs = await deleteNamespace();
    await waitFor('ours to go', async () => (await finalizers()).join() === foreign, 60_000);
    t.diagnostic(`ours gone after ${seconds(deletedAtMs)} s`);
    await sleep(1_000);
    const settledAtMs = Date.now();
    await sleep(6_000);
    assert.deepEqual(writesSince(settledAtMs), []);
    expectNoTrouble(deletedAtMs);
    await scene.patchPolicy({ metadata: { finalizers: null } });
    await gone(60_000);
  });

  test('that cannot go because a pod is held in it gets no new burst, and is not asked again and again', async (t) => {
    await ready(vmCapacity);
    await history.until('full VMs', ({ placedReady }) => placedReady === vmCapacity);
    await scene.apply(heldPod);
    const deletedAtMs = await deleteNamespace();
    // Pods go first, the rest only when none is left (Kubernetes 1.33, OrderedNamespaceDeletion): the policy lives on.
    await history.until('no worker', ({ placed, pending }) => placed + pending === 0);
    await setBacklog(scene.queue, vmCapacity + burst);
    const told = await scene.condition('Limited', 'True', 'NamespaceTerminating');
    assert.match(told, /namespace .* is being deleted/);
    const askedAtMs = Date.now();
    await sleep(10_000);
    const writes = writesSince(askedAtMs);
    t.diagnostic(`${writes.length} writes in 10 s while the namespace cannot go`);
    assert.ok(
      writes.every(({ resource }) => resource === 'burstpolicies/status') && writes.length <= 2,
      JSON.stringify(writes),
    );
    assert.equal((await scene.policy()).metadata.deletionTimestamp, undefined);
    expectNoTrouble(deletedAtMs);
    await scene.kubectl(`patch pod held -n ${namespace} --type=merge -p {"metadata":{"finalizers":null}}`);
    await gone(60_000);
  });
});
