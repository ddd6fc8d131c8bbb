import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { byPrecedence, claimsBefore } from '../../../src/decide/claims.ts';
import { decide } from '../../../src/decide/decide.ts';
import type { Observation } from '../../../src/decide/observation.ts';
import { blank, companion, nodes, observation, policy, startMs } from './given.ts';

/** Any cluster and any queue that could be seen, at one moment. */
const anything: fc.Arbitrary<Observation> = fc
  .record({
    backlog: fc.nat(100_000),
    active: fc.nat(500),
    placed: fc.nat(100),
    unready: fc.nat(100),
    stuck: fc.nat(50),
    cores: fc.nat(16),
    count: fc.nat(20),
    asked: fc.nat(300),
    readyNodes: fc.nat(2),
    freeQuota: fc.option(fc.nat(100), { nil: undefined }),
    creationTokens: fc.option(fc.nat(100), { nil: undefined }),
    breaker: fc.constantFrom('closed' as const, 'half-open' as const, 'open' as const),
  })
  .map((seen) =>
    observation({
      sample: { backlog: seen.backlog, active: seen.active },
      pods: { placed: seen.placed, placedReady: Math.max(0, seen.placed - seen.unready), stuck: seen.stuck },
      target: { replicas: seen.placed + seen.stuck },
      vmPool: { groups: [nodes(seen.count, seen.cores)] },
      virtualPool: { readyNodes: seen.readyNodes, freePods: seen.readyNodes * 5000 },
      companions: seen.asked === 0 ? [] : [companion(seen.asked)],
      limits: { freeQuota: seen.freeQuota, creationTokens: seen.creationTokens, breaker: seen.breaker },
    }),
  );

const granted = (seen: Observation, maxReplicas = 1000): number =>
  decide(policy({ burst: { maxReplicas } }), seen, blank).decision.burst.granted;

