import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RecordedDecision } from '../../../src/decide/decision.ts';
import type { FailureCause, LimitsObservation } from '../../../src/decide/observation.ts';
import { closedBreaker, failed } from '../../../src/limits/breaker.ts';
import { emptyLedger, type Ledger, sawPod, type VirtualPod } from '../../../src/limits/ledger.ts';
import { ledgerText, parseLedger } from '../../../src/limits/ledger-text.ts';
import { type LimitsQuestion, outlook } from '../../../src/limits/outlook.ts';
import { charge, noSpend } from '../../../src/limits/spend.ts';
import { observation, policy, startMs } from '../decide/given.ts';
import { decisionAt } from '../report/given.ts';

const pool = { name: 'aci', pace: { per5Minutes: 100, perHour: 300 } };
const settings = { stuckCreatingAfterSeconds: 900, paceOf: () => pool.pace };

function ask(ledger: Ledger, more: Partial<LimitsQuestion> = {}): ReturnType<typeof outlook> {
  return outlook(ledger, {
    policy: policy(),
    pool,
    template: 'media/thumbnail-worker-burst-1',
    asked: 0,
    running: 0,
    startingSinceMs: { pool: undefined, template: undefined },
    others: [],
    pricePerHour: 0.05,
    ratePerHour: 0,
    clusterBudget: { maxRatePerHour: undefined, maxSpendPerDay: undefined, onExhausted: 'Keep' },
    nowMs: startMs,
    ...more,
  });
}

/** Another policy, before or after the one that asks, with a burst as its last decision has it. */
function other(
  priority: number,
  burst: Parameters<typeof decisionAt>[1],
  limits: Partial<LimitsObservation> = {},
): RecordedDecision {
  return {
    policy: policy({ key: `media/p${priority}`, name: `p${priority}`, uid: `p${priority}`, priority }),
    observation: observation({ limits: { pricePerHour: 0.1, ...limits } }),
    decision: decisionAt(
      0,
      burst,
      limits.breaker === undefined ? {} : { breaker: { state: limits.breaker, cause: 'Quota' } },
    ),
  };
}

function virtualPod(more: Partial<VirtualPod> & { readonly uid: string }): VirtualPod {
  return {
    pool: 'aci',
    template: 'media/thumbnail-worker-burst-1',
    costly: false,
    becameReady: false,
    failure: undefined,
    phase: 'Pending',
    boundAtMs: startMs,
    endsAtMs: undefined,
    ...more,
  };
}

function afterFailures(count: number, cause: FailureCause): Ledger {
  return Array.from({ length: count }, (_, index) =>
    virtualPod({ uid: `pod-${index}-000000`, failure: cause }),
  ).reduce((ledger, pod) => sawPod(ledger, pod, startMs, settings).ledger, emptyLedger);
}

describe('tokens', () => {
  test('promised to anybody and not used yet are taken off', () => {
    assert.equal(ask(emptyLedger).creationTokens, 100);
    assert.equal(ask(emptyLedger, { asked: 30, running: 10 }).creationTokens, 80);
    const others = [other(5, { granted: 40, running: 25 }), other(-5, { granted: 10, running: 0 })];
    assert.equal(ask(emptyLedger, { others }).creationTokens, 75);
  });

  test('go first to the policies that come first and wait for them', () => {
    const waits = { wanted: 150, granted: 20, running: 20, hard: 1000, limitedBy: ['CreationPace'] as const };
    assert.equal(ask(emptyLedger, { others: [other(5, waits)] }).creationTokens, 0);
    assert.equal(ask(emptyLedger, { others: [other(-5, waits)] }).creationTokens, 100);
  });

  test('are not kept for who cannot create: what it writes is refused, or makes no pods', () => {
    const first = other(5, { wanted: 150, granted: 100, asked: 0, running: 0, limitedBy: ['CreationPace'] });
    assert.equal(ask(emptyLedger, { others: [first] }).creationTokens, 0, 'it may come true yet');
    const { atMs } = first.decision;
    const refused = { ...first, refusedAtMs: atMs - 15_000 };
    assert.equal(ask(emptyLedger, { others: [refused] }).creationTokens, 100);
    const stalled = { ...first, unmetSinceMs: atMs - 60_000 };
    assert.equal(ask(emptyLedger, { others: [stalled] }).creationTokens, 100);
    const clusterBudget = { maxRatePerHour: 5, maxSpendPerDay: undefined, onExhausted: 'Keep' as const };
    const { cluster } = ask(emptyLedger, { others: [refused, stalled], clusterBudget });
    assert.deepEqual([cluster?.rateBefore, cluster?.rateOthers], [0, 0]);
  });

  test('are not taken by who bursts to another pool', () => {
    const there = other(5, { granted: 40, running: 25 });
    const { virtualPool } = there.observation;
    const elsewhere = {
      ...there,
      observation: { ...there.observation, virtualPool: { ...virtualPool, name: 'eci' } },
    };
    assert.equal(ask(emptyLedger, { others: [elsewhere] }).creationTokens, 100);
  });

  test('are no limit where the pool has no pace', () => {
    assert.equal(ask(emptyLedger, { pool: { name: 'eci' } }).creationTokens, undefined);
  });
});

