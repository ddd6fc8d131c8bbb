import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import { unknownGrowth } from '../../../src/cluster/autoscaler.ts';
import type { RawObject, RawScaler, RawWorkload } from '../../../src/cluster/raw.ts';
import { collectionPath } from '../../../src/cluster/resources.ts';
import type { Kind } from '../../../src/cluster/store.ts';
import { wantedByJob } from '../../../src/cluster/target.ts';
import { ClusterView } from '../../../src/cluster/view.ts';
import { defaultVirtualPools } from '../../../src/cluster/virtual-nodes.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { policy as anyPolicy } from '../decide/given.ts';
import { json, line, refusal, type Script, scriptedServer } from './api-server.ts';
import { at, meta, owner, rawNode, rawPod, spec, startMs } from './given.ts';

/** What the API server has, by kind; a kind that is left out is not served. */
type Objects = Partial<Readonly<Record<Kind, readonly RawObject[]>>>;

const nowMs = startMs + 100_000;
const template = { metadata: { labels: { app: 'worker' } }, spec: spec('1') };

function policy(target: Policy['target'] = { kind: 'Deployment', name: 'worker' }): Policy {
  return anyPolicy({
    key: 'media/p',
    name: 'p',
    uid: 'uid-p',
    target,
    scaling: undefined,
    burst: { reclaim: { afterSeconds: 60, readyTimeoutSeconds: 50 } },
  });
}

function deployment(name: string, more: RawWorkload & { readonly owner?: string } = {}): RawWorkload {
  return {
    metadata: meta(name, {
      annotations: { 'deployment.kubernetes.io/revision': '2' },
      ...(more.owner === undefined ? {} : owner(more.owner, 'BurstPolicy')),
    }),
    spec: { replicas: 3, template, ...more.spec },
    status: { replicas: 3, updatedReplicas: 3, ...more.status },
  };
}

function replicaSet(name: string, deploymentUid: string, revision: string, replicas: number): RawWorkload {
  return {
    metadata: meta(name, {
      annotations: { 'deployment.kubernetes.io/revision': revision },
      ...owner(deploymentUid, 'Deployment'),
    }),
    spec: { replicas },
  };
}

const podOf = (set: string, name: string, given: Parameters<typeof rawPod>[1] = {}): RawObject =>
  rawPod(name, { ...given, meta: { labels: { app: 'worker' }, ...owner(`uid-${set}`), ...given.meta } });

async function seeing(objects: Objects, body: (view: ClusterView) => Promise<void> | void): Promise<void> {
  const script: Script = ({ path, query }, response) => {
    const kind = (Object.keys(objects) as Kind[]).find((each) => collectionPath(each) === path);
    if (kind === undefined) return json(response, refusal(404, 'NotFound'), 404);
    if (query.get('watch') === 'true') return void response.write(line('BOOKMARK', meta('bookmark')));
    json(response, { metadata: { resourceVersion: '1000000' }, items: objects[kind] });
  };
  const server = await scriptedServer(script);
  const view = new ClusterView({
    client: server.client,
    clock: { ...systemClock, now: () => nowMs },
    config: { namespaces: 'all', virtualPools: defaultVirtualPools },
    tuning: { listing: 'pages' },
  });
  const stop = new AbortController();
  const running = view.run(stop.signal);
  try {
    await view.synced;
    await body(view);
  } finally {
    stop.abort();
    await running;
    await server.close();
  }
}

const nodes = [
  rawNode('vm'),
  rawNode('lost', { ready: false, readyAt: 0 }),
  rawNode('virtual', { labels: { type: 'virtual-kubelet' }, pods: '5k', cpu: '10k' }),
];

