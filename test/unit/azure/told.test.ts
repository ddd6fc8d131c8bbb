import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureOf } from '../../../src/azure/failure.ts';
import { promisedToOthers } from '../../../src/azure/promised.ts';
import { decide } from '../../../src/decide/decide.ts';
import type { RecordedDecision } from '../../../src/decide/decision.ts';
import type { LimitsObservation } from '../../../src/decide/observation.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { orphanEvent } from '../../../src/report/orphan-event.ts';
import { tell } from '../../../src/report/telling.ts';
import { blank, companion, observation, policy } from '../decide/given.ts';

/** A decision on 40 stuck replicas of a target that somebody else scales; `asked` of its burst are asked for. */
function decided(
  limits: Partial<LimitsObservation>,
  asked = 0,
  more: Partial<Policy> = {},
): RecordedDecision {
  const seen = observation({
    target: { replicas: 40 },
    pods: { stuck: 40, oldestStuckSeconds: 60 },
    companions: asked === 0 ? [] : [companion(asked)],
    limits,
  });
  const own = { ...policy({ scaling: undefined }), ...more };
  return { policy: own, observation: seen, decision: decide(own, seen, blank).decision };
}

const scarce = (used: number, free: number): Partial<LimitsObservation> => ({
  freeQuota: free,
  quota: { state: 'known', name: 'StandardCores', limit: 10, used, free, ageSeconds: 5 },
  quotaSeconds: 56,
});
const messages = ({ decision }: RecordedDecision): string =>
  decision.reasons.map(({ code, message }) => `${code} ${message}`).join('\n');

test('what waits for the quota is told with its name and its numbers, and looked at when it is read again', () => {
  const held = decided(scarce(10, 0), 10);
  assert.deepEqual(held.decision.burst.limitedBy, ['ProviderQuota']);
  assert.match(messages(held), /the provider's quota: StandardCores, 10 of 10 in use;/);
  assert.ok(held.decision.nextLookSeconds <= 56);
  assert.match(messages(decided(scarce(3, 4))), /StandardCores, 3 of 10 in use, 3 promised/);
});

test('a quota that is not known is said, whether or not it holds anything back', () => {
  assert.match(
    messages(decided({ freeQuota: undefined, quota: { state: 'unknown' } })),
    /QuotaUnknown The provider's quota was not read yet/,
  );
  const hold = decided({ freeQuota: 0, quota: { state: 'unknown', ageSeconds: 700 } });
  assert.match(messages(hold), /was last read 12 min ago/);
  assert.match(messages(hold), /whenUnknown says Hold/);
});

test('others were promised what they were granted and what they wait for before this policy; a dry run nothing', () => {
  const serves = (pool: string): boolean => pool === waiting.observation.virtualPool.name;
  const waiting = decided(scarce(0, 4), 0, { key: 'media/first', priority: 5, uid: 'first' });
  const ask = (
    others: readonly RecordedDecision[],
    more: Partial<Parameters<typeof promisedToOthers>[0]> = {},
  ) => promisedToOthers({ policy: policy(), serves, others, coresOf: () => 2, assumedCores: 1, ...more });
  // It comes first: all 40 that it waits for. Coming later, only the 4 that it was granted.
  const { wanted, granted } = waiting.decision.burst;
  assert.equal(granted, 4);
  assert.deepEqual(ask([waiting]), [{ replicas: wanted, cores: 2 }]);
  const later = { ...waiting, policy: { ...waiting.policy, priority: -5 } };
  assert.deepEqual(ask([later]), [{ replicas: 4, cores: 2 }]);
  assert.deepEqual(ask([later], { coresOf: () => undefined }), [{ replicas: 4, cores: 1 }]);
  assert.deepEqual(ask([{ ...waiting, policy: { ...waiting.policy, dryRun: true } }]), []);
  assert.deepEqual(ask([waiting], { serves: () => false }), []);
  assert.deepEqual(ask([waiting], { policy: waiting.policy }), []);
});

test('explain lists the container groups that do not simply run', () => {
  const { decision } = decided({});
  const group = {
    pod: 'worker-1',
    group: 'media-worker-1',
    state: 'Creating',
    restarts: 2,
    events: ['Failed', 'Pulling'],
    ageSeconds: 30,
  };
  const lines = tell({
    policy: 'media/thumbnails',
    target: 'Deployment worker',
    status: undefined,
    decision,
    groups: [group],
    nowMs: decision.atMs,
  });
  const line = lines.find((one) => one.includes('media-worker-1')) ?? '';
  assert.match(line, /worker-1 .*Creating, restarted 2 times, last Failed, Pulling \(told 30 s ago\)/);
});

test('news of an orphan is an Event on its virtual node, and the same news has the same name', () => {
  const news = {
    reason: 'OrphanFound',
    group: 'media-a',
    pod: 'media/a',
    nodeName: 'virtual-node-aci-linux',
    uid: 'uid-a',
    note: 'It has no pod.',
    atMs: 0,
  } as const;
  const event = orphanEvent(news, 'spillway-0');
  assert.deepEqual(event.regarding, {
    apiVersion: 'v1',
    kind: 'Node',
    name: 'virtual-node-aci-linux',
    uid: 'virtual-node-aci-linux',
  });
  assert.equal(event.metadata?.namespace, 'default');
  assert.equal(orphanEvent({ ...news, atMs: 5 }, 'spillway-1').metadata?.name, event.metadata?.name);
  assert.notEqual(
    orphanEvent({ ...news, reason: 'OrphanReaped' }, 'spillway-0').metadata?.name,
    event.metadata?.name,
  );
});

test('Retry-After is read as seconds and as a date, and a 429 without it waits for a minute', () => {
  const at = (header: string | undefined, status = 429) =>
    failureOf(
      { name: 'RestError', statusCode: status, response: { headers: { get: () => header } } },
      Date.parse('2026-01-02T03:04:05Z'),
      'westeurope',
    ).retryAfterSeconds;
  assert.equal(at('17'), 17);
  assert.equal(at('Fri, 02 Jan 2026 03:05:05 GMT'), 60);
  assert.equal(at('Fri, 02 Jan 2026 03:00:00 GMT'), 0);
  assert.equal(at(undefined), 60);
  assert.equal(at('soon'), 60);
  assert.equal(at('99999999'), 3600);
  assert.equal(at(undefined, 500), undefined);
  assert.equal(at('5', 503), 5);
});
