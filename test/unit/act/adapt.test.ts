import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { V1PodSpec } from '@kubernetes/client-node';
import { adapt } from '../../../src/act/adapt.ts';
import { isPinned } from '../../../src/act/eligibility/checks/placement.ts';
import { defaultVirtualPools } from '../../../src/cluster/virtual-nodes.ts';
import type { VirtualPool } from '../../../src/config.ts';

const pool: VirtualPool = {
  name: 'aci',
  kind: 'AksAddon',
  nodeSelector: { type: 'virtual-kubelet' },
  tolerations: [
    { key: 'virtual-kubelet.io/provider', operator: 'Exists', value: undefined, effect: 'NoSchedule' },
  ],
  price: undefined,
};
const container = { name: 'worker', image: 'worker:1' };
const spec = (more: Partial<V1PodSpec> = {}): V1PodSpec => ({ containers: [container], ...more });
const codes = (more: Partial<V1PodSpec>, to = pool): readonly string[] =>
  adapt({ spec: spec(more) }, to).refusals.map((refusal) => refusal.code);

describe('an adapted template', () => {
  test('is pinned to the virtual pool and tolerates it, and keeps its labels and annotations', () => {
    const metadata = { labels: { app: 'a' }, annotations: { scrape: 'yes' }, creationTimestamp: new Date(0) };
    const { template } = adapt({ metadata, spec: spec() }, pool);
    assert.deepEqual(template?.metadata, { labels: { app: 'a' }, annotations: { scrape: 'yes' } });
    assert.deepEqual(template?.spec?.nodeSelector, { type: 'virtual-kubelet' });
    assert.deepEqual(template?.spec?.tolerations, [
      { key: 'virtual-kubelet.io/provider', operator: 'Exists', effect: 'NoSchedule' },
    ]);
  });

  test('loses what binds it to VMs or keeps its pods apart', () => {
    const { template } = adapt(
      {
        spec: spec({
          nodeSelector: { agentpool: 'batch' },
          affinity: {
            podAntiAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname' }],
            },
          },
          topologySpreadConstraints: [
            { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' },
          ],
        }),
      },
      pool,
    );
    assert.equal(template?.spec?.affinity, undefined);
    assert.equal(template?.spec?.topologySpreadConstraints, undefined);
    assert.deepEqual(template?.spec?.nodeSelector, { type: 'virtual-kubelet' });
    assert.deepEqual(template?.spec?.containers, [container]);
  });

  test('does not repeat a toleration that covers the pool already', () => {
    const own = [
      { key: 'virtual-kubelet.io/provider', operator: 'Equal', value: 'azure', effect: 'NoSchedule' },
    ];
    const everything = [{ operator: 'Exists' }];
    assert.equal(
      adapt({ spec: spec({ tolerations: everything }) }, pool).template?.spec?.tolerations?.length,
      1,
    );
    assert.equal(adapt({ spec: spec({ tolerations: own }) }, pool).template?.spec?.tolerations?.length, 2);
  });

  test('leaves the template that it was made from as it was', () => {
    const template = { spec: spec({ nodeSelector: { agentpool: 'batch' } }) };
    const before = structuredClone(template);
    adapt(template, pool);
    assert.deepEqual(template, before);
  });
});

describe('a template is refused', () => {
  const nodeAffinity = (values: string[]) => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'type', operator: 'In', values }] }],
        },
      },
    },
  });

  for (const [why, more, expected] of [
    [
      'that is pinned to the pool by its selector',
      { nodeSelector: { type: 'virtual-kubelet' } },
      'TEMPLATE_PINNED',
    ],
    ['that is pinned to the pool by its affinity', nodeAffinity(['virtual-kubelet']), 'TEMPLATE_PINNED'],
    ['that names its node', { nodeName: 'vm-1' }, 'TEMPLATE_NODE_NAME'],
    [
      'that has to run beside other pods',
      {
        affinity: {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname' }],
          },
        },
      },
      'TEMPLATE_POD_AFFINITY',
    ],
    [
      'with a volume that cannot be mounted there',
      { volumes: [{ name: 'models', persistentVolumeClaim: { claimName: 'models' } }] },
      'TEMPLATE_VOLUME',
    ],
  ] as const satisfies readonly (readonly [string, object, string])[]) {
    test(why, () => assert.deepEqual(codes(more as Partial<V1PodSpec>), [expected]));
  }

  test('but not one that only may run there, or whose volumes work', () => {
    assert.equal(isPinned(spec(nodeAffinity(['virtual-kubelet', 'vm']) as Partial<V1PodSpec>), pool), false);
    assert.deepEqual(codes({ volumes: [{ name: 'scratch', emptyDir: {} }] }), []);
  });

  test('for its volumes only by pools that are known not to mount them', () => {
    const generic = defaultVirtualPools.find(({ kind }) => kind === 'Generic');
    assert.ok(generic);
    assert.deepEqual(codes({ volumes: [{ name: 'data', hostPath: { path: '/data' } }] }, generic), []);
  });
});
