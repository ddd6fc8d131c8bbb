import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { V1Deployment } from '@kubernetes/client-node';
import fc from 'fast-check';
import { companionManifest, designCompanion } from '../../../src/act/companion.ts';
import { lookSeconds, plan, planRemoval } from '../../../src/act/plan.ts';
import type { Standing, StandingCompanion } from '../../../src/act/standing.ts';
import { decide } from '../../../src/decide/decide.ts';
import type { Decision } from '../../../src/decide/decision.ts';
import { blank, observation, policy, startMs } from '../decide/given.ts';
import { design, leaving, pod, target, template } from './drain/given.ts';

const held = { resourceVersion: '5', finalizers: ['spillway.dev/drain'] };
const free = { resourceVersion: '5', finalizers: ['others.example.com/theirs'] };

function decision(burst: Partial<Decision['burst']>, targetReplicas: number | undefined = 12): Decision {
  const { decision: base } = decide(policy(), observation(), blank);
  return { ...base, targetReplicas, burst: { ...base.burst, hard: 1000, soft: 1000, ...burst } };
}

function standing(more: Partial<Standing> = {}): Standing {
  return { policy: held, target, design, companions: [], nameTaken: false, ...more };
}

/** Pods of which nobody tells whether they are busy: they are let go at once. */
function silent(count: number) {
  return Array.from({ length: count }, (_, index) => pod(`pod-${index}`, { told: 'silent', reports: false }));
}

function companion(replicas: number, more: Partial<StandingCompanion> = {}): StandingCompanion {
  const object: V1Deployment = companionManifest(policy(), target, design, replicas, 'earlier');
  return {
    name: design.name,
    uid: 'companion-uid',
    resourceVersion: '9',
    replicas,
    ready: replicas,
    pods: more.live?.length ?? replicas,
    live: silent(replicas),
    deleting: false,
    labels: object.metadata?.labels ?? {},
    template: object.spec?.template ?? {},
    ...more,
  };
}

const old = (replicas: number, more: Partial<StandingCompanion> = {}) =>
  companion(replicas, { name: 'thumbnail-worker-burst-old', ...more });

const brief = (write: ReturnType<typeof plan>[number]): string => {
  if ('to' in write) return `${write.kind} ${write.name} ${write.to}`;
  if (write.kind === 'SetDrain') return `${write.name} ${write.drain?.note.stage ?? 'taken back'}`;
  if (write.kind === 'SetFinalizers') return `${write.kind} ${write.finalizers.join(' ')}`;
  return `${write.kind} ${write.name}`;
};

