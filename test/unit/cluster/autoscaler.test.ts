import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Growth,
  growthOf,
  noTracks,
  type Reading,
  read,
  trackGroups,
} from '../../../src/cluster/autoscaler.ts';
import { readStatus } from '../../../src/cluster/autoscaler-status.ts';
import { better } from '../../../src/cluster/growth.ts';
import { growthSentence } from '../../../src/decide/growth-words.ts';
import type { GrowthReason } from '../../../src/decide/observation.ts';
import { type GroupStatus, goTime, statusText } from '../../../src/lab/world/autoscaler-status.ts';

const nowMs = Date.parse('2026-01-01T00:10:00Z');
const lastUpdated = '2026-01-01 00:09:55.123456789 +0000 UTC';

/** As cluster-autoscaler 1.30 and later writes it, with one group that backs off. */
const backoffYaml = `time: 2026-01-01 00:09:55.546750398 +0000 UTC
autoscalerStatus: Running
clusterWide:
  health:
    status: Healthy
    nodeCounts:
      registered:
        total: 5
        ready: 5
        notStarted: 0
      longUnregistered: 0
      unregistered: 0
    lastProbeTime: "2026-01-01T00:09:55Z"
    lastTransitionTime: "2025-12-31T23:00:00Z"
  scaleUp:
    status: NoActivity
nodeGroups:
- name: aks-pool-12345678-vmss
  health:
    status: Healthy
    nodeCounts:
      registered:
        total: 5
        ready: 5
    cloudProviderTarget: 5
    minSize: 2
    maxSize: 12
  scaleUp:
    status: Backoff
    backoffInfo:
      errorCode: QUOTA_EXCEEDED
      errorMessage: "Operation could not be completed: subscription 00000000 limit 10"
    lastProbeTime: "2026-01-01T00:09:55Z"
    lastTransitionTime: "2026-01-01T00:05:00Z"
  scaleDown:
    status: NoCandidates
`;

/** As cluster-autoscaler before 1.30 writes it. */
function oldText(scaleUp: string, target: number, more = '', health = 'Healthy'): string {
  return `Cluster-autoscaler status at 2026-01-01 00:09:55.462764772 +0000 UTC:
Cluster-wide:
  Health:      ${health} (ready=5 unready=0 notStarted=0 longNotStarted=0 registered=5 longUnregistered=0)
               LastProbeTime:      2026-01-01 00:09:55.27867919 +0000 UTC m=+499650.735961122
               LastTransitionTime: 2025-12-22 03:11:00.371995979 +0000 UTC m=+60.829277965
  ScaleUp:     InProgress (ready=5 registered=5)
               LastProbeTime:      2026-01-01 00:09:55.27867919 +0000 UTC m=+499650.735961122
               LastTransitionTime: 2025-12-22 19:09:20.360421664 +0000 UTC m=+57560.817703589

NodeGroups:
  Name:        aks-pool-12345678-vmss
  Health:      Healthy (ready=5 unready=0 notStarted=0 longNotStarted=0 registered=5 longUnregistered=0 cloudProviderTarget=${target} (minSize=2, maxSize=12))
               LastProbeTime:      2026-01-01 00:09:55.27867919 +0000 UTC m=+499650.735961122
               LastTransitionTime: 2025-12-22 03:11:00.371995979 +0000 UTC m=+60.829277965
  ScaleUp:     ${scaleUp} (ready=5 cloudProviderTarget=${target})
               LastProbeTime:      2026-01-01 00:09:55.27867919 +0000 UTC m=+499650.735961122
               LastTransitionTime: 2026-01-01 00:08:00.360421664 +0000 UTC m=+57560.817703589
  ScaleDown:   NoCandidates (candidates=0)
               LastProbeTime:      2026-01-01 00:09:55.27867919 +0000 UTC m=+499650.735961122
               LastTransitionTime: 2025-12-22 19:09:20.360421664 +0000 UTC m=+57560.817703589
${more}
`;
}

function group(more: Partial<GroupStatus> = {}): GroupStatus {
  return {
    name: 'pool',
    ready: 3,
    target: 3,
    minSize: 0,
    maxSize: 3,
    scaleUp: 'NoActivity',
    scaleUpSinceMs: nowMs - 60_000,
    backoff: undefined,
    scaleDownCandidates: 0,
    scaleDownSinceMs: nowMs,
    ...more,
  };
}

