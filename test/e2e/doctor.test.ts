import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { diagnose } from '../../src/commands/doctor/doctor.ts';
import type { Finding, State } from '../../src/commands/doctor/finding.ts';
import {
  autoscaler,
  burstPolicy,
  namespace,
  queueName,
  redisSecret,
  type Scene,
  startScene,
  target,
  workerDeployment,
} from './scene.ts';

const resources = { requests: { cpu: '1', memory: '256Mi' } };
const container = { name: 'worker', image: 'ghcr.io/shop/thumbnails:1', resources };

/** A worker that the virtual node runs as a VM does. */
function worker(more: object = {}): object {
  return workerDeployment({
    spec: { automountServiceAccountToken: false, containers: [{ ...container, ...more }] },
  });
}

/** The right of Spillway to read the Secret of the scene. */
const secretRights: readonly object[] = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'spillway-redis', namespace },
    rules: [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['redis'], verbs: ['get', 'watch'] }],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'spillway-redis', namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'spillway-redis' },
    subjects: [{ kind: 'ServiceAccount', name: 'spillway', namespace: 'spillway' }],
  },
];

describe('spillway doctor on a real control plane', () => {
  let scene: Scene;
  before(async () => {
    scene = await startScene({ vmNodes: 2 });
    await scene.kubectl('apply -f docs/examples/install.yaml');
    await scene.kubectl('apply -f charts/spillway/files/aggregated-roles.yaml');
    await scene.apply(...secretRights, worker());
    await scene.controller('spillway-0');
    await scene.apply(burstPolicy({ burst: { vmPool: 'Fixed' } }));
    await scene.condition('SignalsAvailable', 'True');
  });
  after(() => scene.close());

  function look(): Promise<readonly Finding[]> {
    return diagnose(
      {
        policy: undefined,
        namespace: undefined,
        kubeconfigPath: scene.cluster.kubeconfigPath,
        serviceAccount: undefined,
        settings: undefined,
        json: false,
      },
      { clock: systemClock, signal: new AbortController().signal },
    );
  }

  /** Breaks something, looks, and mends it again. */
  async function expect(
    id: string,
    state: State,
    told: RegExp,
    remedy: RegExp,
    how: { readonly break: () => Promise<unknown>; readonly mend: () => Promise<unknown> },
  ): Promise<void> {
    await how.break();
    try {
      const findings = await look();
      const found = findings.find((finding) => finding.id === id);
      assert.ok(found !== undefined, `${id} is not among ${findings.map((one) => one.id).join(', ')}`);
      assert.equal(found.state, state, found.sentence);
      assert.match(found.sentence, told);
      assert.match(found.remedy ?? '', remedy);
    } finally {
      await how.mend();
    }
  }

  const policyAgain =
    (options: Parameters<typeof burstPolicy>[0] = {}) =>
    async (): Promise<void> => {
      await scene.kubectl(`delete bp ${queueName} -n ${namespace} --ignore-not-found`);
      await scene.apply(burstPolicy({ burst: { vmPool: 'Fixed' }, ...options }));
    };
  const nothing = async (): Promise<void> => undefined;

  test('where all is well nothing fails, and the account is found by its Deployment', async () => {
    const findings = await look();
    assert.deepEqual(
      findings.filter(({ state }) => state === 'fail' || state === 'warn'),
      [],
    );
    assert.match(findings.find(({ id }) => id === 'rights')?.sentence ?? '', /spillway\/spillway may do all/);
    assert.match(findings.find(({ id }) => id === 'controller')?.sentence ?? '', /spillway-0 leads/);
  });

  test('a virtual node with another taint', () =>
    expect(
      'virtual-node.taints',
      'fail',
      /shop\/burst=yes:NoSchedule/,
      /key: shop\/burst, operator: Exists/,
      {
        break: () => scene.kubectl('taint node virtual-node-aci-linux shop/burst=yes:NoSchedule'),
        mend: () => scene.kubectl('taint node virtual-node-aci-linux shop/burst-'),
      },
    ));

  test('a virtual node that is cordoned', () =>
    expect('virtual-node.cordoned', 'fail', /is cordoned/, /kubectl uncordon virtual-node-aci-linux/, {
      break: () => scene.kubectl('cordon virtual-node-aci-linux'),
      mend: () => scene.kubectl('uncordon virtual-node-aci-linux'),
    }));

  test('an account that may not write the Lease', () =>
    expect('rights', 'fail', /may not create leases\.coordination/, /a Role in spillway: .*leases/, {
      break: () => scene.kubectl('delete rolebinding spillway-lease -n spillway'),
      mend: () => scene.kubectl('apply -f docs/examples/install.yaml'),
    }));

  test('people without the aggregated roles', () =>
    expect('roles', 'warn', /spillway-burstpolicies-edit is missing/, /aggregated-roles\.yaml/, {
      break: () => scene.kubectl('delete clusterrole spillway-burstpolicies-edit'),
      mend: () => scene.kubectl('apply -f charts/spillway/files/aggregated-roles.yaml'),
    }));

  test('a Secret without the key', () =>
    expect('source.secret', 'fail', /Secret redis has nothing under url/, /Add the key/, {
      break: async () => {
        await scene.kubectl(`delete secret redis -n ${namespace}`);
        await scene.kubectl(`create secret generic redis -n ${namespace} --from-literal=other=x`);
      },
      mend: async () => {
        await scene.kubectl(`delete secret redis -n ${namespace}`);
        await scene.apply(redisSecret(scene.redis.url));
      },
    }));

  test('a queue that is not there', () =>
    expect('source.queue', 'fail', /QUEUE_NOT_FOUND/, /Check the queue/, {
      break: policyAgain({ queue: 'misspelt' }),
      mend: policyAgain(),
    }));

  test('a template that fails on the virtual node', () =>
    expect('policy.eligible.TEMPLATE_ARGS', 'fail', /does not burst to aks-addon/, /command/, {
      break: () => scene.apply(worker({ args: ['work'] })),
      mend: () => scene.apply(worker()),
    }));

  test('an HPA that counts burst pods', () =>
    expect('policy.hpa-counts-burst', 'warn', /counts burst pods too/, /strategy: Rescue/, {
      break: async () => {
        await policyAgain({ spec: { scaling: undefined }, burst: {} })();
        await scene.apply(autoscaler(2));
      },
      mend: async () => {
        await scene.kubectl(`delete hpa ${target} -n ${namespace}`);
        await policyAgain()();
      },
    }));

  test('a budget without a price', () =>
    expect('policy.budget', 'fail', /has no price/, /perCpuHour/, {
      break: policyAgain({ burst: { budget: { maxRatePerHour: '1' } } }),
      mend: policyAgain(),
    }));

  test('a ResourceQuota that is used up', () =>
    expect(
      'policy.namespace-quota',
      'fail',
      /ResourceQuota small admits 0 more/,
      /kubectl edit resourcequota small/,
      {
        break: async () => {
          await scene.kubectl(`create quota small -n ${namespace} --hard=pods=2`);
          await scene.kubectl(
            `wait resourcequota small -n ${namespace} --for=jsonpath={.status.used.pods}=2`,
          );
        },
        mend: () => scene.kubectl(`delete quota small -n ${namespace}`),
      },
    ));

  test('a CustomResourceDefinition of an older version', () =>
    expect('crd', 'fail', /older .*withoutVmNodes/, /kubectl apply --server-side/, {
      break: () =>
        scene.kubectl(
          'patch crd burstpolicies.spillway.dev --type=json -p [{"op":"remove","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/burst/properties/withoutVmNodes"}]',
        ),
      mend: () =>
        scene.kubectl('apply --server-side --force-conflicts -f charts/spillway/files/burstpolicies.yaml'),
    }));

  test('a network of kubenet', () =>
    expect('network', 'fail', /kubenet/, /az aks create .*--network-plugin azure/, {
      break: () =>
        scene.kubectl('patch node vm-1 -p {"spec":{"podCIDR":"10.244.1.0/24","podCIDRs":["10.244.1.0/24"]}}'),
      mend: nothing,
    }));

  test('a CustomResourceDefinition that is not installed', () =>
    expect('crd', 'fail', /is not installed/, /charts\/spillway\/files/, {
      break: () => scene.kubectl('delete crd burstpolicies.spillway.dev --timeout=30s'),
      mend: nothing,
    }));
});