describe('the budget of the cluster', () => {
  test('knows the rate of those that come first, and of all', () => {
    const others = [other(5, { granted: 40, running: 25 }), other(-5, { granted: 10, running: 20 })];
    const clusterBudget = { maxRatePerHour: 10, maxSpendPerDay: 100, onExhausted: 'Keep' as const };
    const spend = charge(noSpend, startMs - 3_600_000, new Map([['media/p5', 7]]));
    const { cluster } = ask({ ...emptyLedger, spend }, { others, clusterBudget });
    assert.deepEqual(cluster, { ...clusterBudget, spentToday: 7, rateBefore: 4, rateOthers: 6 });
    assert.equal(ask(emptyLedger, { others }).cluster, undefined);
  });

  test('that is gone opens again when a bucket leaves the 24 h', () => {
    const spend = charge(noSpend, startMs - 3_600_000, new Map([['media/thumbnails', 7]]));
    const budget = { maxRatePerHour: undefined, maxSpendPerDay: 7, onExhausted: 'Keep' as const };
    const seen = ask(
      { ...emptyLedger, spend },
      { policy: policy({ burst: { budget } }), nowMs: startMs + 60_000 },
    );
    assert.equal(seen.budgetSeconds, 240);
  });
});

describe('breakers', () => {
  test('a failed pod counts once', () => {
    const pod = virtualPod({ uid: 'pod-1-0000000', failure: 'Quota' });
    const first = sawPod(emptyLedger, pod, startMs, settings);
    assert.deepEqual(first.failure, { pool: 'aci', cause: 'Quota' });
    const second = sawPod(first.ledger, pod, startMs, settings);
    assert.equal(second.failure, undefined);
    assert.equal(second.ledger, first.ledger);
  });

  test('quota keeps everybody off the pool; a bad image keeps its own template off', () => {
    assert.equal(ask(afterFailures(1, 'Quota'), { template: 'media/another' }).breaker, 'open');
    const image = afterFailures(3, 'Image');
    assert.equal(ask(image).breaker, 'open');
    assert.equal(ask(image).breakerCause, 'Image');
    assert.equal(ask(image, { template: 'media/another' }).breaker, 'closed');
  });

  test('what fails again and again is kept off, whatever becomes Ready of others', () => {
    const rows = Array.from({ length: 30 }, (_, index) =>
      index % 3 === 2
        ? virtualPod({
            uid: `b-${index}-00000000`,
            template: 'media/another',
            becameReady: true,
            phase: 'Running',
          })
        : virtualPod({ uid: `a-${index}-00000000`, failure: 'Unknown' }),
    );
    const [failures, ledger] = rows.reduce<[number, Ledger]>(
      ([tried, before], pod) => {
        const own = pod.failure !== undefined;
        // As the controller does: what is kept off is not tried.
        if (own && ask(before).breaker === 'open') return [tried, before];
        return [tried + Number(own), sawPod(before, pod, startMs, settings).ledger];
      },
      [0, emptyLedger],
    );
    assert.equal(failures, 3);
    assert.equal(ask(ledger).breaker, 'open');
    assert.equal(ask(ledger, { template: 'media/another' }).breaker, 'closed');
  });

  test('what fails of a template that is kept off already says nothing of a pool that works for others', () => {
    const ready = (uid: string): VirtualPod =>
      virtualPod({ uid, template: 'media/another', becameReady: true, phase: 'Running' });
    const bad = Array.from({ length: 20 }, (_, index) =>
      virtualPod({ uid: `bad-${index}-000000`, failure: 'Unknown' }),
    );
    const [first, ...rest] = bad;
    const order = [...(first ? [first] : []), ready('well-1-000000'), ...rest];
    const ledger = order.reduce((before, pod) => sawPod(before, pod, startMs, settings).ledger, emptyLedger);
    assert.equal(ask(ledger).breaker, 'open');
    assert.equal(ask(ledger, { template: 'media/another' }).breaker, 'closed');
  });

  test('one bad image is enough where its owner pays for failures', () => {
    const pod = (costly: boolean): VirtualPod =>
      virtualPod({ uid: 'pod-1-0000000', failure: 'Image', costly });
    assert.equal(ask(sawPod(emptyLedger, pod(false), startMs, settings).ledger).breaker, 'closed');
    assert.equal(ask(sawPod(emptyLedger, pod(true), startMs, settings).ledger).breaker, 'open');
  });

  test('pods that somebody else put there say nothing of ours, but take their part of the pace', () => {
    const pod = virtualPod({ uid: 'pod-1-0000000', failure: 'Quota', template: undefined });
    const { ledger } = sawPod(emptyLedger, pod, startMs, settings);
    assert.equal(ask(ledger).breaker, 'closed');
    assert.equal(ask(ledger).creationTokens, 99);
  });

  test('half-open lets one probe through in all', () => {
    const open = failed(closedBreaker, { cause: 'Quota', boundAtMs: startMs }, startMs);
    const ledger: Ledger = { ...emptyLedger, poolBreakers: { aci: open } };
    const nowMs = startMs + 60_000;
    const probing = (more: Partial<LimitsQuestion>): boolean | undefined => {
      const seen = ask(ledger, { nowMs, ...more });
      assert.equal(seen.breaker, 'half-open');
      return seen.probing;
    };
    assert.equal(probing({}), false);
    assert.equal(probing({ asked: 5, running: 4 }), true, 'asked for already');
    assert.equal(probing({ startingSinceMs: { pool: nowMs, template: undefined } }), true, 'starting');
    assert.equal(probing({ startingSinceMs: { pool: startMs, template: undefined } }), false, 'from before');
    const first = other(5, { wanted: 9, granted: 2, running: 2, limitedBy: ['Breaker'] });
    assert.equal(probing({ others: [first] }), true, 'another comes first');
    const elsewhere = other(5, { wanted: 9, granted: 0, limitedBy: ['NotEligible', 'Breaker'] });
    assert.equal(probing({ others: [elsewhere] }), false, 'another comes first, but cannot probe');
    const sent = other(-5, { granted: 3, running: 2 }, { breaker: 'half-open' });
    assert.equal(probing({ others: [sent] }), true, 'another has sent its probe');
    const refusedAtMs = sent.decision.atMs;
    const unwritten = {
      ...sent,
      decision: { ...sent.decision, burst: { ...sent.decision.burst, asked: 2 } },
    };
    assert.equal(probing({ others: [{ ...unwritten, refusedAtMs }] }), false, 'its probe was refused');
    assert.equal(probing({ others: [{ ...first, refusedAtMs }] }), false, 'it is always refused');
  });

  test('a probe that becomes Ready closes it for all', () => {
    const ledger = afterFailures(1, 'Capacity');
    const probe = virtualPod({
      uid: 'probe-0000000',
      boundAtMs: startMs + 61_000,
      becameReady: true,
      phase: 'Running',
    });
    assert.equal(ask(sawPod(ledger, probe, startMs + 90_000, settings).ledger).breaker, 'closed');
  });
});

describe('the ledger as text', () => {
  test('comes back as it was', () => {
    const spend = charge(
      charge(noSpend, startMs, new Map([['a/b', 3]])),
      startMs + 700_000,
      new Map([['a/b', 4]]),
    );
    const ledger: Ledger = { ...afterFailures(3, 'Image'), spend, spendUnknownUntilMs: startMs };
    assert.deepEqual(parseLedger(ledgerText(ledger, 1e6)), ledger);
    assert.deepEqual(parseLedger(ledgerText(emptyLedger, 1e6)), emptyLedger);
  });

  test('is not read when it is damaged or of another version', () => {
    const text = ledgerText(emptyLedger, 1e6);
    for (const wrong of ['', '{', text.replace('"version":1', '"version":2'), text.slice(0, -1), '[]']) {
      assert.equal(parseLedger(wrong), undefined, wrong);
    }
  });
});