describe('plan', () => {
  test('a burst creates the companion first and scales the target after it', () => {
    const writes = plan(policy(), decision({ granted: 22 }, 34), standing());
    assert.deepEqual(writes.map(brief), [
      `CreateCompanion ${design.name} 22`,
      'ScaleTarget thumbnail-worker 34',
    ]);
  });

  test('what stands as it should is not written again', () => {
    assert.deepEqual(
      plan(policy(), decision({ granted: 22 }), standing({ companions: [companion(22)] })),
      [],
    );
  });

  test('every write names the version it was planned for and the decision it follows from', () => {
    const given = decision({ granted: 30 }, 20);
    for (const write of plan(policy(), given, standing({ companions: [companion(22)] }))) {
      assert.equal(write.decisionId, given.id);
      assert.equal('resourceVersion' in write && write.resourceVersion !== '', true);
    }
  });

  test('an emptied companion is scaled to nothing, then deleted when its pods are gone', () => {
    const gone = decision({ granted: 0 });
    assert.deepEqual(plan(policy(), gone, standing({ companions: [companion(5)] })).map(brief), [
      `ScaleCompanion ${design.name} 0`,
    ]);
    assert.deepEqual(plan(policy(), gone, standing({ companions: [companion(0, { pods: 2 })] })), []);
    assert.deepEqual(plan(policy(), gone, standing({ companions: [companion(0)] })).map(brief), [
      `DeleteCompanion ${design.name}`,
    ]);
  });

  test('a new template gets a companion of its own; the old one gives way as the new one becomes ready', () => {
    const given = decision({ granted: 20 });
    const start = plan(policy(), given, standing({ companions: [old(20)] }));
    assert.deepEqual(start.map(brief), [`CreateCompanion ${design.name} 20`]);
    const half = plan(policy(), given, standing({ companions: [old(20), companion(20, { ready: 8 })] }));
    assert.deepEqual(half.map(brief), ['ScaleCompanion thumbnail-worker-burst-old 12']);
    const ready = plan(policy(), given, standing({ companions: [old(12), companion(20)] }));
    assert.deepEqual(ready.map(brief), ['ScaleCompanion thumbnail-worker-burst-old 0']);
  });

  test('where no limit leaves room for both, the old one steps aside by quarters and the sum never exceeds the limit', () => {
    const given = decision({ granted: 20, hard: 20 });
    let companions: readonly StandingCompanion[] = [old(20)];
    for (let pass = 0; pass < 40; pass += 1) {
      for (const write of plan(policy(), given, standing({ companions }))) {
        if (write.kind === 'CreateCompanion') companions = companions.concat(companion(write.to));
        if (write.kind === 'ScaleCompanion') {
          companions = companions.map((one) =>
            one.name === write.name ? { ...one, replicas: write.to, ready: write.to, pods: write.to } : one,
          );
        }
        if (write.kind === 'DeleteCompanion')
          companions = companions.filter((one) => one.name !== write.name);
        const total = companions.reduce((sum, one) => sum + one.replicas, 0);
        assert.equal(total <= 20, true, `${total} replicas`);
        assert.equal(total >= 15, true, `${total} replicas`);
      }
    }
    assert.deepEqual(
      companions.map((one) => [one.name, one.replicas]),
      [[design.name, 20]],
    );
  });

  test('a companion that somebody changed is put right', () => {
    const changed = companion(22, {
      template: { spec: { containers: [{ name: 'worker', image: 'other' }] } },
    });
    const writes = plan(policy(), decision({ granted: 22 }), standing({ companions: [changed] }));
    assert.deepEqual(writes.map(brief), [`MendCompanion ${design.name}`]);
  });

  test('defaults that the API server added are no change', () => {
    const { template: made } = companion(22);
    const defaulted = companion(22, {
      template: {
        ...made,
        spec: {
          ...made.spec,
          restartPolicy: 'Always',
          containers: [{ name: 'worker', image: 'worker:1', imagePullPolicy: 'IfNotPresent' }],
        },
      },
    });
    assert.deepEqual(plan(policy(), decision({ granted: 22 }), standing({ companions: [defaulted] })), []);
  });

  test("a Deployment of somebody else's under the companion's name means hands off", () => {
    const taken = { nameTaken: true, policy: { resourceVersion: '3', finalizers: [] } };
    assert.deepEqual(plan(policy(), decision({ granted: 22 }), standing(taken)), []);
    const scaled = plan(policy(), decision({ granted: 22 }, 34), standing(taken));
    assert.deepEqual(scaled.map(brief), ['ScaleTarget thumbnail-worker 34'], 'what VMs carry goes on');
    const older = standing({ nameTaken: true, companions: [old(3)] });
    assert.deepEqual(plan(policy(), decision({ granted: 22 }), older), [], 'nor is an older burst given up');
  });

  test('pods are drained before a burst shrinks, and taken back before it grows', () => {
    const busy = [pod('a', { busyJobs: 1 }), pod('b'), pod('c', { busyJobs: 2 })];
    const shrinks = plan(
      policy(),
      decision({ granted: 1 }),
      standing({ companions: [companion(3, { live: busy })] }),
    );
    assert.deepEqual(shrinks.map(brief), ['b draining', 'a draining']);
    const later = [pod('c'), leaving('draining', 'a', { busyJobs: 1 }), leaving('drained', 'b')];
    const companions = [companion(3, { live: later })];
    assert.deepEqual(plan(policy(), decision({ granted: 1 }), standing({ companions })).map(brief), [
      `ScaleCompanion ${design.name} 2`,
    ]);
    assert.deepEqual(plan(policy(), decision({ granted: 5 }), standing({ companions })).map(brief), [
      'a taken back',
      'b taken back',
      `ScaleCompanion ${design.name} 5`,
    ]);
  });

  test('pods of an older template are drained like any other', () => {
    const live = [pod('a', { busyJobs: 1 }), pod('b', { busyJobs: 1 })];
    const companions = [old(2, { live }), companion(2)];
    const writes = plan(policy(), decision({ granted: 2 }), standing({ companions }));
    assert.deepEqual(writes.map(brief), ['a draining', 'b draining']);
  });

  test("the target's own pods are drained with the same care, and left alone where others set its replicas", () => {
    const live = [pod('a', { busyJobs: 1 }), pod('b', { busyJobs: 1 })];
    const own = { ...target, replicas: 2, live };
    assert.deepEqual(plan(policy(), decision({ granted: 0 }, 1), standing({ target: own })).map(brief), [
      'a draining',
    ]);
    const mine = { ...own, live: [leaving('draining', 'a'), pod('b')] };
    const { targetReplicas: _, ...others } = decision({ granted: 0 });
    const left = plan(policy(), { ...others, targetReplicas: undefined }, standing({ target: mine }));
    assert.deepEqual(left.map(brief), ['a taken back']);
  });

  test('a pass that begins a drain is followed by another soon', () => {
    const given = decision({ granted: 1 });
    const live = [pod('a', { busyJobs: 1 }), pod('b', { busyJobs: 1 })];
    const writes = plan(policy(), given, standing({ companions: [companion(2, { live })] }));
    assert.equal(lookSeconds(policy(), given, writes) <= 0.5, true);
    assert.equal(lookSeconds(policy(), given, []), given.nextLookSeconds);
  });

  test('replicas of all companions together stay within what is granted and within the hard limit', () => {
    fc.assert(
      fc.property(
        fc.nat(50),
        fc.nat(50),
        fc.array(fc.record({ replicas: fc.nat(30), ready: fc.nat(30) }), { maxLength: 3 }),
        fc.boolean(),
        (granted, slack, olds, hasCurrent) => {
          const existing = olds.map((one, index) =>
            old(one.replicas, { name: `old-${index}`, ready: one.ready }),
          );
          const companions = hasCurrent ? [...existing, companion(granted, { ready: 0 })] : existing;
          const before = companions.reduce((sum, one) => sum + one.replicas, 0);
          const hard = granted + slack;
          const writes = plan(policy(), decision({ granted, hard }), standing({ companions }));
          const sizes = new Map(companions.map((one) => [one.name, one.replicas]));
          for (const write of writes)
            if ('to' in write && write.kind !== 'ScaleTarget') sizes.set(write.name, write.to);
          const after = [...sizes.values()].reduce((sum, value) => sum + value, 0);
          assert.equal(after <= Math.max(hard, before), true, `${before} → ${after}, hard ${hard}`);
        },
      ),
    );
  });
});

