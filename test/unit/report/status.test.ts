import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Observation } from '../../../src/decide/observation.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import type { BurstPolicyStatus } from '../../../src/policy/schema.ts';
import { statusSchema } from '../../../src/policy/status-schema.ts';
import type { Problem } from '../../../src/report/conditions.ts';
import { conditionTypes } from '../../../src/report/conditions.ts';
import { rejectedStatus, statusOf } from '../../../src/report/status.ts';
import { shouldWrite, writeDueInMs } from '../../../src/report/status-writes.ts';
import { companion, nodes, observation, policy, startMs } from '../decide/given.ts';
import { decided, decisionAt } from './given.ts';

interface Given {
  readonly policy?: Policy;
  readonly observation?: Observation;
  readonly previous?: BurstPolicyStatus;
  readonly writeErrors?: readonly Problem[];
  readonly nowMs?: number;
}

function status(given: Given = {}): BurstPolicyStatus {
  const facts = { policy: given.policy ?? policy(), observation: given.observation ?? observation() };
  return statusOf({
    ...facts,
    decision: decided(facts),
    previous: given.previous,
    writeErrors: given.writeErrors ?? [],
    nowMs: given.nowMs ?? startMs,
  });
}

/** `Accepted=True/Valid …`, in the order of the types. */
function conditions(of: BurstPolicyStatus): string {
  return (of.conditions ?? []).map(({ type, status, reason }) => `${type}=${status}/${reason}`).join(' ');
}

const room = { groups: [nodes(3, 4)] };
const full = { groups: [] };
const spike = { backlog: 20_000 };
const lost = {
  state: 'lost',
  atMs: startMs,
  sinceMs: startMs - 5000,
  code: 'REDIS_UNREACHABLE',
  message: 'The Redis of Secret redis cannot be reached.',
} as const;
const quiet = 'Accepted=True/Valid Eligible=True/TemplateFits SignalsAvailable=True/AllRead';