/** What the lab's autoscaler writes, read as the controller reads it. */
function growth(...groups: readonly Partial<GroupStatus>[]): Growth {
  const status = statusText(groups.map(group), nowMs);
  return growthOf(read({ status, lastUpdated: goTime(nowMs) }), nowMs);
}

function written(status: string): Reading {
  return read({ status, lastUpdated: undefined });
}

function told({ growth: word, growthReason: reason }: Growth): string {
  return `${word} ${reason?.code ?? '-'}`;
}

describe('the YAML of 1.30 and later', () => {
  test('a pool can grow while one group is below its maximum and does not back off', () => {
    const both = growth({}, { name: 'other', target: 1, maxSize: 2 });
    assert.equal(told(both), 'CanGrow BelowMax');
    assert.deepEqual([both.growthReason?.targetNodes, both.growthReason?.maxNodes], [4, 5]);
    assert.equal(told(growth({})), 'CannotGrow MaxReached');
  });

  test('a group that backs off cannot grow; its code is told and its text is not', () => {
    const { growth: word, growthReason } = growthOf(read({ status: backoffYaml, lastUpdated }), nowMs);
    assert.equal(word, 'CannotGrow');
    assert.deepEqual(growthReason, {
      by: 'cluster-autoscaler',
      code: 'Backoff',
      sinceMs: undefined,
      targetNodes: 5,
      maxNodes: 12,
      errorCode: 'QUOTA_EXCEEDED',
    });
    const chatty = backoffYaml.replace('QUOTA_EXCEEDED', '"http://user:pw@host said no"');
    assert.equal(growthOf(read({ status: chatty, lastUpdated }), nowMs).growthReason?.errorCode, undefined);
  });

  test('a scale-up in progress is growth, and says since when', () => {
    const growing = growth({ scaleUp: 'InProgress', target: 4, maxSize: 4 });
    assert.equal(told(growing), 'Growing ScaleUp');
    assert.equal(growing.growthReason?.sinceMs, nowMs - 60_000);
  });

  test('a scale-up that brings no VM for a quarter of an hour is none', () => {
    const since = (minutes: number) =>
      ({ scaleUp: 'InProgress', scaleUpSinceMs: nowMs - minutes * 60_000 }) as const;
    assert.equal(told(growth(since(14))), 'Growing ScaleUp');
    assert.equal(told(growth(since(16))), 'CannotGrow InProgressTooLong');
    assert.equal(told(growth(since(16), { name: 'other', target: 0 })), 'CanGrow BelowMax');
  });

  test('a scale-up that lasts but brings VMs goes on; more VMs asked for are news', () => {
    const at = (minute: number, ready: number, target: number) => {
      const status = statusText(
        [group({ ready, target, maxSize: 40, scaleUp: 'InProgress', scaleUpSinceMs: nowMs })],
        nowMs + minute * 60_000,
      );
      return { status, nowMs: nowMs + minute * 60_000 };
    };
    const seen = [at(0, 3, 10), at(12, 8, 10), at(14, 8, 20)];
    const tracks = seen.reduce(
      (before, each) => trackGroups(before, written(each.status), each.nowMs),
      noTracks,
    );
    const look = (minute: number): Growth => {
      const { status, nowMs: laterMs } = at(minute, 8, 20);
      return growthOf(read({ status, lastUpdated: undefined }), laterMs, tracks);
    };
    assert.equal(told(look(26)), 'Growing ScaleUp');
    assert.equal(look(26).growthReason?.sinceMs, nowMs + 14 * 60_000);
    assert.equal(told(look(28)), 'CannotGrow InProgressTooLong');
    assert.equal(trackGroups(tracks, written(statusText([], nowMs)), nowMs).size, 0);
  });

  test('an autoscaler that finds the cluster unhealthy adds nothing', () => {
    const status = backoffYaml.replace('status: Healthy', 'status: Unhealthy');
    assert.equal(told(growthOf(read({ status, lastUpdated }), nowMs)), 'CannotGrow Unhealthy');
  });
});

