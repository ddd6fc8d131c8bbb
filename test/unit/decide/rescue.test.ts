import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decide } from '../../../src/decide/decide.ts';
import type { Decision } from '../../../src/decide/decision.ts';
import { type Memory, restoredMemory } from '../../../src/decide/memory.ts';
import type { GrowthReason, Observation, RescuedObservation } from '../../../src/decide/observation.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { blank, nodes, observation, policy, startMs } from './given.ts';

type Given = NonNullable<Parameters<typeof observation>[0]>;
type Look = Partial<RescuedObservation> & { readonly stuckSeconds?: number } & Omit<
    Given,
    'rescued' | 'pods'
  >;

const rescue = { strategy: 'Rescue' } as const;
const jobs = { kind: 'Jobs', matchLabels: { app: 'render' } } as const;
const ofJobs = policy({ target: jobs, scaling: undefined, burst: rescue });
const ofDeployment = policy({ scaling: undefined, burst: rescue });

/** A full pool of 12 pods, `wanted` in all, of which some were rescued and the others are stuck for so many seconds. */
function full(
  wanted: number,
  more: Omit<Look, 'target'> & { readonly target?: Given['target'] } = {},
): Observation {
  const {
    pods = 0,
    running = pods,
    ready = running,
    draining = 0,
    unrescuable = [],
    stuckSeconds,
    ...rest
  } = more;
  const stuck = Math.max(0, wanted - 12 - pods);
  const waitingSeconds = more.waitingSeconds ?? Array.from({ length: stuck }, () => stuckSeconds ?? 60);
  return observation({
    ...rest,
    target: { replicas: wanted, ...more.target },
    pods: { placed: 12, placedReady: 12, stuck },
    rescued: { pods, running, ready, draining, waitingSeconds, unrescuable },
  });
}

const decided = (given: Policy, seen: Observation, memory: Memory = blank): Decision =>
  decide(given, seen, memory).decision;
const codes = ({ reasons }: Decision): readonly string[] => reasons.map(({ code }) => code);

const scaleUpAt = (sinceMs: number): GrowthReason => ({
  by: 'cluster-autoscaler',
  code: 'ScaleUp',
  sinceMs,
  targetNodes: undefined,
  maxNodes: undefined,
  errorCode: undefined,
});

