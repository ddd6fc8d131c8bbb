import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Decision } from '../../../src/decide/decision.ts';
import { eventObject } from '../../../src/report/event-object.ts';
import { type BurstEvent, eventsOf, type Told } from '../../../src/report/events.ts';
import { policy } from '../decide/given.ts';
import { decisionAt } from './given.ts';

/** All events of decisions told one after another. */
function story(decisions: readonly Decision[], before?: Told): readonly BurstEvent[] {
  let told = before;
  return decisions.flatMap((decision) => {
    const next = eventsOf(told, decision);
    // What is remembered has to survive being written down.
    told = structuredClone(next.told);
    return next.events;
  });
}

function reasons(decisions: readonly Decision[]): readonly string[] {
  return story(decisions).map(({ reason, decisionId }) => `${reason} ${decisionId}`);
}

describe('events of limits', () => {
  const broken = (atSeconds: number, state: 'closed' | 'half-open' | 'open'): Decision =>
    decisionAt(atSeconds, {}, { breaker: { state, cause: state === 'closed' ? undefined : 'Quota' } });
  const spent = (atSeconds: number, leftToday: number): Decision =>
    decisionAt(
      atSeconds,
      {},
      { cost: { ratePerHour: 1, spentToday: 100 - leftToday, leftToday, exhaustedInSeconds: undefined } },
    );

  test('a breaker is told when it opens and when it closes, its probes are not', () => {
    const states = ['closed', 'open', 'half-open', 'open', 'half-open', 'closed', 'closed'] as const;
    assert.deepEqual(reasons(states.map((state, index) => broken(index, state))), [
      'BreakerOpened decision-1',
      'BreakerClosed decision-5',
    ]);
  });

  test('a budget that is gone is told once, and again after a tenth of it was free', () => {
    const left = [50, 0, 0, 2, 0, 15, 0];
    assert.deepEqual(reasons(left.map((each, index) => spent(index, each))), [
      'BudgetExhausted decision-1',
      'BudgetExhausted decision-6',
    ]);
  });
});

describe('events', () => {
  test('a whole burst is told in a few events, from its start to its end', () => {
    assert.deepEqual(
      reasons([
        decisionAt(0),
        decisionAt(1, { granted: 10, asked: 0, running: 0 }),
        decisionAt(2, { granted: 12 }),
        decisionAt(3, { granted: 20 }),
        decisionAt(4, { granted: 22, wanted: 40, limitedBy: ['CreationPace'] }),
        decisionAt(5, { granted: 24, wanted: 40, limitedBy: ['CreationPace'] }),
        decisionAt(6, { granted: 26 }),
        decisionAt(7, { granted: 28, wanted: 40, limitedBy: ['CreationPace'] }),
        decisionAt(63, { granted: 30 }),
        decisionAt(64, { granted: 30 }),
        decisionAt(65, { granted: 25 }),
        decisionAt(66, { granted: 15 }),
        decisionAt(67, { granted: 0, asked: 15, running: 15 }),
        decisionAt(68, { granted: 0, asked: 0, running: 4 }),
        decisionAt(69),
        decisionAt(70),
      ]),
      [
        'BurstStarted decision-1',
        'BurstGrown decision-3',
        'BurstLimited decision-4',
        'BurstGrown decision-63',
        'BurstReclaimed decision-66',
        'BurstReclaimed decision-67',
        'BurstEnded decision-69',
      ],
    );
  });

  test('a controller that starts in the middle of a burst does not tell it as a new one', () => {
    assert.deepEqual(reasons([decisionAt(0, { granted: 153 }), decisionAt(1, { granted: 153 })]), []);
    assert.deepEqual(
      reasons([decisionAt(0, { granted: 150, asked: 100, running: 90 }), decisionAt(1, { granted: 0 })]),
      ['BurstGrown decision-0', 'BurstEnded decision-1'],
    );
  });

  test('a limit is told again after it was away for ten minutes, and a new limit at once', () => {
    const held = { granted: 10, wanted: 20 };
    assert.deepEqual(
      reasons([
        decisionAt(0, { ...held, limitedBy: ['ProviderQuota'] }),
        decisionAt(500, { ...held, limitedBy: ['ProviderQuota'] }),
        decisionAt(900, { ...held, limitedBy: ['ProviderQuota', 'Breaker'] }),
        decisionAt(1000, { ...held }),
        decisionAt(1500, { ...held, limitedBy: ['ProviderQuota'] }),
      ]),
      ['BurstLimited decision-0', 'BurstLimited decision-900', 'BurstLimited decision-1500'],
    );
  });

  test('limits are warnings, but a suspended policy is what its owner asked for', () => {
    const [limited] = story([decisionAt(0, { wanted: 5, limitedBy: ['MaxReplicas'] })]);
    assert.equal(limited?.type, 'Warning');
    const [suspended] = story([decisionAt(0, { wanted: 5, limitedBy: ['Suspended'] })]);
    assert.equal(suspended?.type, 'Normal');
  });

  test('however a burst moves, its size is told at most once a minute apart from doublings and halvings', () => {
    const moves = fc.array(
      fc.record({ granted: fc.nat(300), waitSeconds: fc.integer({ min: 1, max: 90 }) }),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(moves, (steps) => {
        let atSeconds = 1;
        const decisions = steps.map(({ granted, waitSeconds }) => {
          atSeconds += waitSeconds;
          return decisionAt(atSeconds, { granted });
        });
        const granted = new Map(decisions.map(({ id, burst }) => [id, burst.granted]));
        let last: BurstEvent | undefined;
        let bursting = false;
        for (const event of story([decisionAt(0), ...decisions])) {
          const now = granted.get(event.decisionId) ?? 0;
          const before = last === undefined ? 0 : (granted.get(last.decisionId) ?? 0);
          if (event.reason === 'BurstStarted') assert.ok(!bursting);
          if (event.reason === 'BurstEnded') assert.ok(bursting);
          if (event.reason === 'BurstGrown' || event.reason === 'BurstReclaimed') {
            assert.ok(bursting);
            const apartMs = last === undefined ? Number.POSITIVE_INFINITY : event.atMs - last.atMs;
            assert.ok(apartMs >= 60_000 || now >= 2 * before || 2 * now <= before);
          }
          bursting = event.reason !== 'BurstEnded';
          last = event;
        }
        if (last !== undefined) assert.equal(bursting, (decisions.at(-1)?.burst.granted ?? 0) > 0);
      }),
      { numRuns: 100 },
    );
  });
});