test('pods are counted by where and how they run, companion pods apart, and those that leave not at all', async () => {
  const on = (nodeName: string) => spec('1', { nodeName });
  const objects: Objects = {
    nodes,
    deployments: [deployment('worker'), deployment('burst', { owner: 'uid-p' })],
    replicasets: [replicaSet('rs', 'uid-worker', '2', 3), replicaSet('burst-rs', 'uid-burst', '1', 2)],
    pods: [
      podOf('rs', 'ready', { spec: on('vm'), ready: 8, boundAt: 1 }),
      podOf('rs', 'given-up', { spec: on('vm'), boundAt: 40 }),
      podOf('rs', 'starting', { spec: on('vm'), boundAt: 80, meta: { creationTimestamp: at(80) } }),
      podOf('rs', 'on-lost-node', { spec: on('lost'), ready: 2 }),
      podOf('rs', 'rescued', { spec: on('virtual'), ready: 30 }),
      podOf('rs', 'stuck', { phase: 'Pending', stuckAt: 70, meta: { creationTimestamp: at(70) } }),
      podOf('rs', 'leaving', { spec: on('vm'), ready: 1, meta: { deletionTimestamp: at(130) } }),
      podOf('rs', 'done', { spec: on('vm'), phase: 'Succeeded' }),
      podOf('burst-rs', 'burst-1', { spec: on('virtual'), ready: 60 }),
      podOf('burst-rs', 'burst-2', { spec: on('virtual'), boundAt: 90, meta: { creationTimestamp: at(90) } }),
      podOf('elsewhere', 'same-labels', { spec: on('vm'), ready: 1 }),
    ],
  };
  await seeing(objects, (view) => {
    const target = view.targetOf(policy());
    const companions = view.companionsOf(policy());
    assert.ok(target !== undefined);
    assert.deepEqual(
      companions.map(({ deployment }) => deployment.name),
      ['burst'],
    );
    assert.deepEqual(view.podsOf(policy(), target, companions), {
      placed: 3,
      placedReady: 2,
      onVirtual: 1,
      onVirtualReady: 1,
      stuck: 1,
      oldestStuckSeconds: 30,
      unbound: 1,
      startingSeconds: [100, 20, 30, 10],
      burstReady: 1,
      burstRunning: 2,
      lastBoundAtMs: undefined,
      startLatencySeconds: 45,
    });
    const shape = view.shapeOf(target);
    const { groups, matchingNodes } = view.vmPool(target, shape, unknownGrowth);
    assert.equal(matchingNodes, 2);
    assert.deepEqual(
      groups.map(({ nodes: count, mates }) => [count, mates]),
      [[1, 3]],
    );
    assert.deepEqual(view.virtualPool()?.observation, {
      name: 'virtual-kubelet',
      nodes: 1,
      readyNodes: 1,
      cordoned: 0,
      notReady: 0,
      ghosts: 0,
      burstOnUnusable: 0,
      freePods: 4997,
    });
    assert.equal(view.health().find(({ kind }) => kind === 'scaledobjects')?.state, 'absent');
    assert.ok(view.ageSeconds() < 5);
  });
});

test('a pod that is bound later is seen to be bound, and counts for the start latency once', async () => {
  const objects: Objects = {
    nodes,
    deployments: [deployment('worker')],
    replicasets: [replicaSet('rs', 'uid-worker', '2', 3)],
    pods: [podOf('rs', 'late', { phase: 'Pending', stuckAt: 10 })],
  };
  await seeing(objects, (view) => {
    const look = () => {
      const target = view.targetOf(policy());
      assert.ok(target !== undefined);
      return view.podsOf(policy(), target, []);
    };
    assert.equal(look().lastBoundAtMs, undefined);
    const bound = { spec: spec('1', { nodeName: 'vm' }), boundAt: 90 };
    assert.ok(view.applied('pods', podOf('rs', 'late', { ...bound, ready: 95 })));
    assert.equal(look().lastBoundAtMs, nowMs);
    view.applied('pods', podOf('rs', 'late', bound));
    view.applied('pods', podOf('rs', 'late', { ...bound, ready: 99 }));
    assert.equal(look().startLatencySeconds, 5);
    assert.equal(view.applied('pods', { kind: 'Status', metadata: {} }), false);
  });
});

test('the shape is that of the newest pod of the current template, without pods that of the template', async () => {
  const sidecar = spec('1', {
    containers: [...(spec('1').containers ?? []), ...(spec('500m').containers ?? [])],
  });
  const objects: Objects = {
    nodes,
    deployments: [deployment('worker'), deployment('fresh')],
    replicasets: [replicaSet('old', 'uid-worker', '1', 0), replicaSet('new', 'uid-worker', '2', 3)],
    pods: [
      podOf('old', 'newer-but-old', { spec: spec('3'), meta: { creationTimestamp: at(50) } }),
      podOf('new', 'plain', { spec: spec('1') }),
      podOf('new', 'injected', { spec: sidecar, meta: { creationTimestamp: at(20) } }),
    ],
  };
  await seeing(objects, (view) => {
    const cpuOf = (name: string): number | undefined => {
      const target = view.targetOf(policy({ kind: 'Deployment', name }));
      return target && view.shapeOf(target).requests.cpuMillicores;
    };
    assert.equal(cpuOf('worker'), 1500);
    assert.equal(cpuOf('fresh'), 1000);
    assert.equal(cpuOf('missing'), undefined);
  });
});

