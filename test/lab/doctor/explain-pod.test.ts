import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import { defaultVirtualPools } from '../../../src/cluster/virtual-nodes.ts';
import { explainPod } from '../../../src/commands/explain-pod.ts';
import { readDecision } from '../../../src/commands/explain-readers.ts';
import { startController } from '../../../src/commands/run.ts';
import { parseConfig } from '../../../src/config.ts';
import { constant } from '../../../src/lab/world/distribution.ts';
import type { VirtualNodeSettings } from '../../../src/lab/world/types.ts';
import { createLogger } from '../../../src/report/log.ts';
import { waitFor } from '../../cluster/wait-for.ts';
import { startLabCluster } from '../api/lab-cluster.ts';
import { deploymentOf, makeRoom, policyOf, type Seen } from '../contract/contract-cluster.ts';

const targetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' };
const oneCpu = {
  containers: [
    {
      name: 'app',
      image: 'ghcr.io/shop/app:1',
      resources: { requests: { cpu: '1', memory: '64Mi' } },
    },
  ],
};

/** A lab with one VM of two cores, five workers of one core, and perhaps a controller. */
async function start(
  t: TestContext,
  options: {
    readonly podSpec?: object;
    readonly policy?: object;
    readonly controller?: boolean;
    readonly settings?: Partial<VirtualNodeSettings>;
  },
) {
  const lab = await startLabCluster({
    scenario: {
      pools: [{ name: 'vm', nodes: 1, cpu: '2', memory: '8Gi' }],
      virtualNodes: [{ settings: { startMs: constant(50), ...options.settings } }],
    },
  });
  t.after(() => lab.close());
  const room = await makeRoom(lab.client);
  let url: string | undefined;
  if (options.controller === true) {
    const text = JSON.stringify({
      http: { host: '127.0.0.1', port: 0 },
      lease: { namespace: room.namespace },
    });
    const running = await startController({
      kubeconfigPath: lab.kubeconfigPath,
      config: parseConfig(text, 'test', defaultVirtualPools),
      log: createLogger({ level: 'error', pretty: false }),
      podName: 'spillway-0',
    });
    t.after(() => running.close());
    url = `http://127.0.0.1:${running.port}`;
  }
  await room.create('deployments', deploymentOf('worker', 5, { ...oneCpu, ...options.podSpec }));
  if (options.policy !== undefined) {
    await room.create('burstpolicies', policyOf('thumbnails', { targetRef, burst: options.policy }));
  }
  const podWhere = (what: string, is: (pod: Seen) => boolean): Promise<string> =>
    waitFor(what, async () => (await room.pods()).find(is)?.metadata.name);
  async function explain(pod: string, json = false) {
    const out: string[] = [];
    const error: string[] = [];
    const code = await explainPod(
      { pod: `${room.namespace}/${pod}`, url, kubeconfig: lab.kubeconfigPath, json },
      {
        out: (line) => out.push(line),
        error: (line) => error.push(line),
        clock: systemClock,
        readDecision: url === undefined ? async () => undefined : readDecision,
      },
    );
    return { code, out: out.join('\n'), error: error.join('\n') };
  }
  return { room, podWhere, explain };
}

function isStuck({ metadata, spec, status }: Seen): boolean {
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return (
    scheduled?.reason === 'Unschedulable' &&
    spec['nodeName'] === undefined &&
    metadata.labels?.['spillway.dev/burst'] === undefined
  );
}

const isBurst = ({ metadata }: Seen): boolean => metadata.labels?.['spillway.dev/burst'] === 'true';

