import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '../../../src/decide/decide.ts';
import type { GrowthReason } from '../../../src/decide/observation.ts';
import { findingsOf } from '../../../src/report/conditions.ts';
import { blank, companion, nodes, observation, policy } from './given.ts';

/** 200 wanted, 12 fit on VMs. */
const wanted200 = { sample: { backlog: 20_000 }, vmPool: { groups: [nodes(3, 4)] } } as const;

function look(more: Parameters<typeof observation>[0], given = policy()) {
  const seen = observation(more);
  const { decision } = decide(given, seen, blank);
  return {
    decision,
    reason: (code: string) => decision.reasons.find((one) => one.code === code),
    findings: findingsOf({ policy: given, decision, observation: seen, writeErrors: [] }),
  };
}

const backoff: GrowthReason = {
  by: 'cluster-autoscaler',
  code: 'Backoff',
  sinceMs: undefined,
  targetNodes: 5,
  maxNodes: 12,
  errorCode: 'QUOTA_EXCEEDED',
};

describe('what the autoscaler says', () => {
  test('is told while something spills over, and stands in Saturated', () => {
    const vmPool = { groups: [nodes(3, 4)], growth: 'CannotGrow', growthReason: backoff } as const;
    const { reason, findings } = look({ ...wanted200, vmPool });
    const sentence =
      'cluster-autoscaler backs off after a failed scale-up (QUOTA_EXCEEDED): the VM pool cannot grow for now.';
    assert.equal(reason('PoolGrowth')?.message, sentence);
    assert.equal(findings.Saturated.message, `188 of 200 wanted do not fit on VMs. ${sentence}`);
    assert.equal(look({ vmPool }).reason('PoolGrowth'), undefined);
  });
});

describe('no virtual node', () => {
  test('the limit says what is the matter with those that are there', () => {
    const virtualPool = { nodes: 4, readyNodes: 0, cordoned: 1, notReady: 2, ghosts: 1, freePods: 0 };
    const { findings, decision } = look({ ...wanted200, virtualPool });
    assert.equal(findings.Limited.reason, 'NoVirtualNode');
    assert.match(
      findings.Limited.message,
      /wait for a virtual node that can be used \(1 cordoned, 2 not Ready, 1 silent for minutes though Ready\)/,
    );
    assert.equal(decision.burst.granted, 0);
    const none = look({ ...wanted200, virtualPool: { nodes: 0, readyNodes: 0, freePods: 0 } });
    assert.match(none.findings.Limited.message, /wait for a virtual node: there is none/);
  });

  test('burst on nodes that cannot be used stays and is reported', () => {
    const virtualPool = { nodes: 1, readyNodes: 0, cordoned: 1, burstOnUnusable: 20, freePods: 0 };
    const { findings, decision } = look({
      ...wanted200,
      virtualPool,
      companions: [companion(20)],
      pods: { burstRunning: 20, burstReady: 20 },
    });
    assert.equal(decision.burst.granted, 20);
    assert.equal(findings.Bursting.reason, 'OnUnusableNode');
    assert.equal(
      findings.Bursting.message,
      '20 burst pods on a virtual node that cannot be used (1 cordoned).',
    );
  });
});

describe("the namespace's ResourceQuota", () => {
  const limits = { namespaceQuota: 15, namespaceQuotaName: 'team' };

  test('bounds how much the burst may grow, by name', () => {
    const { findings, decision } = look({ ...wanted200, limits, companions: [companion(30)] });
    assert.equal(decision.burst.granted, 45);
    assert.match(findings.Limited.message, /wait for the namespace's ResourceQuota team;/);
  });

  test('pods left pending keep the part of it that they have: nothing goes back and forth', () => {
    const full = (unbound: number, namespaceQuota: number) =>
      look({
        ...wanted200,
        vmPool: {},
        target: { replicas: 10 + unbound },
        pods: { placed: 10, placedReady: 10, unbound, stuck: unbound },
        companions: [companion(100)],
        limits: { namespaceQuota },
      }).decision;
    assert.equal(full(0, 5).burst.granted, 105);
    assert.equal(full(0, 5).burst.pendingForGrowth, 0);
    assert.equal(full(5, 0).burst.pendingForGrowth, 5);
    assert.equal(full(5, 0).targetReplicas, 15);
  });

  test('pods that were rescued exist already: it does not bound them', () => {
    const { decision } = look(
      { ...wanted200, limits: { namespaceQuota: 0 }, rescued: {} },
      policy({ burst: { strategy: 'Rescue' } }),
    );
    assert.ok(!decision.burst.limitedBy.includes('NamespaceQuota'));
  });

  test('pods that it refuses are told as such', () => {
    const refused = { pods: 8, cause: 'QuotaExceeded', quota: 'team' } as const;
    const { findings } = look({ ...wanted200, companions: [companion(20, { pods: 12, refused })] });
    assert.equal(findings.Limited.reason, 'PodsRefused');
    assert.equal(
      findings.Limited.message,
      "The namespace's ResourceQuota team refuses 8 burst pods: raise it or lower burst.maxReplicas.",
    );
    const others = { pods: 8, cause: 'Other', quota: undefined } as const;
    assert.match(
      look({ companions: [companion(20, { refused: others })] }).reason('PodsRefused')?.message ?? '',
      /The API server refuses 8 burst pods: the Events/,
    );
  });

  test('replicas beyond it are asked for no longer, and anew when it has room; those it refuses for another reason stay', () => {
    const granted = (cause: 'QuotaExceeded' | 'QuotaWantsLimits', namespaceQuota: number): number => {
      const refused = { pods: 8, cause, quota: 'team' } as const;
      const companions = [companion(20, { pods: 12, refused })];
      return look({ ...wanted200, companions, limits: { namespaceQuota } }).decision.burst.granted;
    };
    assert.equal(granted('QuotaExceeded', 0), 12);
    assert.equal(granted('QuotaExceeded', 3), 15);
    assert.equal(granted('QuotaExceeded', 1_000), 188);
    assert.equal(granted('QuotaWantsLimits', 0), 20);
  });
});

describe('an HPA that counts burst pods', () => {
  const target = {
    scaledBy: 'HorizontalPodAutoscaler media/h',
    hpasThatCountBurst: ['media/h'],
    replicas: 5,
  };

  test('is warned of in Eligible, and Rescue is recommended', () => {
    const { findings } = look({ target });
    assert.equal(`${findings.Eligible.status} ${findings.Eligible.reason}`, 'True HpaCountsBurst');
    assert.match(findings.Eligible.message, /HorizontalPodAutoscaler media\/h finds pods by label .*Rescue/);
  });

  test('is no matter where there are no companions', () => {
    const { findings } = look({ target, rescued: {} }, policy({ burst: { strategy: 'Rescue' } }));
    assert.equal(findings.Eligible.reason, 'TemplateFits');
  });
});
