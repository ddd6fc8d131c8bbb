import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { burstPolicyCrd } from '../../../src/policy/crd.ts';
import { changeCases, smallest, specCases, whole, wholeStatus } from '../../unit/policy/specs.ts';
import { type ContractCluster, makeRoom, policyOf, type Room, refusal } from './contract-cluster.ts';

/** A dozen refusals of different kinds: schema, enum, list map, CEL on a field, across fields, across sections. */
const refused = [
  'both sizing rules',
  'no sizing rule',
  'minimum above maximum',
  'a negative rate',
  'an amount that is a number',
  'an unknown strategy',
  'a type with the body of another',
  'a drain within nothing',
  'Fixed without scaling',
  'both targets',
  'two sources of one name',
  'seventeen sources',
  'a burst without a maximum',
  'suspend as a word',
  'a companion for Jobs',
];

/** What the API promises about policies: the CRD's schema, defaults and rules. */
export function policyContract(cluster: () => ContractCluster): void {
  describe('policies', () => {
    let room: Room;
    before(async () => {
      room = await makeRoom(cluster().client);
      assert.ok(burstPolicyCrd());
    });

    for (const [index, name] of refused.entries()) {
      test(`refused: ${name}`, async () => {
        const found = specCases.find((each) => each.name === name);
        assert.ok(found !== undefined && !found.valid, `${name} is no refusal of specs.ts`);
        const body = policyOf(`refused-${index}`, found.spec);
        assert.deepEqual(await refusal(room.client, 'POST', room.path('burstpolicies'), { body }), {
          status: 422,
          reason: 'Invalid',
        });
      });
    }

    test('every good spec is taken', async () => {
      for (const [index, { spec }] of specCases.filter(({ valid }) => valid).entries()) {
        await room.create('burstpolicies', policyOf(`good-${index}`, spec));
      }
    });

    test('defaults are filled in, unknown fields are dropped', async () => {
      const { spec, status } = await room.create(
        'burstpolicies',
        policyOf('defaults', { ...smallest, surprise: 1 }),
      );
      assert.equal(status, undefined);
      assert.deepEqual(spec, {
        targetRef: smallest['targetRef'],
        suspend: false,
        dryRun: false,
        priority: 0,
        burst: {
          maxReplicas: 10,
          strategy: 'Companion',
          vmPool: 'Grow',
          withoutVmNodes: 'Forbid',
          delay: { always: '0s', whilePoolGrows: '0s' },
          reclaim: { after: '1m', readyTimeout: '10m' },
          budget: { onExhausted: 'Keep' },
          drain: { timeout: '10m' },
        },
      });
    });

    test('a whole spec stays as it was written', async () => {
      const { spec } = await room.create('burstpolicies', policyOf('whole', whole));
      assert.deepEqual((spec['scaling'] as { sources: unknown[] }).sources.length, 4);
      assert.equal(spec['priority'], -5);
    });

    test('the status is written apart from the spec', async () => {
      const made = await room.create('burstpolicies', policyOf('apart', smallest));
      const { metadata } = made;
      const ignored = await room.patch('burstpolicies', 'apart', { status: { demand: 5 } });
      assert.equal(ignored.status, undefined);
      const told = await room.put('burstpolicies', 'apart/status', {
        ...made,
        metadata: ignored.metadata,
        spec: { ...made.spec, priority: 9 },
        status: wholeStatus,
      });
      assert.deepEqual(told.status, wholeStatus);
      assert.deepEqual([told.spec['priority'], told.metadata.generation], [0, 1]);
      const changed = await room.patch('burstpolicies', 'apart', { spec: { priority: 1 } });
      assert.deepEqual([changed.status?.['demand'], changed.metadata.generation], [200, 2]);
      const stale = { body: { ...made, status: { demand: 1 } } };
      assert.equal(stale.body.metadata.resourceVersion, metadata.resourceVersion);
      const path = room.path('burstpolicies', 'apart/status');
      assert.deepEqual(await refusal(room.client, 'PUT', path, stale), { status: 409, reason: 'Conflict' });
      const wrong = {
        body: { status: { demand: 'many' } },
        contentType: 'application/merge-patch+json',
      } as const;
      assert.deepEqual(await refusal(room.client, 'PATCH', path, wrong), { status: 422, reason: 'Invalid' });
    });

    test('a PUT has to name the version that it replaces', async () => {
      const made = await room.create('burstpolicies', policyOf('put', smallest));
      const { resourceVersion: _, ...metadata } = made.metadata;
      const path = room.path('burstpolicies', 'put');
      assert.deepEqual(await refusal(room.client, 'PUT', path, { body: { ...made, metadata } }), {
        status: 422,
        reason: 'Invalid',
      });
      await room.put('burstpolicies', 'put', made);
    });

    test('what cannot be changed stays, other changes are taken', async () => {
      for (const [index, { before: was, after, valid, name }] of changeCases.entries()) {
        const policy = `changed-${index}`;
        const made = await room.create('burstpolicies', policyOf(policy, was));
        const body = { ...made, spec: after };
        const path = room.path('burstpolicies', policy);
        if (valid) await room.put('burstpolicies', policy, body);
        else assert.equal((await refusal(room.client, 'PUT', path, { body })).status, 422, name);
      }
    });

    test('strict clients are told of unknown fields', async () => {
      const body = policyOf('strict', { ...smallest, surprise: 1 });
      const path = `${room.path('burstpolicies')}?fieldValidation=Strict`;
      assert.deepEqual(await refusal(room.client, 'POST', path, { body }), {
        status: 400,
        reason: 'BadRequest',
      });
    });

    test('a strategic merge patch is for built-in kinds', async () => {
      await room.create('burstpolicies', policyOf('merged', smallest));
      const how = {
        body: { spec: { priority: 1 } },
        contentType: 'application/strategic-merge-patch+json',
      } as const;
      assert.deepEqual(await refusal(room.client, 'PATCH', room.path('burstpolicies', 'merged'), how), {
        status: 415,
        reason: 'UnsupportedMediaType',
      });
    });
  });
}