describe('spillway explain pod', () => {
  test('a stuck pod that no policy is about', async (t) => {
    const { explain, podWhere } = await start(t, {});
    const { code, out } = await explain(await podWhere('a stuck pod', isStuck));
    assert.equal(code, 0);
    assert.match(
      out,
      /belongs to ReplicaSet \S+ of Deployment worker, which no BurstPolicy of its namespace is about\./,
    );
    assert.match(out, /It is pending since .*the scheduler finds no node for it: .*\./);
    assert.match(out, /Write a BurstPolicy whose targetRef/);
  });

  test('a stuck pod, its substitutes and a pod on a VM, with the numbers of the running controller', async (t) => {
    const { explain, podWhere, room } = await start(t, { policy: { maxReplicas: 2 }, controller: true });
    await waitFor('the status', async () => {
      const { status } = await room.get('burstpolicies', 'thumbnails');
      return (status?.['burst'] as { running?: number } | undefined)?.running === 2;
    });
    const stuck = await explain(await podWhere('a stuck pod', isStuck));
    assert.equal(stuck.error, '');
    assert.match(stuck.out, /belongs to .*Deployment worker, the target of policy \S+\/thumbnails\./);
    assert.match(
      stuck.out,
      /This pod itself never moves: under strategy Companion substitutes run beside Deployment worker\. 2 substitutes are granted and 2 run on the virtual node/,
    );
    assert.match(stuck.out, /It stays pending, so that an autoscaler brings a VM for it\./);
    assert.match(stuck.out, /Limited: 1 of 3 .*maxReplicas/);
    assert.match(
      stuck.out,
      /5 wanted, 2 on VMs, room for 0 more, 3 stuck; burst: 3 wanted, 2 granted, 2 running\./,
    );

    const burst = await explain(await podWhere('a burst pod', isBurst));
    assert.match(
      burst.out,
      /is a burst pod: it belongs to ReplicaSet .*stands in for pods of the target of policy/,
    );
    assert.match(burst.out, /It is Ready on the virtual node virtual-node-aci-linux since/);
    assert.match(burst.out, /Why there is a burst: 5 wanted/);

    const vm = await explain(await podWhere('a pod on a VM', ({ spec }) => spec['nodeName'] === 'vm-0'));
    assert.match(vm.out, /It is Ready on node vm-0 since/);
    assert.doesNotMatch(vm.out, /never moves/);

    const json = JSON.parse((await explain(await podWhere('a burst pod', isBurst), true)).out) as {
      role: string;
      story: string[];
      decision: { burst: { granted: number } };
    };
    assert.equal(json.role, 'companion');
    assert.equal(json.decision.burst.granted, 2);
    assert.ok(json.story.length > 2);
  });

  test('a stuck pod that cannot be rescued: what keeps it off, whether or not a controller runs', async (t) => {
    const hostPort = {
      containers: [{ ...oneCpu.containers[0], ports: [{ containerPort: 80, hostPort: 80 }] }],
    };
    const { explain, podWhere, room } = await start(t, {
      podSpec: hostPort,
      policy: { strategy: 'Rescue', maxReplicas: 5 },
    });
    const pod = await podWhere('a stuck pod', isStuck);
    assert.match((await explain(pod)).out, /No decision on \S+\/thumbnails has been made yet/);
    await room.patch('burstpolicies', 'thumbnails/status', {
      status: {
        demand: 5,
        lastDecision: {
          id: 'x',
          at: new Date().toISOString(),
          summary: '5 wanted; none burst.',
          reasons: [],
        },
      },
    });
    const { out } = await explain(pod);
    assert.match(out, /It cannot be let onto the virtual node\. .*port/i);
    assert.match(out, /The last decision: 5 wanted; none burst\./);
  });

  test('a burst pod that its provider failed: the cause and what to do', async (t) => {
    const { explain, podWhere } = await start(t, {
      policy: { maxReplicas: 2 },
      controller: true,
      settings: { quotaCores: 0 },
    });
    const failed = await podWhere(
      'a failed burst pod',
      (pod) => isBurst(pod) && pod.status?.['reason'] === 'ProviderFailed',
    );
    const { out } = await explain(failed);
    assert.match(
      out,
      /It has failed on the virtual node virtual-node-aci-linux: the provider's quota is used up\./,
    );
    assert.match(out, /Ask for more quota, or lower burst\.maxReplicas\./);
  });

  test('1: there is no such pod; 2: not the name of one', async (t) => {
    const { explain } = await start(t, {});
    const missing = await explain('nobody');
    assert.deepEqual([missing.code, /^There is no pod \S+\/nobody/.test(missing.error)], [1, true]);
    const wrong = await explain('A B');
    assert.deepEqual([wrong.code, /does not name a pod/.test(wrong.error)], [2, true]);
  });
});