describe('conditions', () => {
  const table: readonly (readonly [string, Given, RegExp])[] = [
    [
      'an idle policy is fine',
      { observation: observation({ vmPool: room }) },
      new RegExp(
        `^${quiet} Saturated=False/DemandCarried Bursting=False/NothingSpills Limited=False/NotLimited$`,
      ),
    ],
    [
      'a spike on a full pool starts a burst',
      { observation: observation({ sample: spike, vmPool: full }) },
      new RegExp(`^${quiet} Saturated=True/VmPoolFull Bursting=True/Starting Limited=False/NotLimited$`),
    ],
    [
      'a burst of which every replica is ready is running',
      {
        observation: observation({
          sample: spike,
          companions: [companion(200)],
          pods: { burstRunning: 200, burstReady: 200 },
        }),
      },
      /Bursting=True\/Running/,
    ],
    [
      'a burst above what is granted is given up',
      {
        policy: policy({ burst: { maxReplicas: 50 } }),
        observation: observation({
          sample: spike,
          companions: [companion(200)],
          pods: { burstRunning: 200 },
        }),
      },
      /Bursting=True\/Reclaiming Limited=True\/MaxReplicas/,
    ],
    [
      'without a virtual node nothing bursts, and the limit says why',
      { observation: observation({ sample: spike, virtualPool: { readyNodes: 0 } }) },
      /Saturated=True\/VmPoolFull Bursting=False\/Limited Limited=True\/NoVirtualNode/,
    ],
    [
      'a delay is not a limit',
      {
        policy: policy({ burst: { delay: { alwaysSeconds: 30, whilePoolGrowsSeconds: 0 } } }),
        observation: observation({ sample: spike }),
      },
      /Bursting=False\/Delayed Limited=False/,
    ],
    [
      'a template that cannot run on the virtual pool is not eligible, and the code becomes the reason',
      {
        observation: observation({
          sample: spike,
          target: { refusals: [{ code: 'HOST_PATH', message: 'Volume data is a hostPath.' }] },
        }),
      },
      /Eligible=False\/HostPath .*Limited=True\/NotEligible/,
    ],
    [
      'a template that matches no VM node is not eligible',
      { observation: observation({ vmPool: { matchingNodes: 0 } }) },
      /Eligible=False\/NoVmNodes/,
    ],
    [
      'a lost source is told with the code of its sample',
      { observation: observation({ sources: [{ name: 'queue', sample: lost }] }) },
      /SignalsAvailable=False\/RedisUnreachable/,
    ],
    [
      'without scaling no signal is needed',
      { policy: policy({ scaling: undefined }) },
      /Accepted=True\/Valid .*SignalsAvailable=True\/NotNeeded/,
    ],
    [
      'scaling on a target that an HPA owns is told, and needs no signal',
      { observation: observation({ target: { scaledBy: 'HorizontalPodAutoscaler media/x' } }) },
      /Accepted=True\/ScaledByOther .*SignalsAvailable=True\/NotNeeded/,
    ],
    ['a suspended policy says so', { policy: policy({ suspend: true }) }, /^Accepted=True\/Suspended /],
    ['a deleted policy says so', { policy: policy({ deleting: true }) }, /^Accepted=True\/Deleting /],
    [
      'a dry run does not burst, though it would',
      { policy: policy({ dryRun: true }), observation: observation({ sample: spike }) },
      /^Accepted=True\/DryRun .*Saturated=True\/VmPoolFull Bursting=False\/DryRun/,
    ],
    [
      'a write that was refused limits the burst before any limit does',
      {
        policy: policy({ burst: { maxReplicas: 5 } }),
        observation: observation({ sample: spike }),
        writeErrors: [{ code: 'COMPANION_NAME_TAKEN', message: 'Rename the Deployment x.' }],
      },
      /Limited=True\/CompanionNameTaken$/,
    ],
  ];
  for (const [name, given, expected] of table) {
    test(name, () => {
      const result = status(given);
      assert.match(conditions(result), expected);
      for (const { message, reason } of result.conditions ?? []) {
        assert.match(message, /^\S.*[.)]$/);
        assert.match(reason, /^[A-Z][A-Za-z0-9]*$/);
      }
      assert.deepEqual(statusSchema.parse(result), JSON.parse(JSON.stringify(result)));
    });
  }

  test('headroom that stuck pods overruled is told in the words of the decision', () => {
    const message = 'Room for 12 pods is left by the numbers, but 12 stayed unschedulable.';
    const reasons = [{ code: 'HeadroomDistrusted', message, numbers: {} }] as const;
    const result = statusOf({
      policy: policy(),
      observation: observation(),
      decision: decisionAt(0, {}, { spill: 200, demand: 200, reasons }),
      previous: undefined,
      writeErrors: [],
      nowMs: startMs,
    });
    const saturated = result.conditions?.find(({ type }) => type === 'Saturated');
    assert.equal(saturated?.reason, 'HeadroomDistrusted');
    assert.equal(saturated?.message, message);
  });

  test('what is different on the virtual node is counted, the first told and the others named', () => {
    const warning = (code: string) => ({ code, message: `${code} is so. Do that.` });
    const told = (...warnings: { code: string; message: string }[]) =>
      status({ observation: observation({ target: { warnings } }) }).conditions?.find(
        ({ type }) => type === 'Eligible',
      );
    assert.equal(told()?.message, 'The template can run on the virtual pool.');
    const one = told(warning('A_B'));
    assert.equal(one?.status, 'True');
    assert.equal(one?.reason, 'TemplateFits');
    assert.equal(
      one?.message,
      'The template can run on the virtual pool, with 1 warning. A_B is so. Do that.',
    );
    assert.equal(
      told(warning('A_B'), warning('C_D'), warning('E_F'))?.message,
      'The template can run on the virtual pool, with 3 warnings. A_B is so. Do that. Then CD, EF: see docs/eligibility.md.',
    );
  });

  test('a policy that cannot be decided is not accepted; all else is unknown, the last decision stays', () => {
    const previous = status({ observation: observation({ sample: spike }) });
    const problem = { code: 'TARGET_NOT_FOUND', message: 'Create the Deployment x.' };
    const result = rejectedStatus({ generation: 4, problem, previous, nowMs: startMs + 1000 });
    assert.match(conditions(result), /^Accepted=False\/TargetNotFound( \w+=Unknown\/NotAccepted){5}$/);
    assert.equal(result.demand, undefined);
    assert.equal(result.observedGeneration, 4);
    assert.deepEqual(result.lastDecision, previous.lastDecision);
  });
});

