import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import type { Finding, State } from '../../../src/commands/doctor/finding.ts';
import { autoscaler, burstPolicy, namespace, queueName, target } from '../../e2e/objects.ts';
import { startRedis, type TestRedis } from '../../redis.ts';
import {
  type Clinic,
  configurationWith,
  leaseOf,
  leasePath,
  nodePath,
  policyPath,
  secretPath,
  secretWith,
  startClinic,
  targetPath,
  worker,
} from './clinic.ts';
import { crdPath, installedCrd } from './front.ts';

/** A set-up that is broken on purpose, and what the doctor has to say of it. */
interface Broken {
  readonly name: string;
  readonly break: (clinic: Clinic) => Promise<unknown>;
  /** Any unless told. */
  readonly group?: string;
  readonly id: string;
  readonly state: State;
  /** What the sentence and the remedy must hold. */
  readonly sentence: RegExp;
  readonly remedy: RegExp;
}

/** Times of creation are whole seconds. */
const waitForNextSecond = (): Promise<void> => sleep(1000 - (Date.now() % 1000) + 20);
const vmPath = '/api/v1/nodes/vm-0';
const inContainer = (more: object) => async (clinic: Clinic) => {
  await clinic.remove(targetPath);
  await clinic.create(worker(more));
};
const repolicy = (options: Parameters<typeof burstPolicy>[0]) => async (clinic: Clinic) => {
  await clinic.remove(policyPath);
  await clinic.create(burstPolicy(options));
};