describe('decide', () => {
  test('is total and deterministic, and leaves a memory that survives JSON', () => {
    fc.assert(
      fc.property(anything, (seen) => {
        const first = decide(policy(), seen, blank);
        const { decision, memory } = first;
        assert.deepEqual(decide(policy(), structuredClone(seen), structuredClone(blank)), first);
        assert.deepEqual(JSON.parse(JSON.stringify(memory)).keep, memory.keep);
        for (const value of [decision.demand, decision.headroom, decision.spill, decision.burst.granted]) {
          assert.equal(Number.isInteger(value) && value >= 0, true, String(value));
        }
        assert.match(decision.summary, /^\d.*\.$/);
      }),
    );
  });

  test('never exceeds the hard limits, nor grows beyond the soft ones (promise 4)', () => {
    fc.assert(
      fc.property(anything, fc.nat(400), (seen, maxReplicas) => {
        const { decision } = decide(policy({ burst: { maxReplicas } }), seen, blank);
        assert.equal(decision.burst.granted <= maxReplicas, true);
        const asked = decision.burst.asked;
        const { freeQuota, creationTokens } = seen.limits;
        assert.equal(decision.burst.granted <= asked + (freeQuota ?? 1e9), true);
        assert.equal(decision.burst.granted <= asked + (creationTokens ?? 1e9), true);
      }),
    );
  });

  const money = fc.record({
    pricePerHour: fc.double({ min: 0.001, max: 5, noNaN: true }),
    spentToday: fc.nat(100),
    maxRate: fc.nat(50),
    maxSpend: fc.nat(100),
    rateBefore: fc.nat(30),
    rateOthers: fc.nat(30),
    failed: fc.nat(300),
    drain: fc.boolean(),
  });

  test('never costs more per hour than the policy and the cluster allow, and starts nothing on a budget that is gone', () => {
    fc.assert(
      fc.property(anything, money, (seen, given) => {
        const { pricePerHour, spentToday, maxRate, maxSpend, rateBefore } = given;
        const onExhausted = given.drain ? 'Drain' : 'Keep';
        const rateOthers = rateBefore + given.rateOthers;
        const budget = { maxRatePerHour: maxRate, maxSpendPerDay: maxSpend, onExhausted } as const;
        const cluster = { ...budget, maxSpendPerDay: undefined, spentToday, rateBefore, rateOthers };
        const companions = seen.companions.map((one) => ({
          ...one,
          failed: Math.min(given.failed, one.replicas),
        }));
        const { burst } = decide(
          policy({ burst: { budget } }),
          { ...seen, companions, limits: { ...seen.limits, pricePerHour, spentToday, cluster } },
          blank,
        ).decision;
        assert.ok(burst.granted * pricePerHour <= maxRate + 1e-6);
        assert.ok(burst.granted * pricePerHour <= Math.max(0, maxRate - rateBefore) + 1e-6);
        if (burst.granted > burst.asked)
          assert.ok(burst.granted * pricePerHour + rateOthers <= maxRate + 1e-6);
        if (spentToday >= maxSpend) assert.ok(burst.granted <= (given.drain ? 0 : burst.asked));
      }),
    );
  });

  test('bursts no more than the VM pool leaves over (promise 2), and reclaims only against ready pods (promise 3)', () => {
    fc.assert(
      fc.property(anything, (seen) => {
        const { decision } = decide(policy(), seen, blank);
        const { asked } = decision.burst;
        const grew = decision.burst.granted > asked;
        assert.equal(
          !grew || decision.placed + decision.headroom + decision.burst.granted <= decision.demand,
          true,
        );
        const shrunk = decision.burst.granted < asked && asked <= 1000;
        assert.equal(!shrunk || decision.placedReady + decision.burst.granted >= decision.demand, true);
      }),
    );
  });

  test('a higher limit never lowers the burst; more headroom never raises it', () => {
    fc.assert(
      fc.property(anything, fc.nat(300), fc.nat(300), (seen, limit, more) => {
        assert.equal(granted(seen, limit + more) >= granted(seen, limit), true);
        const roomier: Observation = {
          ...seen,
          vmPool: { ...seen.vmPool, groups: [...seen.vmPool.groups, nodes(1 + (more % 10), 4)] },
        };
        assert.equal(granted(roomier) <= granted(seen), true);
      }),
    );
  });

  test('a constant cluster reaches a fixed point', () => {
    fc.assert(
      fc.property(anything, (seen) => {
        let memory = blank;
        const burst: number[] = [];
        for (let second = 0; second <= 400; second += 5) {
          const next = decide(policy(), { ...seen, atMs: startMs + second * 1000 }, memory);
          memory = next.memory;
          burst.push(next.decision.burst.granted);
        }
        assert.equal(new Set(burst.slice(-10)).size, 1, burst.join(' '));
      }),
      { numRuns: 30 },
    );
  });
});

describe('claims', () => {
  test('priority comes first, then age, then UID, and the first is bound by nobody', () => {
    const first = policy({ key: 'a/1', uid: '1', priority: 5 });
    const older = policy({ key: 'a/2', uid: '2', createdAtMs: startMs - 1 });
    const lower = policy({ key: 'a/3', uid: '3' });
    const later = policy({ key: 'a/4', uid: '4' });
    const order = [later, lower, older, first].toSorted(byPrecedence).map((one) => one.key);
    assert.deepEqual(order, ['a/1', 'a/2', 'a/3', 'a/4']);
    const seen = observation({ sample: { backlog: 500 }, vmPool: { groups: [nodes(3, 4)] } });
    const others = [first, later].map((one) => ({
      policy: one,
      decision: decide(one, seen, blank).decision,
    }));
    assert.deepEqual(
      claimsBefore(lower, others).map((claim) => [claim.policy, claim.pods]),
      [['a/1', 5]],
    );
    assert.deepEqual(claimsBefore(first, others), []);
    const dry = others.map((other) => ({ ...other, policy: { ...other.policy, dryRun: true } }));
    assert.deepEqual(claimsBefore(lower, dry), []);
  });
});