describe('stuck pods are let on', () => {
  test('all of them once they have been stuck for 30 s without a scale-up', () => {
    const seen = full(200, { stuckSeconds: 30 });
    const decision = decided(ofJobs, seen);
    assert.deepEqual([decision.burst.granted, decision.rescue?.admit], [188, 188]);
    assert.ok(codes(decision).includes('RescueAfterWait'));
  });

  test('not before, and the decision says when', () => {
    const decision = decided(ofJobs, full(200, { stuckSeconds: 8 }));
    assert.deepEqual([decision.rescue?.admit, decision.rescue?.waiting], [0, 188]);
    assert.equal(decision.rescue?.secondsToNext, 22);
    assert.ok(codes(decision).includes('RescueWaits'));
    const soon = decided(ofJobs, full(200, { stuckSeconds: 29 }));
    assert.equal(soon.nextLookSeconds, 1);
  });

  test('at once where the pool grows, and the reason says so', () => {
    const decision = decided(ofJobs, full(200, { stuckSeconds: 1, vmPool: { growth: 'Growing' } }));
    assert.equal(decision.rescue?.admit, 188);
    assert.ok(codes(decision).includes('RescueAfterScaleUp'));
  });

  test('not by a scale-up from before they were stuck: that was not for them', () => {
    const vmPool = { growth: 'Growing', growthReason: scaleUpAt(startMs - 10_000) } as const;
    assert.equal(decided(ofJobs, full(200, { stuckSeconds: 3, vmPool })).rescue?.admit, 0);
    assert.equal(decided(ofJobs, full(200, { stuckSeconds: 10, vmPool })).rescue?.admit, 188);
    const long = { growth: 'Growing', growthReason: scaleUpAt(startMs - 600_000) } as const;
    assert.equal(decided(ofJobs, full(200, { stuckSeconds: 30, vmPool: long })).rescue?.admit, 188);
  });

  test('at once where the pool cannot grow, or need not', () => {
    const cannot = decided(ofJobs, full(200, { stuckSeconds: 0, vmPool: { growth: 'CannotGrow' } }));
    assert.equal(cannot.rescue?.admit, 188);
    assert.ok(codes(cannot).includes('RescueAtOnce'));
    const fixed = policy({ burst: { ...rescue, vmPool: 'Fixed' }, scaling: { minReplicas: 200 } });
    assert.equal(decided(fixed, full(200, { stuckSeconds: 0 })).rescue?.admit, 188);
  });

  test('no more than the limits grant, those that were let on before included', () => {
    const given = { ...ofJobs, burst: { ...ofJobs.burst, maxReplicas: 50 } };
    assert.equal(decided(given, full(200)).rescue?.admit, 50);
    assert.equal(decided(given, full(200, { pods: 45, running: 40 })).rescue?.admit, 5);
    assert.equal(decided(ofJobs, full(200, { limits: { creationTokens: 20 } })).rescue?.admit, 20);
  });

  test('none for whom VMs have room', () => {
    const vmPool = { groups: [nodes(10, 4)] };
    assert.equal(decided(ofJobs, full(30, { vmPool })).rescue?.admit, 0);
    assert.equal(decided(ofJobs, full(60, { vmPool })).rescue?.admit, 8);
  });

  test('a surge pod of a rolling update on a full pool is left to wait', () => {
    const seen = full(12, { stuckSeconds: 60, waitingSeconds: [60], target: { rollingOut: true } });
    assert.equal(decided(ofDeployment, seen).rescue?.admit, 0);
  });

  test('those that cannot be are told, with the first thing that keeps them off', () => {
    const unrescuable = [{ code: 'RESCUE_SPREAD', message: 'It has a hard spread.', pods: 3 }];
    const decision = decided(ofJobs, full(20, { waitingSeconds: [60, 60], unrescuable }));
    assert.equal(decision.rescue?.admit, 2);
    const reason = decision.reasons.find(({ code }) => code === 'NotRescuable');
    assert.deepEqual(reason?.numbers, { pods: 3 });
  });
});

describe('what is not there to be let on', () => {
  test('is not granted: gated pods are not stuck, and the decision says what it waits for', () => {
    const seen = full(112, { waitingSeconds: [] });
    const decision = decided(ofJobs, seen);
    assert.deepEqual([decision.burst.granted, decision.rescue?.admit], [0, 0]);
    assert.deepEqual(decision.burst.limitedBy, ['NothingToRescue']);
    assert.match(
      decision.summary,
      /0 burst, 100 more wait for stuck pods that can be let onto the virtual node\./,
    );
  });

  test('is not granted: of a hundred of which one can be, one is', () => {
    const unrescuable = [{ code: 'RESCUE_SPREAD', message: 'It has a hard spread.', pods: 99 }];
    const { burst, rescue: terms } = decided(ofJobs, full(112, { waitingSeconds: [60], unrescuable }));
    assert.deepEqual([burst.granted, terms?.admit], [1, 1]);
  });

  test('does not keep a target of a fixed pool from getting the replicas that are to be let on', () => {
    const fixed = policy({ burst: { ...rescue, vmPool: 'Fixed' }, scaling: { minReplicas: 200 } });
    const { burst, targetReplicas } = decided(fixed, full(12));
    assert.deepEqual([burst.granted, targetReplicas], [0, 200]);
  });
});