test('pods that were let onto the virtual node are the burst of a policy that rescues, and of no other', async () => {
  const letOn = { annotations: { 'spillway.dev/rescued': 'decision' } };
  const objects: Objects = {
    nodes: [rawNode('vm'), rawNode('virtual', { labels: { type: 'virtual-kubelet' } })],
    deployments: [deployment('worker')],
    replicasets: [replicaSet('rs', 'uid-worker', '2', 3)],
    pods: [
      podOf('rs', 'bursts', { spec: spec('1', { nodeName: 'virtual' }), ready: 30, meta: letOn }),
      podOf('rs', 'waits', { phase: 'Pending', stuckAt: 70, meta: letOn }),
      podOf('rs', 'on-vm', { spec: spec('1', { nodeName: 'vm' }), ready: 30, meta: letOn }),
      podOf('rs', 'stuck', { phase: 'Pending', stuckAt: 80 }),
    ],
  };
  await seeing(objects, (view) => {
    const companion = policy();
    const rescue: Policy = { ...companion, burst: { ...companion.burst, strategy: 'Rescue' } };
    const counted = (each: Policy): readonly number[] => {
      const target = view.targetOf(each);
      assert.ok(target !== undefined);
      const pods = view.podsOf(each, target, []);
      return [
        pods.placed,
        pods.onVirtual,
        pods.stuck,
        pods.burstRunning,
        view.rescuedOf(each, target).length,
      ];
    };
    assert.deepEqual(counted(rescue), [1, 0, 1, 1, 2]);
    assert.deepEqual(counted(companion), [1, 1, 2, 0, 0]);
  });
});

test('an HPA or ScaledObject on the target is told, and whether it would count burst pods', async () => {
  const scaler = (name: string, target: string, type: string): RawScaler => ({
    metadata: meta(name),
    spec: { scaleTargetRef: { kind: 'Deployment', name: target }, metrics: [{ type }] },
  });
  const objects: Objects = {
    deployments: [deployment('worker'), deployment('kept'), deployment('free')],
    hpas: [scaler('h', 'worker', 'Resource'), scaler('keda-hpa', 'kept', 'External')],
    scaledobjects: [scaler('s', 'kept', 'External')],
  };
  await seeing(objects, (view) => {
    const found = (name: string) => view.targetOf(policy({ kind: 'Deployment', name }));
    assert.equal(found('worker')?.scaledBy, 'HorizontalPodAutoscaler media/h');
    assert.deepEqual(found('worker')?.hpasThatCountBurst, ['media/h']);
    assert.equal(found('kept')?.scaledBy, 'ScaledObject media/s');
    assert.deepEqual(found('kept')?.hpasThatCountBurst, []);
    assert.equal(found('free')?.scaledBy, undefined);
  });
});

test('an HPA that goes by owner or by an averaged external metric does not count burst pods', async () => {
  const scaler = (name: string, specGiven: RawScaler['spec']): RawScaler => ({
    metadata: meta(name),
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'worker' }, ...specGiven },
  });
  const external = (type: string) => ({ metrics: [{ type: 'External', external: { target: { type } } }] });
  const objects: Objects = {
    deployments: [deployment('worker')],
    hpas: [
      scaler('by-owner', { metrics: [{ type: 'Resource' }], selectionStrategy: 'OwnerReferences' }),
      scaler('averaged', external('AverageValue')),
      scaler('per-pod', external('Value')),
      scaler('container', { metrics: [{ type: 'ContainerResource' }] }),
    ],
  };
  await seeing(objects, (view) => {
    assert.deepEqual(view.targetOf(policy())?.hpasThatCountBurst, ['media/per-pod', 'media/container']);
  });
});

