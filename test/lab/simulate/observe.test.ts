import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plan } from '../../../src/act/plan.ts';
import { decide } from '../../../src/decide/decide.ts';
import { headroom } from '../../../src/decide/fit.ts';
import { type Memory, restoredMemory } from '../../../src/decide/memory.ts';
import { loadOfShapes } from '../../../src/lab/simulate/arrivals/load.ts';
import { applyWrite } from '../../../src/lab/simulate/drive/apply.ts';
import { growthIn } from '../../../src/lab/simulate/observe/growth.ts';
import { Observer } from '../../../src/lab/simulate/observe/observer.ts';
import { shapesOf } from '../../../src/lab/simulate/scenario.ts';
import { virtualNodeName, virtualPoolOf, worldOf } from '../../../src/lab/simulate/setup.ts';
import { statusText } from '../../../src/lab/world/autoscaler-status.ts';
import { isActive, isReady } from '../../../src/lab/world/conditions.ts';
import type { ConfigMap } from '../../../src/lab/world/kube.ts';
import { createWorld } from '../../../src/lab/world/world.ts';
import { charge, noSpend } from '../../../src/limits/spend.ts';
import { resolvePolicy } from '../../../src/policy/resolve.ts';
import type { BurstPolicy } from '../../../src/policy/schema.ts';
import { contendersOf, scenarioOf, startMs } from './scenes.ts';

test('an observation says what stands in the cluster, at any time of a burst', () => {
  const scenario = scenarioOf({
    duration: '20m',
    arrivals: [{ shape: 'spike', jobs: 1200, at: '1m' }],
    pools: [{ name: 'vm', nodes: 2, maxNodes: 4, cpu: '4', memory: '16Gi' }],
    virtualPool: { quotaCores: 30 },
    contenders: [
      {
        type: 'policy',
        spec: {
          scaling: { maxReplicas: 60, sources: [{ drainWithin: '2m', expectedJobDuration: '3s' }] },
          burst: { maxReplicas: 40 },
        },
      },
    ],
  });
  const [contender] = contendersOf(scenario);
  assert.ok(contender !== undefined);
  const load = loadOfShapes(shapesOf(scenario), startMs, startMs + 1_200_000, {
    seed: 's',
    scale: 1,
    origin: '',
  });
  const world = createWorld({ seed: 's', startMs, scenario: worldOf(scenario, contender, load.open()) });
  const policy = resolvePolicy(
    world.objects.get('burstpolicies', 'default/worker') as unknown as BurstPolicy,
  );
  const queue = world.queues.get('jobs');
  const node = world.virtualNodes.get(virtualNodeName);
  assert.ok(queue !== undefined && node !== undefined);
  const observer = new Observer({
    world,
    queue,
    policy,
    pool: virtualPoolOf(scenario),
    limitsKnown: true,
    spend: () => charge(noSpend, startMs, new Map([[policy.key, 1.5]])),
  });
  let memory: Memory = restoredMemory(startMs, { demand: 1, burst: 0 });
  const growths = new Set<string>();
  let mostBurst = 0;
  for (let second = 5; second <= 1200; second += 5) {
    world.runUntil(startMs + second * 1000);
    const { observation, standing } = observer.look();

    const active = [...world.objects.values('pods')].filter(isActive);
    const companionPods = active.filter(({ metadata }) => metadata.labels?.['spillway.dev/burst'] === 'true');
    const own = active.filter((pod) => !companionPods.includes(pod));
    const placed = own.filter(({ spec }) => (spec.nodeName ?? '') !== '');
    assert.equal(observation.pods.placed, placed.length);
    assert.equal(observation.pods.placedReady, placed.filter(isReady).length);
    assert.equal(observation.pods.burstReady, companionPods.filter(isReady).length);
    assert.equal(
      observation.pods.burstRunning,
      companionPods.filter(({ spec }) => spec.nodeName === virtualNodeName).length,
    );
    assert.equal(observation.pods.startingSeconds.length, active.filter((pod) => !isReady(pod)).length);
    assert.equal(standing.companions.flatMap(({ live }) => live).length, companionPods.length);
    assert.equal(observation.companions.length, standing.companions.length);
    assert.ok(Math.abs(observation.limits.spentToday - (1.5 * second) / 3600) < 1e-6);
    assert.ok((observation.limits.freeQuota ?? -1) <= 30 - node.usedCores);
    const slots = observation.vmPool.groups.reduce((sum, { nodes }) => sum + nodes, 0);
    assert.ok(slots <= observation.vmPool.matchingNodes);
    const room = headroom(observation.shape, observation.vmPool, []);
    assert.ok(placed.length + room <= observation.vmPool.matchingNodes * 4);

    growths.add(observation.vmPool.growth);
    mostBurst = Math.max(mostBurst, observation.pods.burstReady);
    const decided = decide(policy, observation, memory);
    const replayed = JSON.parse(JSON.stringify(observation)) as typeof observation;
    assert.deepEqual(decide(policy, replayed, memory).decision, decided.decision);
    memory = decided.memory;
    for (const write of plan(policy, decided.decision, standing)) {
      assert.ok(applyWrite(write, world.objects) || write.kind !== 'CreateCompanion');
    }
  }
  assert.ok(mostBurst > 10 && mostBurst <= 30, `burst of ${mostBurst}`);
  assert.ok(growths.has('Growing') && growths.has('CanGrow'), [...growths].join());
  assert.equal(queue.stats.completed + queue.stats.failed, 1200);
});

test('a write on what has changed or gone meanwhile is not taken', () => {
  const scenario = scenarioOf();
  const [contender] = contendersOf(scenario);
  assert.ok(contender !== undefined);
  const world = createWorld({
    seed: 's',
    startMs,
    scenario: worldOf(scenario, contender, { next: () => undefined }),
  });
  const write = { kind: 'ScaleTarget', namespace: 'default', from: 4, to: 5, decisionId: 'd' } as const;
  assert.equal(applyWrite({ ...write, name: 'worker', resourceVersion: '1' }, world.objects), false);
  assert.equal(applyWrite({ ...write, name: 'nobody', resourceVersion: '1' }, world.objects), false);
  const { resourceVersion = '' } = world.objects.get('deployments', 'default/worker')?.metadata ?? {};
  assert.equal(applyWrite({ ...write, name: 'worker', resourceVersion }, world.objects), true);
  assert.equal(world.objects.get('deployments', 'default/worker')?.spec.replicas, 5);
});

test('growth is read out of the status of the autoscaler', () => {
  const group = {
    name: 'vm',
    ready: 2,
    target: 2,
    minSize: 1,
    maxSize: 4,
    scaleUpSinceMs: startMs,
    backoff: undefined,
    scaleDownCandidates: 0,
    scaleDownSinceMs: startMs,
  };
  const growth = (change: object, nowMs = startMs): string => {
    const status = statusText([{ ...group, scaleUp: 'NoActivity', ...change }], startMs);
    return growthIn({ data: { status } } as unknown as ConfigMap, nowMs);
  };
  assert.equal(growthIn(undefined, startMs), 'Unknown');
  assert.equal(growth({}), 'CanGrow');
  assert.equal(growth({ target: 4 }), 'CannotGrow');
  assert.equal(growth({ scaleUp: 'InProgress' }), 'Growing');
  assert.equal(growth({ scaleUp: 'InProgress' }, startMs + 901_000), 'CannotGrow');
  const backoff = { errorCode: 'QUOTA_EXCEEDED', errorMessage: 'no more' };
  assert.equal(growth({ scaleUp: 'Backoff', backoff }), 'CannotGrow');
});
