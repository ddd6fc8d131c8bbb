import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Interner } from '../../../src/cluster/intern.ts';
import { slimPod } from '../../../src/cluster/slimming.ts';
import type { PodFacts } from '../../../src/commands/explain-pod-facts.ts';
import { storyOf } from '../../../src/commands/explain-pod-story.ts';
import type { BurstPolicy } from '../../../src/policy/schema.ts';

const nowMs = Date.parse('2026-01-02T03:04:05Z');
const secondsAgo = (seconds: number): string => new Date(nowMs - seconds * 1000).toISOString();

const policy: BurstPolicy = {
  apiVersion: 'spillway.dev/v1alpha1',
  kind: 'BurstPolicy',
  metadata: { name: 'thumbnails', namespace: 'media', uid: 'p' },
  spec: {
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' },
    burst: { maxReplicas: 10 },
  },
  status: {
    demand: 5,
    burst: { wanted: 3, granted: 0, running: 0 },
    lastDecision: {
      id: 'd1',
      at: secondsAgo(3),
      summary: '5 wanted; none burst.',
      reasons: [
        { code: 'Demand', message: 'The target asks for 5.' },
        { code: 'Delayed', message: '3 wait for another 20 s, as burst.delay says.' },
      ],
    },
  },
};

function pod(more: { meta?: object; spec?: object; status?: object } = {}): PodFacts['pod'] {
  const raw = {
    metadata: { name: 'worker-1', namespace: 'media', creationTimestamp: secondsAgo(60), ...more.meta },
    spec: { ...more.spec },
    status: { phase: 'Pending', ...more.status },
  };
  return slimPod(raw, new Interner());
}

const unschedulable = {
  conditions: [
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', lastTransitionTime: secondsAgo(50) },
  ],
};

function tell(more: Partial<PodFacts>): string {
  const facts: PodFacts = {
    pod: pod({ status: unschedulable }),
    owners: ['ReplicaSet worker-1', 'Deployment worker'],
    role: 'target',
    scheduler: '0/3 nodes are available: 3 Insufficient cpu',
    provider: undefined,
    onVirtualNode: false,
    virtualNodes: { all: 1, usable: 1 },
    unrescuable: undefined,
    policy,
    recorded: undefined,
    events: [],
    ...more,
  };
  return storyOf(facts, nowMs).join('\n');
}

describe('the story of a pod', () => {
  test('a stuck pod: whose it is, what the scheduler says, and the reason that holds its burst back', () => {
    const story = tell({});
    assert.match(
      story,
      /^media\/worker-1 belongs to ReplicaSet worker-1 of Deployment worker, the target of policy media\/thumbnails\.$/m,
    );
    assert.match(story, /^It is pending since 60 s: .*: 0\/3 nodes are available: 3 Insufficient cpu\.$/m);
    assert.match(story, /No substitute runs now\. It stays pending/);
    assert.match(story, /^Delayed: 3 wait for another 20 s/m);
    assert.doesNotMatch(story, /^Demand: /m);
  });

  test('a policy that lets nothing burst is told in place of its numbers', () => {
    const { spec } = policy;
    const off = (more: object): string => tell({ policy: { ...policy, spec: { ...spec, ...more } } });
    assert.match(off({ suspend: true }), /^The policy is suspended/m);
    assert.match(off({ dryRun: true }), /^The policy is a dry run/m);
    assert.match(off({ burst: { maxReplicas: 0 } }), /burst\.maxReplicas is 0/);
    const condition = {
      type: 'Eligible',
      status: 'False' as const,
      reason: 'TemplateArgs',
      message: 'Write command too.',
      lastTransitionTime: secondsAgo(9),
    };
    const ineligible = { ...policy, status: { ...policy.status, conditions: [condition] } };
    assert.match(tell({ policy: ineligible }), /^It does not burst \(TemplateArgs\): Write command too\.$/m);
  });

  test('a rescued pod names the decision that let it on, and says where no virtual node can take it', () => {
    const annotations = { 'spillway.dev/rescued': 'd1' };
    const story = tell({
      role: 'rescued',
      pod: pod({ meta: { annotations }, status: unschedulable }),
      virtualNodes: { all: 1, usable: 0 },
    });
    assert.match(story, /was let onto the virtual node by policy media\/thumbnails/);
    assert.match(story, /^Decision d1 let it on\.$/m);
    assert.match(story, /No virtual node can be used now/);
  });

  test('a burst pod that was chosen to leave says how far it is; one that is deleted says that', () => {
    const labels = { 'spillway.dev/burst': 'true' };
    const running = { spec: { nodeName: 'virtual' }, status: { phase: 'Running' } };
    const leaving = (stage: string): string =>
      tell({
        role: 'companion',
        onVirtualNode: true,
        pod: pod({
          meta: { labels, annotations: { 'spillway.dev/drain': `${stage} ${secondsAgo(30)}` } },
          ...running,
        }),
      });
    assert.match(leaving('draining'), /chosen to leave 30 s ago: it finishes its work/);
    assert.match(leaving('drained'), /it has no work left and goes next/);
    const gone = { deletionTimestamp: secondsAgo(-10), labels };
    assert.match(tell({ role: 'companion', pod: pod({ meta: gone, ...running }) }), /It is being deleted\./);
  });

  test('a pod that tolerates the virtual node by itself is not taken for burst', () => {
    const story = tell({ onVirtualNode: true, pod: pod({ spec: { nodeName: 'virtual' } }) });
    assert.match(story, /Spillway did not put it there/);
    assert.match(story, /It is being started on the virtual node virtual/);
  });

  test('a provider that failed it: cause, its own words cut short, and what to do', () => {
    const status = { phase: 'Pending', reason: 'ProviderFailed', message: 'error code: InaccessibleImage' };
    const story = tell({
      role: 'companion',
      onVirtualNode: true,
      pod: pod({ spec: { nodeName: 'virtual' }, status }),
      provider: `error code: InaccessibleImage ${'x'.repeat(1000)}`,
    });
    assert.match(story, /^It has failed on the virtual node virtual: its image cannot be pulled\.$/m);
    assert.match(story, /imagePullSecrets/);
    assert.ok((/^The provider says: .*$/m.exec(story)?.[0].length ?? 999) < 530);
  });
});