describe('event objects', () => {
  const [started] = story([decisionAt(0), decisionAt(1.5, { granted: 10, asked: 0, running: 0 })]);
  assert.ok(started);

  test('an event regards the policy, is related to its target and carries its decision', () => {
    const object = eventObject({ event: started, policy: policy(), instance: 'spillway-0' });
    assert.deepEqual(object.regarding, {
      apiVersion: 'spillway.dev/v1alpha1',
      kind: 'BurstPolicy',
      namespace: 'media',
      name: 'thumbnails',
      uid: policy().uid,
    });
    assert.deepEqual(object.related, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      namespace: 'media',
      name: 'thumbnail-worker',
    });
    assert.equal(object.metadata?.annotations?.['spillway.dev/decision'], 'decision-1.5');
    assert.equal(object.eventTime, '2026-01-01T00:00:01.500000Z');
    assert.equal(object.reportingController, 'spillway.dev/controller');
    assert.match(object.note ?? '', /^10 burst onto the virtual pool\. .+\.$/);
    assert.match(object.metadata?.name ?? '', /^thumbnails\.[0-9a-f]{16}$/);
  });

  test('the same event has the same name, another decision another', () => {
    const nameOf = (event: BurstEvent) =>
      eventObject({ event, policy: policy(), instance: 'x' }).metadata?.name;
    assert.equal(nameOf(started), nameOf(structuredClone(started)));
    assert.notEqual(nameOf(started), nameOf({ ...started, decisionId: 'another' }));
  });

  test('a note is at most 1024 bytes and no character of it is cut in two', () => {
    const note = 'äß€😀'.repeat(200);
    const object = eventObject({ event: { ...started, note }, policy: policy(), instance: 'x' });
    assert.ok(Buffer.byteLength(object.note ?? '') <= 1024);
    assert.ok(Buffer.byteLength(object.note ?? '') > 1015);
    assert.match(object.note ?? '', /^(äß€😀)+(ä|äß|äß€)?…$/);
  });

  test('a dry run says so, Jobs have no related object, a long name still makes a valid one', () => {
    const object = eventObject({
      event: started,
      policy: policy({
        dryRun: true,
        name: `${'a'.repeat(199)}.b`,
        target: { kind: 'Jobs', matchLabels: {} },
      }),
      instance: 'x',
    });
    assert.match(object.note ?? '', /^Dry run, nothing is written\. /);
    assert.equal(object.related, undefined);
    assert.match(object.metadata?.name ?? '', /^a{199}\.[0-9a-f]{16}$/);
  });
});