describe('the plain text of before', () => {
  const look = (text: string): Growth => growthOf(read({ status: text, lastUpdated }), nowMs);

  test('is read like the YAML', () => {
    assert.equal(told(look(oldText('NoActivity', 5))), 'CanGrow BelowMax');
    assert.equal(told(look(oldText('NoActivity', 12))), 'CannotGrow MaxReached');
    assert.equal(told(look(oldText('Backoff', 5))), 'CannotGrow Backoff');
    assert.equal(told(look(oldText('NoActivity', 5, '', 'Unhealthy'))), 'CannotGrow Unhealthy');
    const growing = look(oldText('InProgress', 8));
    assert.equal(told(growing), 'Growing ScaleUp');
    assert.equal(growing.growthReason?.sinceMs, Date.parse('2026-01-01T00:08:00Z'));
    assert.deepEqual([growing.growthReason?.targetNodes, growing.growthReason?.maxNodes], [8, 12]);
  });

  test('every group counts, whatever its name is made of', () => {
    const second = `  Name:        https://www.googleapis.com/compute/v1/projects/p/zones/z/instanceGroups/g
  Health:      Healthy (ready=3 unready=0 registered=3 longUnregistered=0 cloudProviderTarget=3 (minSize=1, maxSize=10))
  ScaleUp:     NoActivity (ready=3 cloudProviderTarget=3)
  ScaleDown:   NoCandidates (candidates=0)`;
    const text = oldText('Backoff', 12, second);
    assert.deepEqual(
      readStatus(text)?.groups.map(({ name, ready, target, max }) => [name.slice(-4), ready, target, max]),
      [
        ['vmss', 5, 12, 12],
        ['ps/g', 3, 3, 10],
      ],
    );
    assert.equal(told(look(text)), 'CanGrow BelowMax');
  });

  test('its own time counts where the annotation is missing', () => {
    const text = oldText('NoActivity', 5);
    assert.equal(told(growthOf(read({ status: text, lastUpdated: undefined }), nowMs)), 'CanGrow BelowMax');
    assert.equal(
      told(growthOf(read({ status: text, lastUpdated: undefined }), nowMs + 400_000)),
      'Unknown Stale',
    );
  });
});

test('a status that is stale, unreadable or of an autoscaler that has not begun tells nothing', () => {
  const status = statusText([group({ maxSize: 9 })], nowMs);
  const look = (text: string, updated: string | undefined): string =>
    told(growthOf(read({ status: text, lastUpdated: updated }), nowMs));
  assert.equal(look(status, '2026-01-01 00:04:59 +0000 UTC'), 'Unknown Stale');
  assert.equal(look(status.replace(/^time: .*\n/, ''), undefined), 'Unknown Unreadable');
  assert.equal(look('nothing: [of, that', lastUpdated), 'Unknown Unreadable');
  assert.equal(look('Cluster-autoscaler status at 2020:\n\tHealth: [x', lastUpdated), 'Unknown -');
  assert.equal(look('autoscalerStatus: Initializing', lastUpdated), 'Unknown -');
});

test('of two autoscalers the one that brings VMs is believed', () => {
  const can = growth({ target: 1 });
  const cannot = growth({});
  const unknown: Growth = { growth: 'Unknown', growthReason: undefined };
  assert.equal(better(cannot, can), can);
  assert.equal(better(can, cannot), can);
  assert.equal(better(unknown, cannot), cannot);
  const stale = growthOf(read({ status: statusText([group()], nowMs), lastUpdated }), nowMs + 400_000);
  assert.equal(better(unknown, stale), stale);
});

test('each reason has a sentence', () => {
  const reason: GrowthReason = {
    by: 'cluster-autoscaler',
    code: 'MaxReached',
    sinceMs: undefined,
    targetNodes: 12,
    maxNodes: 12,
    errorCode: undefined,
  };
  const sentence = (more: Partial<GrowthReason>) => growthSentence({ growthReason: { ...reason, ...more } });
  assert.equal(
    sentence({}),
    'cluster-autoscaler has reached the most VMs it may have (12 of at most 12): the VM pool cannot grow.',
  );
  assert.match(sentence({ code: 'Backoff', errorCode: 'QUOTA_EXCEEDED' }) ?? '', /\(QUOTA_EXCEEDED\)/);
  assert.match(
    sentence({ by: 'karpenter', code: 'ScaleUp', maxNodes: undefined }) ?? '',
    /^Karpenter .* \(12 VMs\)\.$/,
  );
  assert.equal(growthSentence({ growthReason: undefined }), undefined);
});