describe('status', () => {
  test('it carries the numbers of the decision, durations and amounts as text', () => {
    const seen = observation({
      sample: { backlog: 20_000, oldestAgeSeconds: 90.4 },
      companions: [companion(10)],
      pods: { burstRunning: 8 },
      limits: { pricePerHour: 0.05, spentToday: 1.5 },
    });
    const { wanted, granted } = decided({ observation: seen }).burst;
    const result = status({ observation: seen });
    assert.deepEqual(result.burst, { wanted, granted, running: 8 });
    assert.equal(result.backlog, 20_000);
    assert.equal(result.oldestJobAge, '1m30s');
    assert.deepEqual(result.sources, [
      {
        name: 'queue',
        state: 'Ok',
        backlog: 20_000,
        oldestJobAge: '1m30s',
        demand: result.sources?.[0]?.demand,
      },
    ]);
    assert.deepEqual(result.cost, { ratePerHour: '0.4', spentToday: '1.5' });
    const budget = { maxRatePerHour: undefined, maxSpendPerDay: 2.5, onExhausted: 'Keep' } as const;
    const bounded = status({ observation: seen, policy: policy({ burst: { budget } }) });
    assert.equal(bounded.cost?.exhaustedIn, '2h30m');
    assert.equal(result.lastDecision?.at, '2026-01-01T00:00:00.000Z');
  });

  test('what is not known is left out', () => {
    const result = status({ observation: observation({ sources: [{ name: 'queue', sample: lost }] }) });
    for (const key of ['backlog', 'oldestJobAge', 'cost']) assert.ok(!(key in result), key);
    assert.deepEqual(result.sources, [{ name: 'queue', state: 'Lost' }]);
  });

  test('a transition time changes with the status of its condition and with nothing else', () => {
    const idle = status({ observation: observation({ vmPool: room }) });
    const spiked = status({
      observation: observation({ sample: spike, vmPool: full }),
      previous: idle,
      nowMs: startMs + 10_400,
    });
    const running = status({
      observation: observation({
        sample: spike,
        companions: [companion(200)],
        pods: { burstRunning: 200, burstReady: 200 },
      }),
      previous: spiked,
      nowMs: startMs + 60_000,
    });
    const times = (of: BurstPolicyStatus) =>
      Object.fromEntries((of.conditions ?? []).map((each) => [each.type, each.lastTransitionTime]));
    assert.deepEqual(times(spiked), {
      ...times(idle),
      Saturated: '2026-01-01T00:00:10Z',
      Bursting: '2026-01-01T00:00:10Z',
    });
    assert.match(conditions(running), /Bursting=True\/Running/);
    assert.deepEqual(times(running), times(spiked));
  });

  test('sentences longer than the CRD allows are cut, so that the status can be written at all', () => {
    const decision = { ...decisionAt(0), summary: 'x'.repeat(5000) };
    const result = statusOf({
      policy: policy(),
      observation: observation(),
      decision,
      previous: undefined,
      writeErrors: [],
      nowMs: startMs,
    });
    assert.equal(result.lastDecision?.summary.length, 4096);
  });
});

describe('when the status is written', () => {
  const at = (seconds: number, more: { backlog?: number; burstRunning?: number } = {}): BurstPolicyStatus =>
    status({
      observation: observation({
        atMs: startMs + seconds * 1000,
        sample: { backlog: more.backlog ?? 20_000 },
        companions: [companion(200)],
        pods: { burstRunning: more.burstRunning ?? 100, burstReady: more.burstRunning ?? 100 },
      }),
      nowMs: startMs,
    });
  const nowMs = startMs + 4000;

  test('the first at once, a decision that says the same never', () => {
    assert.equal(shouldWrite(undefined, at(0), nowMs), true);
    assert.equal(writeDueInMs(at(0), at(4), nowMs), undefined);
    assert.equal(writeDueInMs(at(0), at(900), startMs + 900_000), undefined);
  });

  test('numbers alone 15 s after the decision that stands there', () => {
    const next = at(4, { burstRunning: 101 });
    assert.equal(writeDueInMs(at(0), next, nowMs), 11_000);
    assert.equal(shouldWrite(at(0), next, nowMs), false);
    assert.equal(shouldWrite(at(0), next, startMs + 15_000), true);
  });

  test('a condition, a reason or the granted burst at once', () => {
    assert.equal(shouldWrite(at(0), at(4, { burstRunning: 200 }), nowMs), true, 'Starting became Running');
    assert.equal(shouldWrite(at(0), at(4, { backlog: 21_000 }), nowMs), true, 'more is granted');
    const status = at(0);
    const generation = { ...status, observedGeneration: 2 };
    assert.equal(shouldWrite(status, generation, nowMs), true, 'the spec was seen');
  });

  test('a clock that jumped back does not silence it', () => {
    assert.equal(shouldWrite(at(3600), at(4, { burstRunning: 101 }), nowMs), true);
  });

  test('what the API server gives back equals what was written, keys in any order', () => {
    const written = at(0);
    const back = JSON.parse(JSON.stringify(written)) as BurstPolicyStatus;
    const shuffled = Object.fromEntries(Object.entries(back).toReversed()) as BurstPolicyStatus;
    assert.equal(writeDueInMs(shuffled, written, nowMs), undefined);
  });

  test('whatever the burst does, there is a condition of each type and the status fits the CRD', () => {
    const counts = fc.record({
      backlog: fc.nat(50_000),
      running: fc.nat(300),
      asked: fc.nat(300),
      cores: fc.nat(40),
    });
    fc.assert(
      fc.property(
        counts,
        fc.boolean(),
        fc.boolean(),
        ({ backlog, running, asked, cores }, suspend, dryRun) => {
          const result = status({
            policy: policy({ suspend, dryRun }),
            observation: observation({
              sample: { backlog },
              vmPool: { groups: [nodes(1, cores)] },
              companions: [companion(asked)],
              pods: { burstRunning: running },
            }),
          });
          assert.deepEqual(
            result.conditions?.map(({ type }) => type),
            [...conditionTypes],
          );
          statusSchema.parse(result);
          const bursting = result.conditions?.find(({ type }) => type === 'Bursting');
          if (running > 0 || asked > 0) assert.equal(bursting?.status, 'True');
        },
      ),
      { numRuns: 100 },
    );
  });
});
