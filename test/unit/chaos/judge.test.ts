import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  burstProblems,
  busiest,
  floorProblems,
  termsOf,
  versionProblems,
  writerProblems,
} from '../../chaos/judge.ts';
import type { AuditEvent } from '../../cluster/cluster.ts';
import type { Frame } from '../../e2e/history.ts';

let second = 0;

/** The next request of a pod, a second after the one before. */
function asked(pod: string, resource: string, body: object, more: Partial<AuditEvent> = {}): AuditEvent {
  second += 1;
  const at = new Date(1_700_000_000_000 + second * 1000).toISOString();
  return {
    auditID: String(second),
    stage: 'ResponseComplete',
    verb: 'patch',
    requestURI: '/x',
    userAgent: `spillway/1 (${pod})`,
    user: { username: 'admin' },
    objectRef: { resource, name: 'one' },
    responseStatus: { code: 200 },
    requestObject: body,
    requestReceivedTimestamp: at,
    stageTimestamp: at,
    ...more,
  };
}

const lease = (pod: string): AuditEvent =>
  asked(pod, 'leases', { spec: { holderIdentity: `${pod}_1` } }, { verb: 'update' });
const scale = (pod: string, replicas = 5, more: Partial<AuditEvent> = {}): AuditEvent =>
  asked(pod, 'deployments', { metadata: { resourceVersion: '7' }, spec: { replicas } }, more);

test('terms follow the Lease: renewals begin none, a return to power does', () => {
  const terms = termsOf([lease('a'), lease('a'), lease('b'), lease('a')]);
  assert.deepEqual(
    terms.map(({ pod }) => pod),
    ['a', 'b', 'a'],
  );
});

test('one writer after the other is right, a return to power too, and so is a late write that is refused', () => {
  const refused = { responseStatus: { code: 409 } };
  const events = [
    lease('a'),
    scale('a'),
    lease('b'),
    scale('b'),
    scale('a', 5, refused),
    lease('a'),
    scale('a'),
  ];
  assert.deepEqual(writerProblems(events), []);
});

test('a write after the next leader has written is found, and so is one of somebody who never led', () => {
  const late = [lease('a'), scale('a'), lease('b'), scale('b'), scale('a')];
  assert.deepEqual(writerProblems(late), ['a wrote deployments one after b had taken over']);
  assert.deepEqual(writerProblems([lease('a'), scale('c')]), [
    'c wrote deployments one without ever having led',
  ]);
});

test('the last write of an old leader before the first of the new one to this object is allowed', () => {
  assert.deepEqual(writerProblems([lease('a'), lease('b'), scale('a'), scale('b')]), []);
});

test('writes without a version are found; what makes an object has none', () => {
  const bare = asked('a', 'deployments', { spec: { replicas: 1 } });
  const made = asked('a', 'deployments', {}, { verb: 'create' });
  const deleted = asked('a', 'deployments', { preconditions: { resourceVersion: '3' } }, { verb: 'delete' });
  assert.deepEqual(versionProblems([scale('a'), made, deleted]), []);
  assert.deepEqual(versionProblems([bare]), ['patch deployments one carried no version']);
});

const frame = (atMs: number, asked: number, targetReplicas: number | undefined = 12): Frame => ({
  atMs,
  targetReplicas,
  companions: {},
  asked,
  placed: 0,
  placedReady: 0,
  pending: 0,
  onVirtual: 0,
  stuck: 0,
  burst: 0,
  burstReady: 0,
});

test('more burst than allowed is found in the cluster and in what was only tried', () => {
  const limits = { maxBurst: 10, target: 'worker' };
  assert.deepEqual(burstProblems([frame(0, 10)], [scale('a', 10)], limits), []);
  assert.deepEqual(
    burstProblems([frame(0, 11)], [scale('a', 12, { responseStatus: { code: 409 } })], limits),
    ['11 stood where 10 are allowed', '12 were written where 10 are allowed'],
  );
});

test('a demand below what the load calls for is found, from the moment on at which it does', () => {
  const floors = [{ fromMs: 100, replicas: 15 }];
  assert.deepEqual(floorProblems([frame(50, 0), frame(150, 3)], floors), []);
  assert.equal(floorProblems([frame(150, 2)], floors).length, 1);
});

test('the busiest window is found', () => {
  assert.equal(busiest([], 1000), 0);
  assert.equal(busiest([0, 500, 999, 1000, 3000], 1000), 3);
});
