import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '../../../src/decide/decide.ts';
import { type Memory, restoredMemory } from '../../../src/decide/memory.ts';
import type { Observation } from '../../../src/decide/observation.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { blank, companion, nodes, observation, policy, sample, source, startMs } from './given.ts';

/** The cases of DESIGN.md that must come out right, with their numbers. */

function decided(given: Policy, seen: Observation, memory: Memory = blank) {
  return decide(given, seen, memory).decision;
}

describe('demand', () => {
  test('20 000 jobs of 3 s at once, to be drained within 300 s, want 200 replicas', () => {
    const decision = decided(policy(), observation({ sample: { backlog: 20_000 } }));
    assert.equal(decision.demand, 200);
  });

  test('with a start latency of 30 s they want 223, at once', () => {
    const seen = observation({ sample: { backlog: 20_000 }, pods: { startLatencySeconds: 30 } });
    assert.equal(decided(policy(), seen).demand, 223);
  });

  test('the 200 stay 200 while they work, and the queue is empty after its 300 s', () => {
    let memory = blank;
    let backlog = 20_000;
    let replicas = 0;
    const asked: number[] = [];
    for (let second = 0; second <= 300; second += 1) {
      const atMs = startMs + second * 1000;
      const active = Math.min(replicas, backlog);
      const seen = observation({
        atMs,
        sample: { backlog: backlog - active, active, oldestAgeSeconds: second },
        pods: { burstReady: replicas },
        companions: [companion(replicas)],
      });
      const next = decide(policy(), seen, memory);
      memory = next.memory;
      replicas = next.decision.demand;
      asked.push(replicas);
      backlog = Math.max(0, backlog - replicas / 3);
    }
    assert.equal(Math.max(...asked), 200);
    assert.equal(backlog, 0);
  });

  test('ten mostly idle replicas at one job a second shrink to three', () => {
    let memory = blank;
    let demand = 0;
    for (let second = 0; second <= 180; second += 1) {
      const atMs = startMs + second * 1000;
      const seen = observation({
        atMs,
        sample: { active: 3, arrivalsTotal: second, completionsTotal: second },
        pods: { placed: 10, placedReady: 10 },
        target: { replicas: 10 },
      });
      const next = decide(policy(), seen, memory);
      memory = next.memory;
      demand = next.decision.demand;
    }
    assert.equal(demand, 3);
  });

  test('workers that run ten jobs at once want 20, cold', () => {
    const given = policy({ scaling: { sources: [source({ workerConcurrency: 10 })] } });
    assert.equal(decided(given, observation({ sample: { backlog: 20_000 } })).demand, 20);
  });

  test('40 one-hour jobs want 40, and none is killed while it runs', () => {
    const given = policy({ scaling: { sources: [source({ jobSeconds: 3600 })] } });
    assert.equal(decided(given, observation({ sample: { backlog: 40 } })).demand, 40);
    const later = observation({ sample: { active: 40 }, pods: { placed: 40, placedReady: 40 } });
    assert.equal(decided(given, later).demand, 40);
  });

  test('VMs that arrive beside a burst on a deep queue do not ask for ever more: busy workers of short jobs give way', () => {
    const given = policy({
      scaling: {
        scaleDownStabilizationSeconds: 0,
        sources: [source({ drainWithin: 60, jobSeconds: 0.1 })],
      },
    });
    let memory = blank;
    let demand = 0;
    for (let second = 0; second <= 10; second += 1) {
      const seen = observation({
        atMs: startMs + second * 1000,
        sample: {
          backlog: 16_000 - second * 560,
          active: 56,
          completionsTotal: second * 560,
          oldestAgeSeconds: 10 + second,
        },
        pods: { placed: 34, placedReady: 34, burstReady: 22 },
        companions: [companion(22)],
      });
      ({
        memory,
        decision: { demand },
      } = decide(given, seen, memory));
    }
    assert.ok(demand < 34, `${demand} wanted while 56 are busy`);
  });

  test('busy workers are kept for as long as nobody knows how long their jobs take', () => {
    const given = policy({ scaling: { sources: [source({ jobSeconds: 3 })] } });
    const seen = observation({ sample: { active: 40 }, pods: { placed: 40, placedReady: 40 } });
    assert.equal(decided(given, seen).demand, 40);
  });

  test('three queues of 6 000 want 180', () => {
    const names = ['a', 'b', 'c'];
    const given = policy({ scaling: { sources: names.map((name) => source({ name })) } });
    const seen = observation({
      sources: names.map((name) => ({ name, sample: sample({ backlog: 6000 }) })),
    });
    assert.equal(decided(given, seen).demand, 180);
  });

  test('combined by Max, three queues of 6 000 want 60', () => {
    const names = ['a', 'b', 'c'];
    const given = policy({ scaling: { combine: 'Max', sources: names.map((name) => source({ name })) } });
    const seen = observation({
      sources: names.map((name) => ({ name, sample: sample({ backlog: 6000 }) })),
    });
    assert.equal(decided(given, seen).demand, 60);
  });

  test('backlogPerReplica counts waiting and active jobs', () => {
    const given = policy({
      scaling: { sources: [source({ sizing: { rule: 'backlogPerReplica', jobs: 20 } })] },
    });
    assert.equal(decided(given, observation({ sample: { backlog: 190, active: 10 } })).demand, 10);
  });

  test('a paused queue keeps its busy workers only', () => {
    const seen = observation({ sample: { backlog: 20_000, active: 4, paused: true } });
    assert.equal(decided(policy(), seen).demand, 4);
  });

  test("the queue's own concurrency and rate limit bound the demand", () => {
    const jobs = { backlog: 20_000 };
    assert.equal(decided(policy(), observation({ sample: { ...jobs, concurrencyLimit: 7 } })).demand, 7);
    assert.equal(decided(policy(), observation({ sample: { ...jobs, rateLimitPerSecond: 5 } })).demand, 15);
  });

  test('demand stays within minReplicas and maxReplicas', () => {
    const given = policy({ scaling: { minReplicas: 2, maxReplicas: 50 } });
    assert.equal(decided(given, observation()).demand, 2);
    assert.equal(decided(given, observation({ sample: { backlog: 20_000 } })).demand, 50);
  });

  test('a lost source holds, then falls back, and never to less than it last wanted', () => {
    const given = policy({
      scaling: { onSignalLoss: { afterSeconds: 120, replicas: 10, behavior: 'CurrentIfHigher' } },
    });
    const lostAt = (seconds: number) =>
      observation({
        atMs: startMs + seconds * 1000,
        sources: [
          {
            name: 'queue',
            sample: {
              state: 'lost',
              atMs: startMs,
              sinceMs: startMs,
              code: 'REDIS_UNREACHABLE',
              message: '',
            },
          },
        ],
      });
    const busy = decide(given, observation({ sample: { backlog: 2000 } }), blank);
    assert.equal(busy.decision.demand, 20);
    assert.equal(decided(given, lostAt(60), busy.memory).demand, 20);
    assert.equal(decided(given, lostAt(600), busy.memory).demand, 20);
    const quiet = decide(given, observation({ sample: { backlog: 100 } }), blank);
    assert.equal(quiet.decision.demand, 1);
    assert.equal(decided(given, lostAt(119), quiet.memory).demand, 1);
    assert.equal(decided(given, lostAt(120), quiet.memory).demand, 10);
    const stated = policy({
      scaling: { onSignalLoss: { afterSeconds: 120, replicas: 10, behavior: 'Static' } },
    });
    const fallen = decide(stated, lostAt(500), busy.memory);
    assert.equal(fallen.decision.demand, 20, 'stabilised');
    assert.equal(decided(stated, lostAt(600), fallen.memory).demand, 10);
  });
});

