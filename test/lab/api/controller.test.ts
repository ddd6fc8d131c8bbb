import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../src/commands/redis-server.ts';
import { waitFor } from '../../cluster/wait-for.ts';
import { deploymentOf, makeRoom, policyOf, type Seen } from '../contract/contract-cluster.ts';
import { startLabCluster } from './lab-cluster.ts';

/** The real controller as a process, on a lab with one VM node of two cores and a namespace of its own. */
async function start(t: TestContext) {
  const pools = [{ name: 'vm', nodes: 1, cpu: '2', memory: '8Gi' }];
  const lab = await startLabCluster({ scenario: { pools } });
  t.after(() => lab.close());
  const room = await makeRoom(lab.client);
  const config = join(lab.dir, 'spillway.yaml');
  const http = { host: '127.0.0.1', port: await freePort() };
  writeFileSync(config, JSON.stringify({ http, lease: { namespace: room.namespace }, namespaces: 'all' }));
  const controller = spawn(
    process.execPath,
    ['src/cli.ts', 'run', '--kubeconfig', lab.kubeconfigPath, '--config', config],
    { env: { ...process.env, POD_NAME: 'spillway-0' }, stdio: 'ignore' },
  );
  const ended = once(controller, 'exit');
  t.after(() => void controller.kill('SIGKILL'));
  const resources = { requests: { cpu: '1', memory: '64Mi' } };
  const containers = [{ name: 'app', image: 'example.com/app:1', resources }];
  await room.create('deployments', deploymentOf('worker', 5, { containers }));
  const companion = async (): Promise<Seen | undefined> =>
    (await room.list('deployments')).items.find(({ metadata }) => metadata.name.startsWith('worker-burst-'));
  return { lab, room, controller, ended, companion };
}

const targetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' };
const burst = { maxReplicas: 10, reclaim: { after: '1s' } };

test('the real controller bursts in a lab, takes the burst back when VMs join, and tidies up', async (t) => {
  const { lab, room, controller, ended, companion } = await start(t);
  await room.create('burstpolicies', policyOf('thumbnails', { targetRef, burst }));

  await waitFor('three burst replicas', async () => (await companion())?.status?.['readyReplicas'] === 3);
  const told = await waitFor('the status', async () => {
    const { status } = await room.get('burstpolicies', 'thumbnails');
    return status?.['demand'] === 5 && status;
  });
  assert.equal(told['placed'], 2);
  const events = (await lab.client.request('GET', `/api/v1/namespaces/${room.namespace}/events`)) as {
    items: { reason: string }[];
  };
  assert.ok(events.items.some(({ reason }) => reason === 'BurstStarted'));

  lab.catchUp();
  lab.world.vmNodes.add('vm');
  lab.world.vmNodes.add('vm');
  await waitFor('the end of the burst', async () => (await companion())?.spec['replicas'] === 0);
  await room.remove('burstpolicies', 'thumbnails');
  await waitFor('the companion to go', async () => (await companion()) === undefined);
  controller.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
});

test('of two policies with one target the older one has it, and the other says so until it is gone', async (t) => {
  const { room, companion } = await start(t);
  await room.create('burstpolicies', policyOf('first', { targetRef, burst }));
  await waitFor('the burst', async () => (await companion())?.spec['replicas'] === 3);
  // Times of creation are whole seconds.
  await sleep(1000);
  await room.create('burstpolicies', policyOf('second', { targetRef, burst: { maxReplicas: 1 } }));
  const accepted = async (name: string) => {
    const { status } = await room.get('burstpolicies', name);
    const conditions = (status?.['conditions'] ?? []) as { type: string; status: string; reason: string }[];
    return conditions.find(({ type }) => type === 'Accepted');
  };
  const refused = await waitFor('the condition', () => accepted('second'));
  assert.deepEqual([refused.status, refused.reason], ['False', 'TargetShared']);
  assert.equal((await companion())?.spec['replicas'], 3);
  await room.remove('burstpolicies', 'first');
  await waitFor('the second to have it', async () => (await accepted('second'))?.status === 'True');
  await waitFor('its own burst', async () => (await companion())?.spec['replicas'] === 1);
});