const brokens: readonly Broken[] = [
  {
    name: 'an AKS cluster without a virtual node: the commands carry its own names',
    break: ({ remove }) => remove(nodePath),
    id: 'virtual-node',
    state: 'fail',
    sentence: /no virtual node/,
    remedy:
      /az network vnet subnet create .*--resource-group MC_shop_media_eastus[^]*az role assignment create[^]*az aks enable-addons --resource-group shop --name media --addons virtual-node/,
  },
  {
    name: 'a virtual node with a taint that burst pods do not tolerate',
    break: ({ patch }) =>
      patch(nodePath, { spec: { taints: [{ key: 'shop/burst', value: 'yes', effect: 'NoExecute' }] } }),
    id: 'virtual-node.taints',
    state: 'fail',
    sentence: /shop\/burst=yes:NoExecute/,
    remedy: /\{ key: shop\/burst, operator: Exists, effect: NoExecute \}/,
  },
  {
    name: 'a virtual node that is cordoned',
    break: ({ patch }) => patch(nodePath, { spec: { unschedulable: true } }),
    id: 'virtual-node.cordoned',
    state: 'fail',
    sentence: /virtual-node-aci-linux is cordoned/,
    remedy: /kubectl uncordon virtual-node-aci-linux/,
  },
  {
    name: 'an AKS cluster with kubenet: a new cluster with Azure CNI',
    break: ({ patch }) => patch(vmPath, { spec: { podCIDR: '10.244.1.0/24' } }),
    id: 'network',
    state: 'fail',
    sentence: /kubenet/,
    remedy: /az aks create --resource-group shop --name media-cni --location eastus --network-plugin azure/,
  },
  {
    name: 'a CustomResourceDefinition of an older version',
    break: async ({ front }) => {
      const text = JSON.stringify(installedCrd());
      front.answers.set(crdPath, JSON.parse(text.replaceAll('"withoutVmNodes"', '"olderName"')));
    },
    id: 'crd',
    state: 'fail',
    sentence: /older .*spec\.burst\.withoutVmNodes/,
    remedy: /kubectl apply --server-side -f charts\/spillway\/files/,
  },
  {
    name: 'a controller that has died',
    break: async ({ remove, create }) => {
      await remove(leasePath);
      await create(leaseOf(Date.now() - 600_000));
    },
    id: 'controller',
    state: 'fail',
    sentence: /renewed 10 min ago, by spillway-7d9f-x2k/,
    remedy: /kubectl -n spillway logs/,
  },
  {
    name: 'a ServiceAccount without the right to patch pods and to read the Secret',
    break: async ({ front }) => void front.denied.add('patch pods').add('watch secrets redis'),
    id: 'rights',
    state: 'fail',
    sentence: /spillway\/spillway may not patch pods, watch secrets redis in media/,
    remedy:
      /a Role in media: \{ apiGroups: \[""\], resources: \[secrets\], resourceNames: \[redis\], verbs: \[watch\] \}/,
  },
  {
    name: 'a Secret that has the URL under another key',
    break: async ({ remove, create }) => {
      await remove(secretPath);
      await create(secretWith('redis://127.0.0.1:1', 'REDIS_URL'));
    },
    id: 'source.secret',
    state: 'fail',
    sentence: /Secret redis has nothing under url/,
    remedy: /Add the key or name another/,
  },
  {
    name: 'a queue that does not exist',
    break: repolicy({ queue: 'misspelt' }),
    id: 'source.queue',
    state: 'fail',
    sentence: /QUEUE_NOT_FOUND/,
    remedy: /Check the queue, the prefix and the database/,
  },
  {
    name: 'a template that fails on the virtual node',
    break: inContainer({ args: ['work'] }),
    id: 'policy.eligible.TEMPLATE_ARGS',
    state: 'fail',
    sentence: /does not burst to aks-addon/,
    remedy: /command/,
  },
  {
    name: 'an HPA that counts burst pods',
    break: async (clinic) => {
      await repolicy({ spec: { scaling: undefined } })(clinic);
      await clinic.create(autoscaler(2));
    },
    id: 'policy.hpa-counts-burst',
    state: 'warn',
    sentence: /counts burst pods too/,
    remedy: /strategy: Rescue/,
  },
  {
    name: 'a budget without a price',
    break: repolicy({ burst: { budget: { maxSpendPerDay: '20' } } }),
    id: 'policy.budget',
    state: 'fail',
    sentence: /maxSpendPerDay: the virtual pool aks-addon has no price/,
    remedy: /perCpuHour/,
  },
  {
    name: 'a ResourceQuota that is used up',
    break: async ({ create, patch }) => {
      await create({
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'small', namespace },
        spec: { hard: { pods: '2' } },
      });
      await patch(`/api/v1/namespaces/${namespace}/resourcequotas/small/status`, {
        status: { hard: { pods: '2' }, used: { pods: '2' } },
      });
    },
    id: 'policy.namespace-quota',
    state: 'fail',
    sentence: /ResourceQuota small admits 0 more of its pods/,
    remedy: /kubectl edit resourcequota small -n media/,
  },
  {
    name: 'an autoscaler that is at its maximum',
    break: ({ create }) =>
      create({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'cluster-autoscaler-status', namespace: 'kube-system' },
        data: { status: autoscalerAtMax() },
      }),
    id: 'vm-pool-growth',
    state: 'warn',
    sentence: /cluster-autoscaler \(2 of at most 2 VMs\) cannot add VMs: there are as many/,
    remedy: /--max-count/,
  },
  {
    name: 'a PodDisruptionBudget that counts burst pods',
    break: ({ create }) =>
      create({
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'workers', namespace },
        spec: { minAvailable: 2, selector: { matchLabels: { worker: target } } },
      }),
    id: 'policy.disruption-budget',
    state: 'warn',
    sentence: /PodDisruptionBudget workers selects burst pods/,
    remedy: /key: spillway\.dev\/burst, operator: DoesNotExist/,
  },
  {
    name: 'a virtual node that nobody has renewed for minutes',
    break: async ({ patch, lab }) => {
      const node = (await lab.client.request('GET', nodePath)) as {
        status: { conditions: { type: string; lastHeartbeatTime?: string }[] };
      };
      const lastHeartbeatTime = new Date(Date.now() - 3_600_000).toISOString();
      const conditions = node.status.conditions.map((one) => ({ ...one, lastHeartbeatTime }));
      await patch(`${nodePath}/status`, { status: { conditions } });
    },
    id: 'virtual-node.ghost',
    state: 'fail',
    sentence: /is a ghost: it reads Ready, and nobody has renewed it for 60 min/,
    remedy: /kubectl delete node virtual-node-aci-linux/,
  },
  {
    name: 'a configuration that is not valid',
    break: async ({ remove, create }) => {
      await remove('/api/v1/namespaces/spillway/configmaps/spillway');
      await create(
        configurationWith('virtualPools: [{ name: burst, kind: Nonsense, nodeSelector: { a: b } }]'),
      );
    },
    id: 'configuration',
    state: 'fail',
    sentence: /ConfigMap spillway\/spillway is not valid/,
    remedy: /virtualPools\.0\.kind/,
  },
  {
    name: 'a policy that rescues without the right to give back',
    break: async (clinic) => {
      await repolicy({ burst: { strategy: 'Rescue' } })(clinic);
      clinic.front.denied.add('create pods/eviction');
    },
    id: 'rights.optional',
    state: 'warn',
    sentence: /may not create pods\/eviction: rescued pods are not given back/,
    remedy: /resources: \[pods\/eviction\], verbs: \[create\]/,
  },
  {
    name: 'two policies for one target: the younger one does nothing',
    break: async (clinic) => {
      await waitForNextSecond();
      await clinic.create(burstPolicy({ name: 'again', burst: { vmPool: 'Fixed' } }));
    },
    group: `Policy ${namespace}/again`,
    id: 'policy.target',
    state: 'fail',
    sentence: /The older policy thumbnails has the same target/,
    remedy: /one policy a target/,
  },
  {
    name: 'a policy without its target',
    break: ({ remove }) => remove(targetPath),
    id: 'policy.target',
    state: 'fail',
    sentence: /Deployment thumbnail-worker is not there/,
    remedy: /Create it, or name another in targetRef/,
  },
];

function autoscalerAtMax(): string {
  const time = new Date().toISOString().replace('T', ' ').replace('Z', '000000 +0000 UTC');
  return [
    `time: ${time}`,
    'autoscalerStatus: Running',
    'clusterWide: { health: { status: Healthy } }',
    'nodeGroups:',
    '  - name: vm',
    '    health: { nodeCounts: { registered: { ready: 2 } }, cloudProviderTarget: 2, minSize: 1, maxSize: 2 }',
    '    scaleUp: { status: NoActivity }',
  ].join('\n');
}

