import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { freePort } from '../../../src/commands/redis-server.ts';
import { constant } from '../../../src/lab/world/distribution.ts';
import type { Scenario } from '../../../src/lab/world/types.ts';
import { waitFor } from '../../cluster/wait-for.ts';
import {
  deploymentOf,
  isReady,
  jobOf,
  makeRoom,
  policyOf,
  type Room,
  type Seen,
} from '../contract/contract-cluster.ts';
import { type LabCluster, startLabCluster } from './lab-cluster.ts';

const oneCore = {
  containers: [
    { name: 'app', image: 'example.com/app:1', resources: { requests: { cpu: '1', memory: '64Mi' } } },
  ],
};

/** The lab's virtual node with a provider that creates as fast as anybody wants: ACI lets 100 a 5 min through. */
const fastPool = {
  name: 'aks-addon',
  kind: 'AksAddon',
  nodeSelector: { type: 'virtual-kubelet' },
  pace: { per5Minutes: 1000, perHour: 1000 },
};

/** The real controller as a process, on a lab whose pool of four cores cannot grow. */
async function start(
  t: TestContext,
  scenario: Partial<Scenario> = {},
): Promise<{ readonly lab: LabCluster; readonly room: Room }> {
  const lab = await startLabCluster({
    scenario: {
      pools: [{ name: 'vm', nodes: 1, minNodes: 1, maxNodes: 1, cpu: '4', memory: '64Gi' }],
      autoscaler: { scanMs: 500 },
      virtualNodes: [
        {
          settings: {
            startMs: constant(50),
            quotaCores: 1000,
            createsPer5Minutes: 1000,
            createsPerHour: 1000,
          },
        },
      ],
      ...scenario,
    },
  });
  t.after(() => lab.close());
  const room = await makeRoom(lab.client);
  const config = join(lab.dir, 'spillway.yaml');
  const http = { host: '127.0.0.1', port: await freePort() };
  const lease = { namespace: room.namespace };
  writeFileSync(config, JSON.stringify({ http, lease, namespaces: 'all', virtualPools: [fastPool] }));
  const controller = spawn(
    process.execPath,
    ['src/cli.ts', 'run', '--kubeconfig', lab.kubeconfigPath, '--config', config],
    { env: { ...process.env, POD_NAME: 'spillway-0' }, stdio: 'ignore' },
  );
  t.after(() => void controller.kill('SIGKILL'));
  return { lab, room };
}

const rescuing = (name: string, target: object, burst: object = {}): object =>
  policyOf(name, {
    ...target,
    burst: { strategy: 'Rescue', maxReplicas: 500, reclaim: { after: '1s' }, ...burst },
  });
const onVirtual = ({ spec }: Seen): boolean => String(spec['nodeName']).startsWith('virtual-node');
const isRescued = ({ metadata }: Seen): boolean =>
  metadata.annotations?.['spillway.dev/rescued'] !== undefined;
const deployed = (name: string): object => ({
  targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
});

async function decided(room: Room, name: string): Promise<Seen> {
  return waitFor('a decision', async () => {
    const policy = await room.get('burstpolicies', name);
    return policy.status?.['lastDecision'] !== undefined && policy;
  });
}

describe('Rescue in a lab', () => {
  test('200 Jobs at once on a full pool run on the virtual node within seconds, and none is evicted', async (t) => {
    const { room } = await start(t);
    await room.create(
      'burstpolicies',
      rescuing('render', { jobSelector: { matchLabels: { app: 'render' } } }),
    );
    await decided(room, 'render');
    const startedMs = Date.now();
    const more = { parallelism: 10, completions: 10 };
    for (let index = 0; index < 20; index += 1) {
      const job = jobOf('render', oneCore, more) as { metadata: object };
      await room.create('jobs', { ...job, metadata: { ...job.metadata, name: `render-${index}` } });
    }
    const pods = await waitFor('all pods to be bound', async () => {
      const found = await room.pods();
      return found.length === 200 && found.every(({ spec }) => spec['nodeName'] !== undefined) && found;
    });
    const seconds = (Date.now() - startedMs) / 1000;
    t.diagnostic(`200 Jobs bound after ${seconds.toFixed(1)} s`);
    assert.ok(seconds < 20, `${seconds} s`);
    assert.equal(pods.filter(onVirtual).length, 196);
    assert.ok(pods.filter(onVirtual).every(isRescued));
    assert.ok(pods.filter((pod) => !onVirtual(pod)).every((pod) => !isRescued(pod)));
  });

  test('where the pool can grow, stuck pods are let on once VMs have been asked for', async (t) => {
    const pool = { name: 'vm', nodes: 1, minNodes: 1, maxNodes: 3, cpu: '4', memory: '64Gi' };
    const { lab, room } = await start(t, { pools: [{ ...pool, bootMs: constant(60_000) }] });
    await room.create('deployments', deploymentOf('worker', 20, oneCore));
    await room.create('burstpolicies', rescuing('worker', deployed('worker')));
    const startedMs = Date.now();
    await waitFor('all to be bound', async () => {
      const pods = await room.pods();
      return pods.length === 20 && pods.every(isReady);
    });
    // Without the scale-up it would have taken 30 s.
    assert.ok(Date.now() - startedMs < 20_000);
    lab.catchUp();
    assert.equal(lab.world.vmNodes.count, 3);
    assert.equal((await room.pods()).filter(onVirtual).length, 16);
  });

  test('a Deployment gets its pods back onto VMs one by one when these have room, at a budget that allows one', async (t) => {
    const { lab, room } = await start(t);
    await room.create('deployments', deploymentOf('worker', 7, oneCore));
    await room.create('poddisruptionbudgets', {
      metadata: { name: 'worker' },
      spec: { selector: { matchLabels: { app: 'worker' } }, minAvailable: 7 },
    });
    await room.create('burstpolicies', rescuing('worker', deployed('worker')));
    await waitFor('three on the virtual node', async () => {
      const pods = await room.pods();
      return pods.filter(onVirtual).length === 3 && pods.every(isReady);
    });
    lab.catchUp();
    lab.world.vmNodes.add('vm');
    const limited = await waitFor('the budget to be told', async () => {
      const { status } = await room.get('burstpolicies', 'worker');
      return status?.conditions?.find(
        ({ type, reason }) => type === 'Limited' && reason === 'EvictionForbidden',
      );
    });
    assert.equal(limited.status, 'True');
    assert.equal((await room.pods()).filter(onVirtual).length, 3);

    await room.patch('poddisruptionbudgets', 'worker', { spec: { minAvailable: 6 } });
    let fewest = 7;
    await waitFor(
      'all on VMs',
      async () => {
        const pods = await room.pods();
        fewest = Math.min(fewest, pods.filter(isReady).length);
        return pods.length === 7 && pods.every(isReady) && pods.every((pod) => !onVirtual(pod));
      },
      40_000,
    );
    assert.ok(fewest >= 6, `${fewest} ready`);
  });

  test('a pod that selects VMs is told and left alone', async (t) => {
    const { room } = await start(t);
    const nodeSelector = { agentpool: 'vm' };
    await room.create('deployments', deploymentOf('picky', 6, { ...oneCore, nodeSelector }));
    await room.create('burstpolicies', rescuing('picky', deployed('picky')));
    const eligible = await waitFor('the condition', async () => {
      const { status } = await room.get('burstpolicies', 'picky');
      return status?.conditions?.find(({ type, status: is }) => type === 'Eligible' && is === 'False');
    });
    assert.equal(eligible.reason, 'RescueSelector');
    assert.ok((await room.pods()).every((pod) => !isRescued(pod)));
  });
});