describe('the finalizer', () => {
  test('comes before the first burst replica, beside those of others', () => {
    const writes = plan(policy(), decision({ granted: 3 }), standing({ policy: free }));
    assert.deepEqual(writes.map(brief), [
      'SetFinalizers others.example.com/theirs spillway.dev/drain',
      `CreateCompanion ${design.name} 3`,
    ]);
  });

  test('goes after the last', () => {
    const both = { ...free, finalizers: [...held.finalizers, ...free.finalizers] };
    const none = decision({ granted: 0 });
    assert.deepEqual(
      plan(policy(), none, standing({ policy: both, companions: [companion(0)] })).map(brief),
      [`DeleteCompanion ${design.name}`],
    );
    assert.deepEqual(plan(policy(), none, standing({ policy: both })).map(brief), [
      'SetFinalizers others.example.com/theirs',
    ]);
    assert.deepEqual(plan(policy(), none, standing({ policy: free })), []);
  });

  test('stands while pods of the target drain, whose notes would stay behind', () => {
    const own = { ...target, replicas: 2, live: [pod('a', { busyJobs: 1 }), pod('b', { busyJobs: 1 })] };
    const begins = plan(policy(), decision({ granted: 0 }, 1), standing({ policy: free, target: own }));
    assert.deepEqual(begins.map(brief), [
      'SetFinalizers others.example.com/theirs spillway.dev/drain',
      'a draining',
    ]);
  });

  test('is not asked of a policy that is being deleted', () => {
    const deleting = policy({ deleting: true });
    const writes = plan(
      deleting,
      decision({ granted: 0 }),
      standing({ policy: free, companions: [companion(0)] }),
    );
    assert.deepEqual(writes.map(brief), [`DeleteCompanion ${design.name}`]);
  });
});

describe('a policy whose target is gone', () => {
  const removal = (companions: readonly StandingCompanion[]): readonly string[] =>
    planRemoval(policy(), 'gone', startMs, { policy: held, companions }).map(brief);

  test('drains its companions, deletes them when they are empty, and is let go', () => {
    const live = [pod('a', { busyJobs: 1 }), leaving('drained', 'b')];
    assert.deepEqual(removal([companion(2, { live })]), ['a draining', `ScaleCompanion ${design.name} 1`]);
    assert.deepEqual(removal([companion(0, { pods: 1 })]), []);
    assert.deepEqual(removal([companion(0)]), [`DeleteCompanion ${design.name}`]);
    assert.deepEqual(removal([]), ['SetFinalizers ']);
  });
});

describe('names', () => {
  test('pods of a companion keep the name of their ACI container group within 63 characters', () => {
    const long = { name: 'a-rather-long-deployment-name-for-a-worker', namespace: 'media', uid: 'u' };
    const { name } = designCompanion(long, template);
    assert.equal(`media-${name}-0123456789-01234`.length <= 63, true, name);
  });

  test('the same template is the same companion, another template or target is another', () => {
    assert.equal(designCompanion(target, structuredClone(template)).name, design.name);
    const other = { ...template, spec: { containers: [{ name: 'worker', image: 'worker:2' }] } };
    assert.notEqual(designCompanion(target, other).name, design.name);
    assert.notEqual(designCompanion({ ...target, uid: 'recreated' }, template).name, design.name);
  });
});
