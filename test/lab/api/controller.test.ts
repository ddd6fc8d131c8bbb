import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../../../src/commands/redis-server.ts';
import { waitFor } from '../../cluster/wait-for.ts';
import { deploymentOf, makeRoom, policyOf, type Seen } from '../contract/contract-cluster.ts';
import { startLabCluster } from './lab-cluster.ts';

test('the real controller bursts in a lab, takes the burst back when VMs join, and tidies up', async (t) => {
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
  const targetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' };
  const burst = { maxReplicas: 10, reclaim: { after: '1s' } };
  await room.create('burstpolicies', policyOf('thumbnails', { targetRef, burst }));
  const companion = async (): Promise<Seen | undefined> =>
    (await room.list('deployments')).items.find(({ metadata }) => metadata.name.startsWith('worker-burst-'));

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