describe('spillway doctor names what is broken, with the right remedy', () => {
  let redis: TestRedis;
  let queue: Queue;
  before(async () => {
    redis = await startRedis();
    queue = new Queue(queueName, { connection: { host: '127.0.0.1', port: redis.port } });
    await queue.waitUntilReady();
  });
  after(async () => {
    await queue.close();
    await redis.stop();
  });

  for (const broken of brokens) {
    test(broken.name, async (t) => {
      const clinic = await startClinic(redis.url);
      t.after(() => clinic.close());
      await broken.break(clinic);
      const findings = await clinic.diagnose();
      const found = findingOf(
        findings.filter(({ group }) => broken.group === undefined || broken.group === group),
        broken.id,
      );
      assert.equal(found.state, broken.state, found.sentence);
      assert.match(found.sentence, broken.sentence);
      assert.match(found.remedy ?? '', broken.remedy);
    });
  }

  test('prices of the configuration in the cluster are found: a budget then has something to count with', async (t) => {
    const clinic = await startClinic(redis.url);
    t.after(() => clinic.close());
    await clinic.remove('/api/v1/namespaces/spillway/configmaps/spillway');
    const price = '{ perCpuHour: 0.05, perMemoryGbHour: 0.005 }';
    const pool = `{ name: burst, kind: AksAddon, nodeSelector: { type: virtual-kubelet }, price: ${price} }`;
    await clinic.create(configurationWith(`virtualPools: [${pool}]`));
    await repolicy({ burst: { budget: { maxSpendPerDay: '20' } } })(clinic);
    const found = findingOf(await clinic.diagnose(), 'policy.budget');
    assert.deepEqual([found.state, /pool burst/.test(found.sentence)], ['ok', true]);
  });

  test('an ACI quota that holds a policy back, where Azure is configured', async (t) => {
    const clinic = await startClinic(redis.url);
    t.after(() => clinic.close());
    const azure = {
      subscriptionId: '11111111-2222-4333-8444-555555555555',
      region: 'eastus',
      resourceGroup: 'MC_shop_media_eastus',
    };
    const look = () => clinic.diagnose({}, JSON.stringify({ azure }));
    assert.equal(findingOf(await look(), 'azure.quota').state, 'skipped');
    const message = '3 of 5 wait for the quota of the provider.';
    const lastTransitionTime = new Date().toISOString();
    await clinic.patch(`${policyPath}/status`, {
      status: {
        conditions: [
          { type: 'Limited', status: 'True', reason: 'ProviderQuota', message, lastTransitionTime },
        ],
      },
    });
    const found = findingOf(await look(), 'azure.quota');
    assert.equal(found.state, 'warn');
    assert.match(found.sentence, /quota of region eastus holds back media\/thumbnails/);
    assert.match(found.remedy ?? '', /az rest .*11111111-2222.*locations\/eastus\/usages/);
  });

  test('workers that are not named after pods, while they work', async (t) => {
    const clinic = await startClinic(redis.url);
    t.after(() => clinic.close());
    const job = await queue.add('resize', {});
    const busy = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const connection = { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null };
    const one = new Worker(
      queueName,
      () => {
        busy.resolve();
        return end.promise;
      },
      { connection, name: 'laptop' },
    );
    t.after(async () => {
      end.resolve();
      await one.close();
      await job.remove().catch(() => undefined);
    });
    await busy.promise;
    const found = findingOf(await clinic.diagnose(), 'source.workers');
    assert.equal(found.state, 'warn');
    assert.match(found.sentence, /not named after pods of the namespace \(laptop\)/);
    assert.match(found.remedy ?? '', /POD_NAME/);
  });

  test('a Redis that does not answer from here is a matter of the place, unless the controller cannot read it either', async (t) => {
    const clinic = await startClinic('redis://127.0.0.1:1');
    t.after(() => clinic.close());
    const found = findingOf(await clinic.diagnose(), 'source.queue');
    assert.equal(found.state, 'warn');
    assert.match(found.remedy ?? '', /kubectl -n spillway exec deploy\/spillway/);
    const at = new Date().toISOString();
    const tell = (status: string, message: string) =>
      clinic.patch(`${policyPath}/status`, {
        status: {
          conditions: [
            { type: 'SignalsAvailable', status, reason: 'AllRead', message, lastTransitionTime: at },
          ],
        },
      });
    await tell('True', 'Every source can be read.');
    assert.equal(findingOf(await clinic.diagnose(), 'source.queue').state, 'ok');
    await tell('False', 'Source queue cannot be read: the Redis of Secret redis does not answer.');
    const both = findingOf(await clinic.diagnose(), 'source.queue');
    assert.deepEqual([both.state, both.remedy?.includes('does not answer')], ['fail', true]);
  });
});

function findingOf(findings: readonly Finding[], id: string): Finding {
  const found = findings.find((finding) => finding.id === id);
  assert.ok(found !== undefined, `${id} is not among ${findings.map((one) => one.id).join(', ')}`);
  return found;
}
