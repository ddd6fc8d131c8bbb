import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, type TestContext, test } from 'node:test';
import { freePort } from '../../../src/commands/redis-server.ts';
import { startFakeArm } from '../../../src/lab/azure/fake-arm.ts';
import { worldArm } from '../../../src/lab/azure/world-arm.ts';
import { constant } from '../../../src/lab/world/distribution.ts';
import { waitFor as waitForSeconds } from '../../cluster/wait-for.ts';
import { startLabCluster } from '../api/lab-cluster.ts';
import { deploymentOf, makeRoom, policyOf, type Seen } from '../contract/contract-cluster.ts';
import { configOf, ids } from './given.ts';

/** Four controllers start at once here: on a busy machine that takes its time. */
const waitFor: typeof waitForSeconds = (what, look) => waitForSeconds(what, look, 90_000);

const oneCore = {
  terminationGracePeriodSeconds: 1,
  containers: [
    { name: 'app', image: 'example.com/app:1', resources: { requests: { cpu: '1', memory: '64Mi' } } },
  ],
};

/** The real controller as a process, on a lab with one VM of two cores and a fake ARM that shows its virtual node. */
async function start(t: TestContext, azure: Readonly<Record<string, unknown>> = {}) {
  const settings = {
    startMs: constant(50),
    quotaCores: 10,
    createsPer5Minutes: 1000,
    createsPerHour: 1000,
  };
  const lab = await startLabCluster({
    scenario: {
      pools: [{ name: 'vm', nodes: 1, cpu: '2', memory: '8Gi' }],
      virtualNodes: [{ settings }],
    },
  });
  t.after(() => lab.close());
  const node = [...lab.world.virtualNodes.values()][0] ?? assert.fail('no virtual node');
  const state = worldArm(lab.world, node);
  const fake = await startFakeArm({ state, ...ids, catchUp: () => lab.catchUp() });
  t.after(() => fake.close());
  const room = await makeRoom(lab.client);
  const [config, ca, token] = ['spillway.yaml', 'ca.pem', 'token'].map((name) => join(lab.dir, name));
  const http = { host: '127.0.0.1', port: await freePort() };
  writeFileSync(ca ?? '', fake.ca);
  writeFileSync(token ?? '', 'a token of the cluster');
  writeFileSync(
    config ?? '',
    JSON.stringify({
      http,
      lease: { namespace: room.namespace },
      azure: { ...configOf(fake), usageEverySeconds: 5, groupsEverySeconds: 5, ...azure },
    }),
  );
  const controller = spawn(
    process.execPath,
    ['src/cli.ts', 'run', '--kubeconfig', lab.kubeconfigPath, '--config', config ?? ''],
    {
      env: {
        ...process.env,
        POD_NAME: 'spillway-0',
        NODE_EXTRA_CA_CERTS: ca,
        AZURE_FEDERATED_TOKEN_FILE: token,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const log = text(controller.stdout);
  const errors = text(controller.stderr);
  const ended = once(controller, 'exit');
  t.after(() => void controller.kill('SIGKILL'));
  const companion = async (): Promise<Seen | undefined> =>
    (await room.list('deployments')).items.find(({ metadata }) => metadata.name.startsWith('worker-burst-'));
  const metric = async (name: string): Promise<number | undefined> => {
    const page = await (await fetch(`http://127.0.0.1:${http.port}/metrics`)).text();
    const value = page.split('\n').find((line) => line.startsWith(`${name} `));
    return value === undefined ? undefined : Number(value.split(' ').at(-1));
  };
  return { lab, node, state, fake, room, controller, log, errors, ended, companion, metric };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

const targetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' };
const burst = { maxReplicas: 60, reclaim: { after: '1s' } };

const nobody = 'https://localhost:1';
const dead = { endpoint: nobody, authorityHost: nobody, audience: nobody };

describe('the controller with Azure', { concurrency: true }, () => {
  test('with a quota of 10 cores a demand of 40 bursts exactly what fits, says so, and goes on when it is raised', {
    timeout: 240_000,
  }, async (t) => {
    const { node, room, lab, companion, metric, controller, ended, log } = await start(t);
    await room.create('deployments', deploymentOf('worker', 42, oneCore));
    await room.create('burstpolicies', policyOf('thumbnails', { targetRef, burst }));
    const ready = (replicas: number) => async () =>
      (await companion())?.status?.['readyReplicas'] === replicas;
    await waitFor('ten burst replicas', ready(10));
    const condition = await waitFor('the status', async () => {
      const { status } = await room.get('burstpolicies', 'thumbnails');
      const conditions = (status?.['conditions'] ?? []) as readonly Condition[];
      const limited = conditions.find(({ type }) => type === 'Limited');
      return limited?.message?.includes('10 of 10 in use') === true && limited;
    });
    assert.equal(condition.reason, 'ProviderQuota');
    assert.match(condition.message ?? '', /StandardCores/);
    assert.equal((await companion())?.spec['replicas'], 10);
    assert.equal(await metric('spillway_azure_quota_used{name="StandardCores"}'), 10);
    assert.equal(await metric('spillway_azure_quota_free{name="StandardCores"}'), 0);

    lab.catchUp();
    node.change({ quotaCores: 25 });
    await waitFor('what fits then', ready(25));
    lab.catchUp();
    node.change({ quotaCores: 100 });
    await waitFor('the rest', ready(40));
    // The provider has never refused anything: nobody asked for more than there was.
    const { items } = await room.list('pods');
    assert.equal(items.filter(({ status }) => status?.['reason'] === 'ProviderFailed').length, 0);
    await waitFor(
      'starts to be measured',
      async () => ((await metric('spillway_azure_group_start_seconds_count')) ?? 0) >= 1,
    );
    controller.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
    assert.doesNotMatch(await log, /a token of the cluster|Bearer|client_assertion/);
  });

  for (const orphans of ['report', 'reap'] as const) {
    const title =
      orphans === 'report'
        ? 'found, shown, and left alone unless that is asked for'
        : 'deleted when that is asked for';
    test(`an orphan is ${title}`, { timeout: 240_000 }, async (t) => {
      const scene = await start(t, { orphans, orphanGraceSeconds: 12 });
      const { lab, room, state, fake, companion, metric, controller, ended } = scene;
      await room.create('deployments', deploymentOf('worker', 3, oneCore));
      await room.create('burstpolicies', policyOf('thumbnails', { targetRef, burst }));
      await waitFor('a burst replica', async () => (await companion())?.status?.['readyReplicas'] === 1);
      lab.catchUp();
      assert.ok(state.leaveBehind());
      await room.remove('burstpolicies', 'thumbnails');
      await waitFor('the companion to go', async () => (await companion()) === undefined);
      await waitFor('the orphan to be told', async () => (await metric('spillway_azure_orphans')) === 1);
      const events = async (reason: string) => {
        const list = await lab.client.request('GET', '/apis/events.k8s.io/v1/namespaces/default/events');
        return (list as { items: { reason: string; note: string }[] }).items.filter(
          (one) => one.reason === reason,
        );
      };
      const [found] = await waitFor('the event', async () => {
        const all = await events('OrphanFound');
        return all.length > 0 && all;
      });
      assert.match(found?.note ?? '', /has no pod any more/);
      if (orphans === 'reap') {
        await waitFor('its end', async () => (await events('OrphanReaped')).length === 1);
        assert.equal(state.left, 0);
        await waitFor('none to be told', async () => (await metric('spillway_azure_orphans')) === 0);
      } else {
        const looks = fake.calls.filter(({ api }) => api === 'groups').length;
        await waitFor('two more looks', () =>
          Promise.resolve(fake.calls.filter(({ api }) => api === 'groups').length >= looks + 2),
        );
        assert.equal(state.left, 1);
      }
      const deletions = fake.calls.filter(({ api }) => api === 'delete').length;
      assert.equal(deletions, orphans === 'reap' ? 1 : 0);
      controller.kill('SIGTERM');
      await ended;
    });
  }

  test('an unknown region ends the start with its code', async (t) => {
    const { errors, ended } = await start(t, { region: 'nowhere' });
    assert.deepEqual(await ended, [2, null]);
    assert.match(await errors, /region nowhere.*\[AZURE_REGION_UNKNOWN\]/);
  });

  test('an ARM that is down ends no start and holds no burst back', async (t) => {
    const { room, companion } = await start(t, { cloud: dead, whenUnknown: 'Unlimited' });
    await room.create('deployments', deploymentOf('worker', 6, oneCore));
    await room.create('burstpolicies', policyOf('thumbnails', { targetRef, burst }));
    await waitFor('the burst', async () => (await companion())?.status?.['readyReplicas'] === 4);
    await waitFor('the reason', async () => {
      const { status } = await room.get('burstpolicies', 'thumbnails');
      const last = status?.['lastDecision'] as { reasons: { code: string }[] } | undefined;
      return last?.reasons.some(({ code }) => code === 'QuotaUnknown') === true;
    });
  });
});
