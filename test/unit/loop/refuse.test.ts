import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CarryOutParts } from '../../../src/loop/carry-out.ts';
import { Interner } from '../../../src/cluster/intern.ts';
import type { RawObject } from '../../../src/cluster/raw.ts';
import { slimAs } from '../../../src/cluster/resources.ts';
import { Store } from '../../../src/cluster/store.ts';
import { SpillwayError } from '../../../src/errors.ts';
import { refuse } from '../../../src/loop/refuse.ts';

type Parts = Parameters<typeof refuse>[0];

/** What is sent for a policy that nobody can read, with these Deployments in the cluster. */
async function refused(
  metadata: { deletionTimestamp?: string; finalizers?: readonly string[] },
  deployments: readonly RawObject['metadata'][],
) {
  const store = new Store();
  const interner = new Interner();
  const place = { namespace: 'media', resourceVersion: '7' };
  for (const each of deployments) {
    store.deployments.applied(slimAs('deployments', { metadata: { ...place, ...each } }, interner));
  }
  const sent: unknown[] = [];
  const statuses: unknown[] = [];
  const silent = () => undefined;
  const parts: Partial<Record<keyof CarryOutParts | 'reporter', unknown>> = {
    view: { store, applied: silent },
    fence: { holds: () => true },
    clock: { now: () => 0, elapsed: () => 0 },
    log: { info: silent, warn: silent, debug: silent },
    metrics: {},
    reporter: { status: (...args: unknown[]) => Promise.resolve(statuses.push(args) && undefined) },
    client: {
      async request(method: string, path: string, options: { body: { metadata?: object } }) {
        sent.push([method, path.split('?')[0]?.split('/').at(-1), options.body.metadata ?? {}]);
        return {};
      },
    },
  };
  const raw = { metadata: { ...place, name: 'thumbnails', uid: 'policy-uid', ...metadata }, spec: {} };
  const object = slimAs('policies', raw, interner);
  const seconds = await refuse(parts as Parts, object, new SpillwayError('POLICY_INVALID', {}));
  return { sent, statuses: statuses.length, seconds };
}

const held = ['theirs', 'spillway.dev/drain'];
const owned = { name: 'burst', uid: 'b', ownerReferences: [{ uid: 'policy-uid', controller: true }] };
const orphan = { name: 'orphan', uid: 'o', labels: { 'spillway.dev/policy-uid': 'policy-uid' } };
const stranger = { name: 'stranger', uid: 's', labels: { 'spillway.dev/policy-uid': 'another' } };

test('a policy that nobody can read is left alone, and its status says why', async () => {
  const { sent, statuses } = await refused({ finalizers: held }, [owned]);
  assert.deepEqual([sent, statuses], [[], 1]);
});

test('one that is being deleted loses its companions, those set free by an orphaning deletion too, and then goes', async () => {
  const going = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: held };
  const first = await refused(going, [owned, orphan, stranger]);
  assert.deepEqual(first.sent, [
    ['DELETE', 'burst', {}],
    ['DELETE', 'orphan', {}],
  ]);
  assert.equal(Number.isFinite(first.seconds), true);
  const { sent } = await refused(going, [stranger]);
  assert.deepEqual(sent, [
    [
      'PATCH',
      'thumbnails',
      { resourceVersion: '7', finalizers: ['theirs'], annotations: { 'spillway.dev/decision': null } },
    ],
  ]);
});
