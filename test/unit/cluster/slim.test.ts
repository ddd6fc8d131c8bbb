import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNewer } from '../../../src/cluster/slim.ts';
import type { RawPod } from '../../../src/cluster/raw.ts';
import { slimPod, slimScaler } from '../../../src/cluster/slimming.ts';
import { defaultVirtualPools, isVirtual, poolOf } from '../../../src/cluster/virtual-nodes.ts';
import { at, interner, node, owner, pod, rawPod, spec, startMs } from './given.ts';

test('a pod keeps what decisions ask for, and pods alike share it', () => {
  const given = { meta: { labels: { app: 'worker' }, ...owner('rs-1') }, ready: 7 } as const;
  const [one, two] = [pod('one', given), pod('two', given)];
  assert.equal(one.key, 'media/one');
  assert.equal(one.ownerUid, 'rs-1');
  assert.equal(one.ready, true);
  assert.equal(one.readySinceMs, startMs + 7000);
  assert.equal(one.stuckSinceMs, undefined);
  assert.equal(one.shape, two.shape);
  assert.equal(one.labels, two.labels);
});

test('a stuck pod tells since when, a deleted one when its grace period ends', () => {
  assert.equal(pod('stuck', { stuckAt: 5, phase: 'Pending' }).stuckSinceMs, startMs + 5000);
  assert.equal(pod('leaving', { meta: { deletionTimestamp: at(30) } }).endsAtMs, startMs + 30_000);
});

test('a pod on a node keeps why its provider failed it, and nothing of what that wrote', () => {
  const message = "container group quota 'StandardCores' exceeded in region 'eastus'. Limit: '10'";
  const failed = (nodeName: string | undefined) => {
    const raw = rawPod('failed', { phase: 'Pending' });
    const status = { ...raw.status, reason: 'ProviderFailed', message };
    const where = nodeName === undefined ? {} : { nodeName };
    return slimPod({ ...raw, spec: { ...raw.spec, ...where }, status } as RawPod, interner);
  };
  assert.equal(failed('virtual-node').failure, 'Quota');
  assert.equal(failed(undefined).failure, undefined);
  assert.doesNotMatch(JSON.stringify(failed('virtual-node')), /StandardCores/);
});

test('pods of a DaemonSet share one shape although each names its node', () => {
  const named = (name: string) => ({
    meta: owner('ds', 'DaemonSet'),
    spec: spec('100m', {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] }],
          },
        },
      },
    }),
  });
  assert.equal(pod('d1', named('n1')).shape, pod('d2', named('n2')).shape);
});

test('spread and anti-affinity count only where they are hard and select the pod itself', () => {
  const constraint = (app: string, whenUnsatisfiable: string) => ({
    maxSkew: 2,
    topologyKey: 'zone',
    whenUnsatisfiable,
    labelSelector: { matchLabels: { app } },
  });
  const anti = (app: string) => ({
    topologyKey: 'kubernetes.io/hostname',
    labelSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: [app] }] },
  });
  const { shape } = pod('one', {
    meta: { labels: { app: 'worker' } },
    spec: spec('1', {
      topologySpreadConstraints: [
        constraint('worker', 'DoNotSchedule'),
        constraint('worker', 'ScheduleAnyway'),
        constraint('other', 'DoNotSchedule'),
      ],
      affinity: {
        podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [anti('worker'), anti('other')] },
      },
    }),
  });
  assert.deepEqual(shape.spread, [{ topologyKey: 'zone', maxSkew: 2 }]);
  assert.deepEqual(shape.exclusiveBy, ['kubernetes.io/hostname']);
});

test('host ports are told with protocol and address, container ports too on the host network', () => {
  const ports = [
    { hostPort: 80, containerPort: 8080 },
    { containerPort: 9090, protocol: 'UDP' },
  ];
  const hostPorts = (hostNetwork: boolean): readonly string[] =>
    pod(`p${String(hostNetwork)}`, { spec: { hostNetwork, containers: [{ ports }] } }).shape.hostPorts;
  assert.deepEqual(hostPorts(false), ['TCP:0.0.0.0:80']);
  assert.deepEqual(hostPorts(true), ['TCP:0.0.0.0:80', 'UDP:0.0.0.0:9090']);
});

test('nodes alike share a class, whatever their names and states', () => {
  const pool = { labels: { pool: 'a' } };
  const one = node('n1', pool);
  const two = node('n2', {
    ...pool,
    taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }],
    ready: false,
  });
  assert.equal(one.nodeClass, two.nodeClass);
  assert.deepEqual(one.nodeClass.labels, { pool: 'a' });
  assert.equal(two.cordoned, true);
  assert.notEqual(one.classKey, node('n3', { labels: { pool: 'b' } }).classKey);
  assert.notEqual(
    one.classKey,
    node('n4', { ...pool, taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] }).classKey,
  );
});

test('pod slots may be written as any quantity', () => {
  assert.equal(node('v', { pods: '5k' }).allocatablePods, 5000);
});

test('versions compare as whole numbers of any length, within one resource', () => {
  assert.ok(isNewer('100', '99'));
  assert.ok(!isNewer('99', '100'));
  assert.ok(!isNewer('7', '7'));
  assert.ok(isNewer('1', ''));
  assert.ok(isNewer('36893488147419103232', '9007199254740993'));
});

test('a ScaledObject that names no kind scales a Deployment', () => {
  const raw = { metadata: { name: 's', namespace: 'media' }, spec: { scaleTargetRef: { name: 'worker' } } };
  assert.equal(slimScaler('ScaledObject')(raw, interner).target, 'media/Deployment/worker');
});

test('virtual nodes are told by their pool, or as a virtual-kubelet of no pool', () => {
  const taint = { key: 'virtual-kubelet.io/provider', value: 'azure', effect: 'NoSchedule' };
  const named = (given: Parameters<typeof node>[1]): string | undefined =>
    poolOf(node('v', given), defaultVirtualPools)?.name;
  assert.equal(
    named({ labels: { type: 'virtual-kubelet', 'kubernetes.azure.com/managed': 'false' }, taints: [taint] }),
    'aks-addon',
  );
  assert.equal(named({ labels: { virtualization: 'virtualnode2' } }), 'aks-v2');
  assert.equal(named({ labels: { type: 'virtual-kubelet' } }), 'virtual-kubelet');
  assert.equal(named({}), undefined);
  assert.ok(isVirtual(node('t', { taints: [taint] }), []));
  assert.ok(isVirtual(node('l', { labels: { type: 'virtual-kubelet' } }), []));
  assert.ok(!isVirtual(node('vm'), defaultVirtualPools));
});
