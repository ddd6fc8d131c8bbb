import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { V1PodSpec } from '@kubernetes/client-node';
import { longerList, refusalOfRescue } from '../../../src/act/rescue-eligibility.ts';
import { Interner } from '../../../src/cluster/intern.ts';
import { shapeOf } from '../../../src/cluster/pod-shape.ts';
import { defaultVirtualPools } from '../../../src/cluster/virtual-nodes.ts';
import type { NodeClass } from '../../../src/decide/observation.ts';

const pool = defaultVirtualPools.find(({ kind }) => kind === 'AksAddon');
assert.ok(pool !== undefined);
const provider = { key: 'virtual-kubelet.io/provider', operator: 'Exists', effect: 'NoSchedule' };
const node: NodeClass = {
  labels: { type: 'virtual-kubelet', 'kubernetes.io/hostname': 'virtual-node-aci-linux' },
  taints: [{ key: 'virtual-kubelet.io/provider', value: 'azure', effect: 'NoSchedule' }],
};
const labels = { app: 'render' };

function refusal(more: Partial<V1PodSpec>, nodes: readonly NodeClass[] = [node]): string | undefined {
  const spec: V1PodSpec = {
    containers: [
      { name: 'render', image: 'example.com/render:1', resources: { requests: { cpu: '1', memory: '1Gi' } } },
    ],
    ...more,
  };
  const shape = shapeOf(spec, labels, new Interner());
  assert.ok(pool !== undefined);
  return refusalOfRescue({ spec, shape }, pool, nodes)?.code;
}

const ownLike = { labelSelector: { matchLabels: labels } };

describe('a stuck pod', () => {
  test('that asks for nothing special can be let on', () => {
    assert.equal(refusal({}), undefined);
    assert.equal(refusal({ nodeSelector: { type: 'virtual-kubelet' } }), undefined);
  });

  test('that prefers VMs, its own apart or a spread can be let on: only what is required counts', () => {
    const topologyKey = 'kubernetes.io/hostname';
    const preferred = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } };
    const soft = { topologyKey, maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway', ...ownLike };
    assert.equal(refusal({ affinity: preferred, topologySpreadConstraints: [soft] }), undefined);
  });

  for (const [name, more, code] of [
    ['selects VMs', { nodeSelector: { agentpool: 'vm' } }, 'RESCUE_SELECTOR'],
    [
      'requires VMs',
      {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'type', operator: 'NotIn', values: ['virtual-kubelet'] }] },
              ],
            },
          },
        },
      },
      'RESCUE_SELECTOR',
    ],
    [
      'wants to be alone on a node',
      {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: 'kubernetes.io/hostname', ...ownLike },
            ],
          },
        },
      },
      'RESCUE_EXCLUSIVE',
    ],
    [
      'has a hard spread',
      {
        topologySpreadConstraints: [
          { topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', ...ownLike },
        ],
      },
      'RESCUE_SPREAD',
    ],
  ] as const) {
    test(`that ${name} cannot`, () => assert.equal(refusal(more as unknown as Partial<V1PodSpec>), code));
  }

  test('that has a claim, a host port or a node of its own cannot', () => {
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
    assert.notEqual(refusal({ volumes }), undefined);
    const ports = [{ containerPort: 80, hostPort: 80 }];
    assert.notEqual(
      refusal({ containers: [{ name: 'render', image: 'example.com/render:1', ports }] }),
      undefined,
    );
  });

  test('is kept off where no virtual node would take it, and not judged by nodes that are not there', () => {
    const guarded = {
      ...node,
      taints: [...node.taints, { key: 'team', value: 'x', effect: 'NoSchedule' as const }],
    };
    assert.equal(refusal({}, [guarded]), 'RESCUE_SELECTOR');
    assert.equal(refusal({}, [guarded, node]), undefined);
    assert.equal(refusal({ nodeSelector: { agentpool: 'vm' } }, []), undefined);
  });
});

describe('the tolerations of a pod that is let on', () => {
  const notReady = {
    key: 'node.kubernetes.io/not-ready',
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  };

  test('are its own, as they are, and then those of the pool', () => {
    assert.deepEqual(longerList({ containers: [], tolerations: [notReady] }, pool), [notReady, provider]);
  });

  test('are its own alone where these are enough', () => {
    const all = { operator: 'Exists' };
    assert.deepEqual(longerList({ containers: [], tolerations: [all] }, pool), [all]);
  });
});