describe('with scaling the whole demand lives in the target', () => {
  const given = policy({
    burst: { ...rescue, maxReplicas: 50 },
    scaling: { minReplicas: 200, scaleDownStabilizationSeconds: 0 },
  });

  test('which gets all replicas while VMs may come, and only what runs where the pool is Fixed', () => {
    const seen = full(12);
    assert.equal(decided(given, seen).targetReplicas, 200);
    assert.equal(decided(given, seen).burst.pendingForGrowth, 138);
    const fixed = { ...given, burst: { ...given.burst, vmPool: 'Fixed' as const } };
    assert.equal(decided(fixed, seen).targetReplicas, 62);
  });

  test('lower replicas take the rescued ones, drained, and nothing is evicted meanwhile', () => {
    const lower = policy({ burst: rescue, scaling: { minReplicas: 20, scaleDownStabilizationSeconds: 0 } });
    const seen = full(100, { pods: 88, vmPool: { groups: [nodes(2, 4)] } });
    const { rescue: terms, targetReplicas } = decided(lower, seen);
    assert.equal(targetReplicas, 20);
    assert.deepEqual([terms?.leave, terms?.evict], [80, false]);
  });
});

describe('rescued pods are given back', () => {
  const memory = restoredMemory(startMs - 3_600_000, { demand: 20, burst: 8 });
  const later = { ...memory, keep: [] };
  const room = { groups: [nodes(1, 4)] };

  test('one at a time, when VMs have room for what replaces it', () => {
    const { rescue: terms, burst } = decided(ofDeployment, full(20, { pods: 8, vmPool: room }), later);
    assert.equal(burst.granted, 4);
    assert.deepEqual([terms?.leave, terms?.evict], [1, true]);
  });

  test('not before the room has been there for reclaim.after', () => {
    const first = decide(ofDeployment, full(20, { pods: 8 }), later);
    const seen = (seconds: number): Observation =>
      full(20, { pods: 8, vmPool: room, atMs: startMs + seconds * 1000 });
    const second = decide(ofDeployment, seen(1), first.memory);
    assert.equal(second.decision.rescue?.leave, 0);
    const third = decide(ofDeployment, seen(62), second.memory);
    assert.equal(third.decision.rescue?.leave, 1);
  });

  test('not while something that should run is not Ready: what replaces the last one comes first', () => {
    const seen = full(20, { pods: 8, ready: 7, vmPool: room });
    assert.deepEqual([decided(ofDeployment, seen, later).rescue?.leave, 0], [0, 0]);
    const underWay = full(20, { pods: 8, ready: 7, draining: 1, vmPool: room });
    const { rescue: terms } = decided(ofDeployment, underWay, later);
    assert.deepEqual([terms?.leave, terms?.evict], [1, false]);
  });

  test('one that still waits for a node goes first, and does not count as missing', () => {
    const seen = full(20, { pods: 8, running: 6, ready: 6, vmPool: room });
    assert.equal(decided(ofDeployment, seen, later).rescue?.evict, true);
  });

  test('all at once beyond a hard limit, whether there is room or not', () => {
    const suspended = { ...ofDeployment, suspend: true };
    const { rescue: terms } = decided(suspended, full(20, { pods: 8 }), later);
    assert.deepEqual([terms?.leave, terms?.evict], [8, true]);
  });

  test('never those of Jobs and StatefulSets, nor by a policy that goes', () => {
    const set = policy({ target: { kind: 'StatefulSet', name: 'cache' }, scaling: undefined, burst: rescue });
    for (const given of [ofJobs, set, { ...ofDeployment, deleting: true }]) {
      for (const suspend of [false, true]) {
        const { rescue: terms } = decided({ ...given, suspend }, full(20, { pods: 8, vmPool: room }), later);
        assert.deepEqual([terms?.leave, terms?.evict], [0, false]);
      }
    }
    assert.equal(decided(ofJobs, full(20, { pods: 8, vmPool: room }), later).burst.granted, 8);
    const lowered = { ...ofJobs, burst: { ...ofJobs.burst, maxReplicas: 5 } };
    const { burst, rescue: terms } = decided(lowered, full(40, { pods: 8 }), later);
    assert.deepEqual([burst.granted, burst.limitedBy, terms?.admit], [8, ['MaxReplicas'], 0]);
  });
});