test('what the quotas of a namespace leave, less what companions there still wait for and is not refused', async () => {
  const burst = deployment('burst', { owner: 'uid-p', spec: { replicas: 9 }, status: { replicas: 4 } });
  const conditions = [
    {
      type: 'ReplicaFailure',
      status: 'True',
      message: 'pods "x" is forbidden: exceeded quota: team, requested',
    },
  ];
  const failing: RawWorkload = { ...burst, status: { ...burst.status, conditions } };
  const waiting = deployment('waiting', { owner: 'uid-p', spec: { replicas: 6 }, status: { replicas: 1 } });
  const objects: Objects = {
    deployments: [deployment('worker'), failing, waiting],
    policies: [{ metadata: meta('p') }],
    resourcequotas: [
      {
        metadata: meta('team'),
        spec: { hard: { pods: '20' } },
        status: { hard: { pods: '20' }, used: { pods: '7' } },
      } as RawObject,
      { metadata: meta('elsewhere', { namespace: 'other' }), spec: { hard: { pods: '0' } } } as RawObject,
    ],
  };
  await seeing(objects, (view) => {
    const target = view.targetOf(policy());
    assert.ok(target !== undefined);
    const shape = view.shapeOf(target);
    assert.deepEqual(view.namespaceQuota('media', shape), { namespaceQuota: 8, namespaceQuotaName: 'team' });
    assert.equal(view.namespaceQuota('other', shape).namespaceQuota, 0);
    assert.equal(view.namespaceQuota('free', shape).namespaceQuota, undefined);
    const companion = view.companionsOf(policy()).find((one) => one.deployment.name === 'burst');
    assert.deepEqual(companion?.refused, { pods: 9, cause: 'QuotaExceeded', quota: 'team' });
  });
});

test('a rollout is under way while an older ReplicaSet has replicas; scaling is no rollout', async () => {
  const scaling = deployment('scaling', { spec: { replicas: 9 } });
  const objects: Objects = {
    deployments: [deployment('worker'), scaling],
    replicasets: [
      replicaSet('old', 'uid-worker', '1', 1),
      replicaSet('new', 'uid-worker', '2', 3),
      replicaSet('only', 'uid-scaling', '2', 3),
    ],
  };
  await seeing(objects, (view) => {
    const rollingOut = (name: string) => view.targetOf(policy({ kind: 'Deployment', name }))?.rollingOut;
    assert.equal(rollingOut('worker'), true);
    assert.equal(rollingOut('scaling'), false);
  });
});

test('Jobs are found by their labels and ask for the pods that they still want', async () => {
  const job = (name: string, specGiven: object, status: object = {}): RawWorkload => ({
    metadata: meta(name, { labels: { kind: 'batch' } }),
    spec: { template, ...specGiven },
    status,
  });
  const objects: Objects = {
    jobs: [
      job('half', { parallelism: 4, completions: 10 }, { succeeded: 8 }),
      job('paused', { parallelism: 4, suspend: true }),
      job('finished', { parallelism: 4 }, { conditions: [{ type: 'Complete', status: 'True' }] }),
      { ...job('other', { parallelism: 7 }), metadata: meta('other') },
    ],
    pods: [podOf('half', 'half-1', { spec: spec('2') })],
  };
  await seeing(objects, (view) => {
    const target = view.targetOf(policy({ kind: 'Jobs', matchLabels: { kind: 'batch' } }));
    assert.equal(target?.replicas, 2);
    assert.deepEqual(
      target.pods.map(({ name }) => name),
      ['half-1'],
    );
    assert.equal(view.shapeOf(target).requests.cpuMillicores, 2000);
    const [half] = target.jobs;
    assert.ok(half !== undefined);
    assert.equal(wantedByJob({ ...half, completions: undefined, succeeded: 0 }), 4);
  });
});

test('a change of a pod can be led back to its Deployment', async () => {
  const objects: Objects = {
    deployments: [deployment('worker')],
    replicasets: [replicaSet('rs', 'uid-worker', '2', 1)],
    pods: [],
  };
  await seeing(objects, (view) => {
    const roots: (string | undefined)[] = [];
    const stop = view.onChange((change) => {
      if (change.kind === 'pods') roots.push(view.store.rootOf(change.object));
    });
    view.applied('pods', podOf('rs', 'new'));
    stop();
    view.applied('pods', podOf('rs', 'another'));
    assert.deepEqual(roots, ['uid-worker']);
  });
});
