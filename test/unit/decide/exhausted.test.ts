import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '../../../src/decide/decide.ts';
import type { Decision } from '../../../src/decide/decision.ts';
import { exhaustedNow, notExhausted } from '../../../src/decide/exhausted.ts';
import type { ClusterBudget } from '../../../src/decide/observation.ts';
import { bucketMs, charge, noSpend, spentBy, spentByAll } from '../../../src/limits/spend.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { blank, companion, observation, policy, startMs } from './given.ts';

const hourMs = 3_600_000;
const stepMs = 60_000;
const pricePerHour = 0.1;

interface Course {
  /** Each change from growing to shrinking or back, hours since the start. */
  readonly turnsAtHours: readonly number[];
  readonly mostSpent: number;
  readonly mostBurst: number;
}

interface Setting {
  readonly policies: readonly Policy[];
  readonly wanted: number;
  readonly maxSpendPerDay: number;
  readonly cluster: boolean;
}

/** Three days of a constant load that never fits on VMs; bursts come and go at once, each replica is charged. */
function course({ policies, wanted, maxSpendPerDay, cluster }: Setting): Course {
  let spend = noSpend;
  const memories = new Map(policies.map(({ key }) => [key, blank]));
  const bursts = new Map(policies.map(({ key }) => [key, 0]));
  const turnsAtHours: number[] = [];
  let direction = 0;
  let mostSpent = 0;
  let mostBurst = 0;
  for (let atMs = startMs; atMs < startMs + 72 * hourMs; atMs += stepMs) {
    const total = [...bursts.values()].reduce((sum, each) => sum + each, 0);
    spend = charge(
      spend,
      atMs,
      new Map([...bursts].map(([key, count]) => [key, count * pricePerHour])),
      stepMs,
    );
    for (const given of policies) {
      const asked = bursts.get(given.key) ?? 0;
      const all = [...bursts.values()].reduce((sum, each) => sum + each, 0);
      const budget: ClusterBudget = {
        maxRatePerHour: undefined,
        maxSpendPerDay,
        onExhausted: 'Drain',
        spentToday: spentByAll(spend, atMs),
        rateBefore: 0,
        rateOthers: (all - asked) * pricePerHour,
      };
      const seen = observation({
        atMs,
        target: { replicas: wanted, scaledBy: 'a person' },
        pods: { burstRunning: asked, stuck: wanted },
        companions: asked === 0 ? [] : [companion(asked)],
        limits: {
          pricePerHour,
          spentToday: spentBy(spend, given.key, atMs),
          ...(cluster ? { cluster: budget } : {}),
        },
      });
      const { decision, memory } = decide(given, seen, memories.get(given.key) ?? blank);
      memories.set(given.key, memory);
      bursts.set(given.key, decision.burst.granted);
    }
    const now = [...bursts.values()].reduce((sum, each) => sum + each, 0);
    const turn = Math.sign(now - total);
    if (turn !== 0 && turn !== direction) turnsAtHours.push((atMs - startMs) / hourMs);
    if (turn !== 0) direction = turn;
    mostSpent = Math.max(mostSpent, spentByAll(spend, atMs));
    mostBurst = Math.max(mostBurst, now);
  }
  return { turnsAtHours, mostSpent, mostBurst };
}

const unbounded = { maxRatePerHour: undefined, maxSpendPerDay: undefined, onExhausted: 'Keep' } as const;
const drains = (maxSpendPerDay: number) =>
  ({ maxRatePerHour: undefined, maxSpendPerDay, onExhausted: 'Drain' }) as const;

function isSteady({ turnsAtHours, mostSpent, mostBurst }: Course, maxSpendPerDay: number): void {
  assert.ok(mostBurst > 0);
  const perBucket = mostBurst * pricePerHour * (bucketMs / hourMs);
  assert.ok(mostSpent <= maxSpendPerDay + perBucket, `${mostSpent} spent of ${maxSpendPerDay}`);
  assert.ok(turnsAtHours.length <= 3 * 24, `${turnsAtHours.length} turns`);
  for (const [index, atHours] of turnsAtHours.entries()) {
    const later = turnsAtHours[index + 2];
    assert.ok(
      later === undefined || later - atHours >= 1,
      `turns at ${turnsAtHours.slice(index, index + 3).join()}`,
    );
  }
}

describe("a day's budget that drains", () => {
  for (const wanted of [1, 20, 200, 1000]) {
    for (const maxSpendPerDay of [5, 100, 200]) {
      test(`of ${maxSpendPerDay} does not flap at its edge while ${wanted} are wanted all the time`, () => {
        const own = policy({ scaling: undefined, burst: { budget: drains(maxSpendPerDay) } });
        const went = course({ policies: [own], wanted, maxSpendPerDay, cluster: false });
        isSteady(went, maxSpendPerDay);
      });
    }
  }

  test('of the cluster does not flap either, whoever bursts on it', () => {
    const policies = ['a', 'b', 'c'].map((name) =>
      policy({ key: `media/${name}`, name, uid: name, scaling: undefined, burst: { budget: unbounded } }),
    );
    const went = course({ policies, wanted: 60, maxSpendPerDay: 100, cluster: true });
    isSteady(went, 100);
  });

  const own = policy({ scaling: undefined, burst: { budget: drains(200) } });
  const decidedAt = (spentToday: number, asked: number, gone: boolean): Decision =>
    decide(
      own,
      observation({
        target: { replicas: 500, scaledBy: 'a person' },
        pods: { burstRunning: asked, stuck: 500 },
        companions: asked === 0 ? [] : [companion(asked)],
        limits: { pricePerHour, spentToday },
      }),
      { ...blank, exhausted: { own: gone, cluster: false } },
    ).decision;

  test('lets a burst grow only as far as its rest pays for all of it for an hour, and takes nothing back for that', () => {
    assert.equal(decidedAt(160, 0, false).burst.granted, 400);
    assert.equal(decidedAt(190, 40, false).burst.granted, 100);
    assert.equal(decidedAt(190, 150, false).burst.granted, 150);
    assert.match(
      decidedAt(190, 150, false).summary,
      /350 more wait for the budget: 190 of 200 spent in 24 h, and the rest has to last for an hour/,
    );
  });

  test('that is gone stays closed until a tenth of it is free, and says so', () => {
    assert.equal(decidedAt(200, 40, false).burst.granted, 0);
    assert.equal(decidedAt(195, 40, true).burst.granted, 0);
    assert.match(decidedAt(195, 0, true).summary, /195 of 200 spent in 24 h, which opens again at 180/);
    assert.deepEqual(decidedAt(195, 0, true).burst.limitedBy, ['DailyBudget']);
    assert.equal(decidedAt(180, 0, true).burst.granted, 200);
  });

  test('is opened by nobody who does not know what was spent', () => {
    const { limits } = observation({ limits: { spentToday: 0, spendUnknown: true } });
    assert.equal(exhaustedNow({ own: true, cluster: false }, drains(200), limits).own, true);
    assert.equal(exhaustedNow(notExhausted, drains(200), limits).own, false);
  });
});