describe('whatever is seen', () => {
  const growth = fc.constantFrom('Growing', 'CanGrow', 'CannotGrow', 'Unknown');
  const anything = fc.record({
    wanted: fc.nat(300),
    pods: fc.nat(100),
    draining: fc.nat(5),
    waiting: fc.array(fc.nat(90), { maxLength: 50 }),
    cores: fc.nat(8),
    growth,
    tokens: fc.option(fc.nat(20), { nil: undefined }),
    kind: fc.constantFrom('Deployment', 'StatefulSet', 'Jobs'),
    suspend: fc.boolean(),
  });

  test('no more are let on than are granted, only ripe ones, and at most one leaves against room', () => {
    fc.assert(
      fc.property(anything, (each) => {
        const seen = full(each.wanted, {
          pods: each.pods,
          draining: Math.min(each.draining, each.pods),
          waitingSeconds: each.waiting.toSorted((a, b) => b - a),
          vmPool: { growth: each.growth, groups: [nodes(2, each.cores)] },
          limits: { creationTokens: each.tokens },
        });
        const target = each.kind === 'Jobs' ? jobs : { kind: each.kind as 'Deployment', name: 'x' };
        const given = { ...ofDeployment, target, suspend: each.suspend };
        const { burst, rescue: terms } = decided(given, seen);
        assert.ok(terms !== undefined);
        assert.ok(terms.admit <= Math.max(0, burst.granted - burst.asked));
        assert.ok(terms.admit <= each.waiting.length);
        assert.ok(terms.admit === 0 || terms.leave === 0 || each.pods > burst.hard);
        assert.ok(each.kind === 'Deployment' || terms.leave === 0);
        assert.ok(each.suspend || each.pods > burst.hard || terms.leave <= 1);
        assert.ok(!terms.evict || terms.leave > 0);
      }),
    );
  });
});

describe('without scaling, by companions', () => {
  test('stuck pods drive the burst, originals stay, and substitutes leave when these are Ready', () => {
    const given = policy({ scaling: undefined });
    let memory = blank;
    const look = (second: number, seen: Given): Decision => {
      const next = decide(given, observation({ atMs: startMs + second * 1000, ...seen }), memory);
      memory = next.memory;
      return next.decision;
    };
    const companions = [
      { name: 'c', templateHash: '1', current: true, replicas: 8, ready: 8, pods: 8, draining: 0 },
    ];
    const target = { replicas: 20 };
    const stuck = look(0, { target, pods: { placed: 12, placedReady: 12, stuck: 8 } });
    assert.deepEqual([stuck.burst.granted, stuck.targetReplicas], [8, undefined]);
    const starting = look(120, { target, companions, pods: { placed: 20, placedReady: 12 } });
    assert.deepEqual([starting.spill, starting.burst.granted], [0, 8]);
    const ready = look(130, { target, companions, pods: { placed: 20, placedReady: 20 } });
    assert.equal(ready.burst.granted, 8);
    const later = look(191, { target, companions, pods: { placed: 20, placedReady: 20 } });
    assert.equal(later.burst.granted, 0);
    const again = look(200, { target, pods: { placed: 18, placedReady: 18, stuck: 2 } });
    assert.equal(again.burst.granted, 2);
  });

  test('an owner who asks for less takes the burst down with it', () => {
    const given = policy({ scaling: undefined });
    const companions = [
      { name: 'c', templateHash: '1', current: true, replicas: 8, ready: 8, pods: 8, draining: 0 },
    ];
    const memory = restoredMemory(startMs, { demand: 20, burst: 8 });
    const seen = observation({
      companions,
      target: { replicas: 5 },
      pods: { placed: 5, placedReady: 5 },
      atMs: startMs + 1000,
    });
    assert.equal(decide(given, seen, memory).decision.burst.granted, 5);
  });
});
