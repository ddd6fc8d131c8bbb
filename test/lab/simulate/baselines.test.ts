import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadOfShapes } from '../../../src/lab/simulate/arrivals/load.ts';
import { startKeda } from '../../../src/lab/simulate/drive/keda.ts';
import { shapesOf } from '../../../src/lab/simulate/scenario.ts';
import { worldOf } from '../../../src/lab/simulate/setup.ts';
import type { Deployment } from '../../../src/lab/world/kube.ts';
import { createWorld } from '../../../src/lab/world/world.ts';
import { contendersOf, scenarioOf, startMs } from './scenes.ts';

/** Replicas that a contender asks for over time, as seconds from the start and their number. */
function steps(
  contender: Readonly<Record<string, unknown>>,
  arrivals: readonly Readonly<Record<string, unknown>>[],
): readonly (readonly [number, number])[] {
  const scenario = scenarioOf({
    duration: '40m',
    arrivals,
    workload: {
      requests: { cpu: '100m', memory: '100Mi' },
      service: '10s',
      replicas: contender['type'] === 'keda' ? 0 : 1,
    },
    pools: [{ name: 'vm', nodes: 10, cpu: '16', memory: '64Gi' }],
    contenders: [contender],
  });
  const [first] = contendersOf(scenario);
  assert.ok(first !== undefined);
  const load = loadOfShapes(shapesOf(scenario), startMs, startMs + 2_400_000, {
    seed: 's',
    scale: 1,
    origin: '',
  });
  const world = createWorld({ seed: 's', startMs, scenario: worldOf(scenario, first, load.open()) });
  const seen: (readonly [number, number])[] = [];
  world.objects.onChange(({ resource, object, before }) => {
    if (resource !== 'deployments' || before === undefined) return;
    const { replicas = 1 } = (object as Deployment).spec;
    if (replicas !== (before as Deployment).spec.replicas)
      seen.push([(world.now() - startMs) / 1000, replicas]);
  });
  const queue = world.queues.get(scenario.queue);
  assert.ok(queue !== undefined);
  if (first.type === 'keda') {
    startKeda({
      world,
      queue,
      targetKey: 'default/worker',
      minReplicas: first.minReplicas,
      pollingMs: first.pollingInterval * 1000,
      cooldownMs: first.cooldownPeriod * 1000,
      activationBacklog: first.activationBacklog,
    });
  }
  world.runUntil(startMs + 2_400_000);
  return seen;
}

const spike = [{ shape: 'spike', jobs: 5000, at: '100s' }];

test('the HPA goes to four at first and doubles every 15 s at most', () => {
  const seen = steps({ type: 'hpa-cluster-autoscaler', maxReplicas: 100, backlogPerReplica: 10 }, spike);
  const grown = seen.filter(([, replicas], index) => replicas > (seen[index - 1]?.[1] ?? 1));
  assert.deepEqual(
    grown.slice(0, 5).map(([, replicas]) => replicas),
    [4, 8, 16, 32, 64],
  );
  for (const [index, [at]] of grown.slice(1, 5).entries()) {
    assert.ok(at - (grown[index]?.[0] ?? 0) >= 14.9, `step at ${at}`);
  }
  assert.equal(Math.max(...seen.map(([, replicas]) => replicas)), 100);
});

test('the HPA comes down only after its five minutes', () => {
  const seen = steps({ type: 'hpa-cluster-autoscaler', maxReplicas: 100, backlogPerReplica: 10 }, [
    { shape: 'spike', jobs: 300, at: '100s' },
  ]);
  const firstDown = seen.find(([, replicas], index) => replicas < (seen[index - 1]?.[1] ?? 0));
  assert.ok(firstDown !== undefined && firstDown[0] >= 100 + 300, JSON.stringify(seen));
});

test('KEDA wakes up at a poll, steps through the HPA, and sleeps after its cooldown', () => {
  const seen = steps({ type: 'keda', maxReplicas: 100, backlogPerReplica: 10 }, spike);
  assert.deepEqual(seen[0], [120, 1]);
  assert.ok((seen[1]?.[0] ?? 0) - 120 <= 30.1, JSON.stringify(seen));
  assert.equal(seen.at(-1)?.[1], 0);
  const peakAt = seen.findLast(([, replicas]) => replicas === 100)?.[0] ?? 0;
  assert.ok((seen.at(-1)?.[0] ?? 0) >= peakAt + 300);
});

test('KEDA goes to sleep when its cooldown is over, and not before', () => {
  const seen = steps({ type: 'keda', maxReplicas: 10, backlogPerReplica: 10, cooldownPeriod: '600s' }, [
    { shape: 'spike', jobs: 5, at: '100s' },
  ]);
  const [asleepAt = 0, replicas] = seen.at(-1) ?? [];
  assert.equal(replicas, 0);
  assert.ok(asleepAt >= 120 + 600 && asleepAt <= 180 + 600 + 30, JSON.stringify(seen));
});

test('KEDA stays asleep below its activation, and never goes below its minimum', () => {
  const few = [{ shape: 'spike', jobs: 5, at: '100s' }];
  assert.deepEqual(
    steps({ type: 'keda', maxReplicas: 10, backlogPerReplica: 10, activationBacklog: 5 }, few),
    [],
  );
  const kept = steps({ type: 'keda', maxReplicas: 10, minReplicas: 2, backlogPerReplica: 10 }, [
    { shape: 'spike', jobs: 300, at: '100s' },
  ]);
  assert.ok(kept.every(([, replicas]) => replicas >= 1) && kept.at(-1)?.[1] === 2, JSON.stringify(kept));
});
