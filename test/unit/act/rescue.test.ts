import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { drainCosts } from '../../../src/act/drain-note.ts';
import { planRescue, type RescuePod, type RescueStanding, rescuedCost } from '../../../src/act/rescue.ts';
import type { Write } from '../../../src/act/write.ts';
import { decide } from '../../../src/decide/decide.ts';
import type { Decision } from '../../../src/decide/decision.ts';
import type { RescueDecision } from '../../../src/decide/rescue.ts';
import { blank, observation, policy, startMs } from '../decide/given.ts';

const given = policy({ burst: { strategy: 'Rescue' } });

function decision(rescue: Partial<RescueDecision>, targetReplicas?: number): Decision {
  const { decision: base } = decide(given, observation({ rescued: {} }), blank);
  const nothing: RescueDecision = {
    admit: 0,
    because: 'RescueAtOnce',
    waiting: 0,
    leave: 0,
    evict: false,
    secondsToNext: 0,
  };
  return { ...base, atMs: startMs, targetReplicas, rescue: { ...nothing, ...rescue } };
}

function pod(name: string, more: Partial<RescuePod> & { readonly busy?: number } = {}): RescuePod {
  const { busy = 0, ...rest } = more;
  return {
    name,
    uid: `${name}-uid`,
    resourceVersion: '5',
    set: 'set',
    bound: true,
    phase: 'Running',
    ready: true,
    failed: false,
    deletionCost: rest.rescued === false ? 0 : rescuedCost,
    drain: undefined,
    settled: true,
    work: { busyJobs: busy, told: busy > 0 ? 'working' : 'idle', reports: false },
    rescued: true,
    ...rest,
  };
}

const emptied = (stage: 'draining' | 'drained', secondsAgo = 1) => ({
  drain: { stage, sinceMs: startMs - secondsAgo * 1000 },
  deletionCost: drainCosts[stage],
});

function standing(more: Partial<RescueStanding> = {}): RescueStanding {
  const target = { name: 'thumbnail-worker', resourceVersion: '7', replicas: 20 };
  const object = { resourceVersion: '3', finalizers: ['spillway.dev/drain'] };
  return { policy: object, companions: [], target, live: [], stuck: [], evicting: false, ...more };
}

const brief = (write: Write): string =>
  write.kind === 'SetDrain'
    ? `${write.drain?.note.stage ?? 'taken back'} ${write.name}`
    : 'to' in write
      ? `${write.kind} ${write.to}`
      : `${write.kind} ${write.name}`;
const planned = (rescue: Partial<RescueDecision>, seen: Partial<RescueStanding>, replicas?: number) =>
  planRescue(given, decision(rescue, replicas), standing(seen))
    .filter(({ kind }) => kind !== 'SetFinalizers')
    .map(brief);

describe('stuck pods', () => {
  const stuck = ['a', 'b', 'c'].map((name) => ({
    name,
    resourceVersion: '5',
    tolerations: [{ key: 'own' }, { key: 'virtual-kubelet.io/provider' }],
  }));

  test('are let on in their order, as many as were decided, with all their tolerations and a low cost', () => {
    const writes = planRescue(given, decision({ admit: 2 }), standing({ stuck, target: undefined }));
    assert.deepEqual(
      writes.filter(({ kind }) => kind === 'AdmitPod').map(({ name }) => name),
      ['a', 'b'],
    );
    const [first] = writes;
    assert.ok(first?.kind === 'AdmitPod');
    assert.deepEqual(first.tolerations, stuck[0]?.tolerations);
    assert.deepEqual([first.cost, first.resourceVersion], [rescuedCost, '5']);
  });

  test('are let on before replicas are raised', () => {
    assert.deepEqual(planned({ admit: 1 }, { stuck }, 30), ['AdmitPod a', 'ScaleTarget 30']);
  });
});