describe('burst', () => {
  const wanted200 = { sample: { backlog: 20_000 } } as const;

  test('200 wanted and room for 12 on VMs burst 188, and the VM pool is asked to grow', () => {
    const seen = observation({ ...wanted200, vmPool: { groups: [nodes(3, 4)] } });
    const decision = decided(policy(), seen);
    assert.equal(decision.headroom, 12);
    assert.equal(decision.burst.granted, 188);
    assert.equal(decision.targetReplicas, 200);
    assert.equal(decision.summary, '200 wanted for 20 000 jobs within 5 min; VMs carry 12; 188 burst.');
  });

  test('vmPool Fixed leaves nothing pending', () => {
    const seen = observation({ ...wanted200, vmPool: { groups: [nodes(3, 4)] } });
    const decision = decided(policy({ burst: { vmPool: 'Fixed' } }), seen);
    assert.equal(decision.targetReplicas, 12);
    assert.equal(decision.burst.granted, 188);
  });

  test('a pool that cannot grow gets no pending pods', () => {
    const seen = observation({ ...wanted200, vmPool: { groups: [nodes(3, 4)], growth: 'CannotGrow' } });
    assert.equal(decided(policy(), seen).targetReplicas, 12);
  });

  test('with 120 placed on VMs, 100 of them ready, 100 are kept; with all ready none is', () => {
    const before = decide(policy(), observation({ ...wanted200, vmPool: { groups: [nodes(3, 4)] } }), blank);
    const later = startMs + 62_000;
    const half = observation({
      atMs: startMs + 1000,
      ...wanted200,
      pods: { placed: 120, placedReady: 100, burstReady: 188 },
      companions: [companion(188)],
    });
    const arriving = decide(policy(), half, before.memory);
    assert.equal(arriving.decision.burst.granted, 188, 'kept for as long as reclaim.after says');
    const held = decide(policy(), { ...half, atMs: later }, arriving.memory);
    assert.equal(held.decision.burst.granted, 100);
    const all = observation({
      atMs: later + 1000,
      ...wanted200,
      pods: { placed: 200, placedReady: 200, burstReady: 100 },
      companions: [companion(100)],
    });
    const ready = decide(policy(), all, held.memory);
    assert.equal(ready.decision.burst.granted, 100, 'kept for as long as reclaim.after says');
    const over = decide(policy(), { ...all, atMs: later + 62_000 }, ready.memory);
    assert.equal(over.decision.burst.granted, 0);
  });

  test('a burst is given up at once with the demand that it was for, whatever reclaim.after says', () => {
    const given = policy({ scaling: { scaleDownStabilizationSeconds: 0 } });
    const cluster = { pods: { placed: 12, placedReady: 12, burstReady: 188 }, companions: [companion(188)] };
    const busy = decide(given, observation({ ...wanted200, ...cluster }), blank);
    assert.equal(busy.decision.burst.granted, 188);
    const idle = decide(given, observation({ ...cluster, atMs: startMs + 1000 }), busy.memory);
    assert.equal(idle.decision.burst.granted, 0);
  });

  test('without a virtual node a burst of 20 stays 20 where 30 are wanted', () => {
    const seen = observation({
      sample: { backlog: 3000 },
      virtualPool: { readyNodes: 0, freePods: 0 },
      companions: [companion(20)],
    });
    const { burst } = decided(policy(), seen);
    assert.equal(burst.wanted, 30);
    assert.equal(burst.granted, 20);
    assert.deepEqual(burst.limitedBy, ['NoVirtualNode']);
  });

  test('a template that is pinned to the virtual node does not burst', () => {
    const refusals = [{ code: 'PINNED_TO_VIRTUAL', message: 'The template is pinned to the virtual node.' }];
    const decision = decided(policy(), observation({ ...wanted200, target: { refusals } }));
    assert.equal(decision.burst.granted, 0);
    assert.deepEqual(decision.burst.limitedBy, ['NotEligible']);
  });

  test('a selector that matches no VM node bursts nothing unless the policy allows it', () => {
    const seen = observation({ ...wanted200, vmPool: { matchingNodes: 0 } });
    assert.equal(decided(policy(), seen).burst.granted, 0);
    assert.equal(decided(policy({ burst: { withoutVmNodes: 'Allow' } }), seen).burst.granted, 200);
  });

  test('VM pods that crash in a loop do not hold the burst for ever: given up on, they count as ready', () => {
    const given = policy({ burst: { reclaim: { afterSeconds: 0, readyTimeoutSeconds: 600 } } });
    const seen = (placedReady: number) =>
      observation({ ...wanted200, pods: { placed: 200, placedReady }, companions: [companion(50)] });
    assert.equal(decided(given, seen(0)).burst.granted, 50);
    assert.equal(decided(given, seen(200)).burst.granted, 0);
  });

  test('a rolling update on a full pool bursts nothing', () => {
    const given = policy({ scaling: undefined });
    const seen = observation({
      target: { replicas: 12, rollingOut: true },
      pods: { placed: 12, placedReady: 11, stuck: 3, startingSeconds: [1, 1, 1] },
    });
    const decision = decided(given, seen);
    assert.equal(decision.burst.granted, 0);
    assert.equal(decision.targetReplicas, undefined);
  });

  test('a quota of 10, all of it used by the burst itself, leaves it at 10', () => {
    const seen = observation({ ...wanted200, companions: [companion(10)], limits: { freeQuota: 0 } });
    const { burst } = decided(policy(), seen);
    assert.equal(burst.granted, 10);
    assert.deepEqual(burst.limitedBy, ['ProviderQuota']);
  });

  test('268 wanted are created at the pace the provider allows', () => {
    const given = policy({ scaling: { maxReplicas: 268 } });
    const grown = (asked: number, creationTokens: number) =>
      decided(
        given,
        observation({
          sample: { backlog: 90_000 },
          companions: [companion(asked)],
          limits: { creationTokens },
        }),
      ).burst.granted;
    assert.equal(grown(0, 100), 100);
    assert.equal(grown(100, 0), 100);
    assert.equal(grown(100, 100), 200);
    assert.equal(grown(200, 100), 268);
  });

  test('a restart with 153 wanted still wants 153, before and after the queue has been read', () => {
    const memory = restoredMemory(startMs, { demand: 200, burst: 153 });
    const cluster = { pods: { placed: 47, placedReady: 47, burstReady: 153 }, companions: [companion(153)] };
    const unread = decide(policy(), observation({ ...cluster, sources: [] }), memory);
    assert.equal(unread.decision.demand, 200);
    assert.equal(unread.decision.burst.granted, 153);
    const idle = decide(policy(), observation({ ...cluster, atMs: startMs + 30_000 }), unread.memory);
    assert.equal(idle.decision.burst.granted, 153);
  });

  test('burst.delay lets the burst grow only for a spill that lasts', () => {
    const given = policy({ burst: { delay: { alwaysSeconds: 30, whilePoolGrowsSeconds: 0 } } });
    const at = (seconds: number) => observation({ ...wanted200, atMs: startMs + seconds * 1000 });
    const first = decide(given, at(0), blank);
    assert.equal(first.decision.burst.granted, 0);
    assert.equal(first.decision.nextLookSeconds <= 15, true);
    const second = decide(given, at(29), first.memory);
    assert.equal(second.decision.burst.granted, 0);
    assert.equal(decide(given, at(30), second.memory).decision.burst.granted, 200);
  });

  test('the delay for a growing pool does not apply to one that does not grow', () => {
    const given = policy({ burst: { delay: { alwaysSeconds: 0, whilePoolGrowsSeconds: 60 } } });
    const seen = (growth: 'Growing' | 'CannotGrow') => observation({ ...wanted200, vmPool: { growth } });
    assert.equal(decided(given, seen('Growing')).burst.granted, 0);
    assert.equal(decided(given, seen('CannotGrow')).burst.granted, 200);
  });

  test('hard limits shrink a burst, soft ones never do', () => {
    const running = { ...wanted200, companions: [companion(50)] } as const;
    const budget = { maxRatePerHour: 2, maxSpendPerDay: undefined, onExhausted: 'Keep' } as const;
    const priced = observation({ ...running, limits: { pricePerHour: 0.1 } });
    assert.equal(decided(policy({ burst: { budget } }), priced).burst.granted, 20);
    const spent = observation({ ...running, limits: { pricePerHour: 0.1, spentToday: 200 } });
    const daily = (onExhausted: 'Keep' | 'Drain') =>
      policy({ burst: { budget: { maxRatePerHour: undefined, maxSpendPerDay: 200, onExhausted } } });
    assert.equal(decided(daily('Keep'), spent).burst.granted, 50);
    assert.equal(decided(daily('Drain'), spent).burst.granted, 0);
    const open = observation({ ...running, limits: { breaker: 'open' } });
    assert.equal(decided(policy(), open).burst.granted, 50);
    const halfOpen = observation({ ...running, limits: { breaker: 'half-open' } });
    assert.equal(decided(policy(), halfOpen).burst.granted, 51);
  });

  test('a suspended policy gives its burst up and leaves the replicas alone', () => {
    const seen = observation({ ...wanted200, companions: [companion(50)] });
    const decision = decided(policy({ suspend: true }), seen);
    assert.equal(decision.burst.granted, 0);
    assert.equal(decision.targetReplicas, undefined);
  });

  test('where an HPA owns the target its replicas are the demand, and Spillway sets none', () => {
    const seen = observation({
      ...wanted200,
      target: { replicas: 30, scaledBy: 'HorizontalPodAutoscaler media/x' },
      pods: { placed: 12, placedReady: 12, stuck: 18 },
    });
    const decision = decided(policy(), seen);
    assert.equal(decision.demand, 30);
    assert.equal(decision.burst.granted, 18);
    assert.equal(decision.targetReplicas, undefined);
    // What the sources ask for is told all the same, for HPAs that go by it.
    assert.deepEqual(
      decision.sources.map(({ replicas, backlog }) => [replicas, backlog]),
      [[200, 20_000]],
    );
    assert.match(decision.summary, /^30 wanted by the target's owner;/);
    assert.equal(
      decision.reasons.some((reason) => reason.code === 'ScaledByOther'),
      true,
    );
  });

  test('pods that stay stuck for 15 s although they fit make the headroom count as none', () => {
    const stuck = (seconds: number, more = {}) =>
      observation({
        ...wanted200,
        atMs: startMs + seconds * 1000,
        vmPool: { groups: [nodes(3, 4)] },
        pods: { stuck: 12, oldestStuckSeconds: seconds, ...more },
      });
    const first = decide(policy(), stuck(0), blank);
    assert.equal(first.decision.headroom, 12);
    const early = decide(policy(), stuck(14), first.memory);
    assert.equal(early.decision.headroom, 12);
    const late = decide(policy(), stuck(15), early.memory);
    assert.equal(late.decision.headroom, 0);
    assert.equal(late.decision.burst.granted, 200);
    const bound = decide(policy(), stuck(16, { lastBoundAtMs: startMs + 15_500 }), late.memory);
    assert.equal(bound.decision.headroom, 12);
    const patient = decide(policy(), stuck(15 + 300), late.memory);
    assert.equal(patient.decision.headroom, 12);
  });
});

describe('limits', () => {
  const wanted200 = { sample: { backlog: 20_000 } } as const;
  const daily = (onExhausted: 'Keep' | 'Drain') =>
    policy({ burst: { budget: { maxRatePerHour: undefined, maxSpendPerDay: 200, onExhausted } } });
  const messages = (given: Policy, seen: Observation): string =>
    decided(given, seen)
      .reasons.map(({ code, message }) => `${code}: ${message}`)
      .join('\n');

  test('a companion whose name somebody else has grants nothing, and the decision says so', () => {
    const seen = observation({ ...wanted200, target: { companionNameTaken: true } });
    const decision = decided(policy(), seen);
    assert.equal(decision.burst.granted, 0);
    assert.deepEqual(decision.burst.limitedBy, ['CompanionNameTaken']);
    assert.match(decision.summary, /200 more wait for the name of its companion, which somebody else has\./);
  });

  test("a day's budget that is gone starts nothing more; Drain gives up what runs", () => {
    const seen = observation({
      ...wanted200,
      companions: [companion(50)],
      limits: { pricePerHour: 0.1, spentToday: 200, ratePerHour: 5 },
    });
    const keep = decided(daily('Keep'), seen);
    assert.equal(keep.burst.granted, 50);
    assert.deepEqual(keep.burst.limitedBy, ['DailyBudget']);
    assert.match(messages(daily('Keep'), seen), /150 of 200 wait for the budget: 200 of 200 spent in 24 h/);
    assert.equal(decided(daily('Drain'), seen).burst.granted, 0);
  });

  test('a budget that is not gone says until when it lasts', () => {
    const seen = observation({
      ...wanted200,
      companions: [companion(50)],
      limits: { pricePerHour: 0.1, spentToday: 180, ratePerHour: 5 },
    });
    const decision = decided(daily('Keep'), seen);
    assert.equal(decision.burst.granted, 200);
    assert.equal(decision.cost?.exhaustedInSeconds, 4 * 3600);
    assert.match(
      messages(daily('Keep'), seen),
      /Budget: 180 of 200 spent in 24 h, at this rate until 04:00 UTC\./,
    );
  });

  test('a budget without a price does not bite, and the decision says so', () => {
    const given = policy({
      burst: { budget: { maxRatePerHour: 2, maxSpendPerDay: 5, onExhausted: 'Drain' } },
    });
    const decision = decided(given, observation(wanted200));
    assert.equal(decision.burst.granted, 200);
    assert.equal(decision.cost, undefined);
    assert.match(messages(given, observation(wanted200)), /BudgetWithoutPrice/);
  });

  test("spend that nobody knows keeps a burst on a day's budget where it is, and drains nothing", () => {
    const limits = { pricePerHour: 0.1, spentToday: 0, spendUnknown: true };
    const seen = observation({ ...wanted200, companions: [companion(50)], limits });
    assert.equal(decided(daily('Drain'), seen).burst.granted, 50);
    assert.match(messages(daily('Drain'), seen), /SpendUnknown/);
    assert.equal(decided(policy(), seen).burst.granted, 200);
  });

  test("the cluster's rate goes first to the policies that come first, and grows nobody's burst beyond it", () => {
    const burstAt = (asked: number, rateBefore: number, rateOthers: number): number =>
      decided(
        policy(),
        observation({
          ...wanted200,
          companions: asked === 0 ? [] : [companion(asked)],
          limits: {
            pricePerHour: 0.1,
            cluster: {
              maxRatePerHour: 10,
              maxSpendPerDay: undefined,
              onExhausted: 'Keep',
              spentToday: 0,
              rateBefore,
              rateOthers,
            },
          },
        }),
      ).burst.granted;
    assert.equal(burstAt(0, 0, 0), 100);
    assert.equal(burstAt(0, 4, 4), 60);
    assert.equal(burstAt(0, 0, 4), 60, 'what a later one has already is not taken from it at once');
    assert.equal(burstAt(50, 7, 7), 30, 'room is made for one that comes first');
    assert.equal(burstAt(50, 0, 7), 50, 'but not for one that comes later');
  });

  test("the cluster's budget that is gone starts nothing more for anybody, or drains all", () => {
    const at = (onExhausted: 'Keep' | 'Drain'): number =>
      decided(
        policy(),
        observation({
          ...wanted200,
          companions: [companion(50)],
          limits: {
            pricePerHour: 0.1,
            cluster: {
              maxRatePerHour: undefined,
              maxSpendPerDay: 100,
              onExhausted,
              spentToday: 100,
              rateBefore: 0,
              rateOthers: 0,
            },
          },
        }),
      ).burst.granted;
    assert.equal(at('Keep'), 50);
    assert.equal(at('Drain'), 0);
  });

  test('an open breaker gives failed replicas up and replaces none; half-open probes with one', () => {
    const seen = (limits: Partial<Observation['limits']>, failed = 8): Observation =>
      observation({ ...wanted200, companions: [companion(10, { failed, ready: 2 })], limits });
    const open = seen({ breaker: 'open', breakerCause: 'Quota', breakerSeconds: 45 });
    assert.equal(decided(policy(), open).burst.granted, 2);
    assert.deepEqual(decided(policy(), open).breaker, { state: 'open', cause: 'Quota' });
    assert.match(messages(policy(), open), /BreakerOpen: .*quota is used up; tried again in 50 s/);
    assert.equal(decided(policy(), seen({ breaker: 'half-open' })).burst.granted, 3);
    assert.equal(decided(policy(), seen({ breaker: 'half-open', probing: true }, 0)).burst.granted, 10);
    assert.equal(decided(policy(), seen({})).burst.granted, 200, 'a closed one replaces');
  });

  test('what waits for time to pass is looked at again when it has passed', () => {
    const next = (limits: Partial<Observation['limits']>): number =>
      decided(policy(), observation({ ...wanted200, limits })).nextLookSeconds;
    assert.equal(next({ creationTokens: 0, tokenSeconds: 7 }), 7);
    assert.equal(next({ breaker: 'open', breakerSeconds: 3 }), 3);
    assert.equal(next({ budgetSeconds: 9 }), 9);
    assert.equal(next({ creationTokens: 0, tokenSeconds: 0.01 }), 1);
    assert.equal(next({ creationTokens: 0, tokenSeconds: 900 }), 15);
  });
});