describe('a rescued pod that is to leave', () => {
  const live = [pod('busy', { busy: 2 }), pod('idle'), pod('vm', { rescued: false })];

  test('is emptied first: the least busy of them', () => {
    assert.deepEqual(planned({ leave: 1, evict: true }, { live }), ['draining idle']);
  });

  test('is evicted when it is empty, by the version that says so', () => {
    const drained = [pod('busy', { busy: 2 }), pod('idle', emptied('drained'))];
    const writes = planRescue(given, decision({ leave: 1, evict: true }), standing({ live: drained }));
    assert.deepEqual(writes, [
      {
        kind: 'EvictPod',
        namespace: 'media',
        name: 'idle',
        uid: 'idle-uid',
        resourceVersion: '5',
        decisionId: decision({}).id,
      },
    ]);
  });

  test('stays while its queue names a job of it, and goes when the drain has had its time', () => {
    const working = { work: { busyJobs: 1, told: 'working', reports: false } } as const;
    const young = [pod('slow', { ...emptied('draining', 599), ...working })];
    assert.deepEqual(planned({ leave: 1, evict: true }, { live: young }), []);
    const old = [pod('slow', { ...emptied('draining', 601), ...working })];
    assert.deepEqual(planned({ leave: 1, evict: true }, { live: old }), ['drained slow']);
  });

  test('goes at once where it has no node, or where nobody could tell whether it works', () => {
    const waiting = [
      pod('works', { busy: 1 }),
      pod('waits', { bound: false, phase: 'Pending', ready: false }),
    ];
    assert.deepEqual(planned({ leave: 1, evict: true }, { live: waiting }), ['EvictPod waits']);
    const silent = { work: { busyJobs: 0, told: 'silent', reports: false } } as const;
    assert.deepEqual(planned({ leave: 1, evict: true }, { live: [pod('a', silent), pod('b', silent)] }), [
      'EvictPod a',
    ]);
  });

  test('waits until the one before it is seen to go', () => {
    const drained = [pod('idle', emptied('drained'))];
    assert.deepEqual(planned({ leave: 1, evict: true }, { live: drained, evicting: true }), []);
  });

  test('stays when a budget has kept it for too long, and another is emptied instead', () => {
    const kept = pod('kept', { ...emptied('drained'), kept: true });
    assert.deepEqual(planned({ leave: 1, evict: true }, { live: [kept, pod('next')] }), [
      'taken back kept',
      'draining next',
    ]);
    assert.deepEqual(planned({ leave: 1, evict: true }, { live: [kept] }), ['taken back kept']);
    assert.deepEqual(planned({ leave: 1, evict: true }, { live: [pod('kept', { kept: true })] }), []);
  });

  test('is taken back when it is needed after all, with the cost of a rescued pod', () => {
    const writes = planRescue(given, decision({}), standing({ live: [pod('idle', emptied('draining'))] }));
    const [write] = writes;
    assert.ok(write?.kind === 'SetDrain');
    assert.deepEqual([write.drain, write.restCost], [undefined, rescuedCost]);
  });

  test('goes on being emptied where the replicas are set and stay as they are', () => {
    const working = { work: { busyJobs: 1, told: 'working', reports: false } } as const;
    const going = [pod('slow', { ...emptied('draining'), ...working }), pod('vm', { rescued: false })];
    assert.deepEqual(planned({ leave: 1, evict: true }, { live: going }, 20), []);
  });

  test('goes with the replicas where these are lowered, before any pod on a VM, and nothing is evicted', () => {
    const two = [
      pod('burst', { work: { busyJobs: 0, told: 'idle', reports: false } }),
      pod('vm', { rescued: false }),
    ];
    const target = { name: 'thumbnail-worker', resourceVersion: '7', replicas: 2 };
    assert.deepEqual(planned({ leave: 1 }, { live: two, target }, 1), ['draining burst']);
    const empty = [pod('burst', emptied('drained')), pod('vm', { rescued: false })];
    assert.deepEqual(planned({ leave: 1 }, { live: empty, target }, 1), ['ScaleTarget 1']);
  });
});

describe('the policy of rescued pods', () => {
  const bare = { resourceVersion: '3', finalizers: [] };
  const held = { resourceVersion: '3', finalizers: ['spillway.dev/drain'] };
  const live = [
    pod('burst'),
    pod('moved', { rescued: false, admitted: true }),
    pod('vm', { rescued: false, admitted: false }),
  ];
  const goes = policy({ burst: { strategy: 'Rescue' }, deleting: true });

  test('is held before the first of them is let on, and as long as one is there', () => {
    const stuck = [{ name: 'a', resourceVersion: '5', tolerations: [] }];
    const first = planRescue(given, decision({ admit: 1 }), standing({ policy: bare, stuck }));
    assert.deepEqual(first.map(brief), ['SetFinalizers thumbnails', 'AdmitPod a']);
    assert.deepEqual(planRescue(given, decision({}), standing({ live })), []);
    assert.deepEqual(planRescue(given, decision({}), standing({ live: [] })).map(brief), [
      'SetFinalizers thumbnails',
    ]);
  });

  test('is held no longer than it has pods to give back when it is suspended', () => {
    const suspended = policy({ burst: { strategy: 'Rescue' }, suspend: true });
    const seen = standing({ policy: held, live: [pod('busy', { ...emptied('draining'), busy: 1 })] });
    assert.deepEqual(planRescue(suspended, decision({ leave: 1 }), seen), []);
    const stays = standing({ policy: held, live });
    assert.deepEqual(planRescue(suspended, decision({}), stays).map(brief), ['SetFinalizers thumbnails']);
  });

  test('goes when what was written on them has been taken off, in one go', () => {
    const writes = planRescue(goes, decision({}), standing({ policy: held, live }));
    assert.deepEqual(writes.map(brief), ['taken back burst', 'taken back moved', 'SetFinalizers thumbnails']);
    assert.ok(writes.every((write) => write.kind !== 'SetDrain' || write.released === true));
    assert.ok(writes.every((write) => write.kind !== 'SetDrain' || write.restCost === undefined));
  });

  test('is not held again while it goes', () => {
    assert.deepEqual(planRescue(goes, decision({}), standing({ policy: bare, live })), []);
  });
});

test('whatever stands there: no pod at work is evicted, nor two at once, and a VM pod never', () => {
  const anyPod = fc.record({
    busy: fc.nat(1),
    bound: fc.boolean(),
    stage: fc.option(fc.constantFrom('draining' as const, 'drained' as const), { nil: undefined }),
    rescued: fc.boolean(),
    set: fc.constantFrom('a', 'b'),
  });
  fc.assert(
    fc.property(fc.array(anyPod), fc.nat(5), fc.boolean(), (pods, leave, evicting) => {
      const live = pods.map((each, index) =>
        pod(`pod-${index}`, {
          busy: each.bound ? each.busy : 0,
          bound: each.bound,
          phase: each.bound ? 'Running' : 'Pending',
          ready: each.bound,
          set: each.set,
          rescued: each.rescued,
          ...(each.stage === undefined ? {} : emptied(each.stage)),
        }),
      );
      const writes = planRescue(given, decision({ leave, evict: true }), standing({ live, evicting }));
      const evicted = writes.filter(({ kind }) => kind === 'EvictPod');
      assert.ok(evicted.length <= Math.min(leave, evicting ? 0 : 1));
      for (const { name } of evicted) {
        const found = live.find((each) => each.name === name);
        assert.ok(found?.rescued === true && found.work.busyJobs === 0);
        assert.ok(!found.bound || found.drain?.stage === 'drained');
        assert.equal(writes.filter((write) => write.name === name).length, 1);
      }
      assert.ok(writes.every((write) => write.kind !== 'AdmitPod'));
    }),
  );
});
