import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import { isStatus } from '../../../src/cluster/api-error.ts';
import { type WatchEvent, watchStream } from '../../../src/cluster/watch-stream.ts';
import { waitFor } from '../../cluster/wait-for.ts';
import { type ContractCluster, deploymentOf, makeRoom, type Room, refusal } from './contract-cluster.ts';

/** What the API promises about reads and writes, whoever works behind it. */
export function apiContract(cluster: () => ContractCluster): void {
  describe('the API', () => {
    let room: Room;
    before(async () => {
      room = await makeRoom(cluster().client);
    });

    const configMap = (name: string, data: object = {}): object => ({ metadata: { name }, data });
    const watch = (query: string, plural = 'configmaps'): AsyncGenerator<WatchEvent> =>
      watchStream(`${room.path(plural)}?watch=true&${query}`, {
        client: room.client,
        clock: systemClock,
        signal: AbortSignal.timeout(15_000),
        stallMs: () => 15_000,
      });

    test('a patch that names an old version is refused, one that names the newest is not', async () => {
      const first = await room.create('configmaps', configMap('versions', { a: '1' }));
      const { resourceVersion } = first.metadata;
      const second = await room.patch('configmaps', 'versions', {
        metadata: { resourceVersion },
        data: { a: '2' },
      });
      assert.notEqual(second.metadata.resourceVersion, resourceVersion);
      const body = { metadata: { resourceVersion }, data: { a: '3' } };
      const how = { body, contentType: 'application/merge-patch+json' } as const;
      assert.deepEqual(await refusal(room.client, 'PATCH', room.path('configmaps', 'versions'), how), {
        status: 409,
        reason: 'Conflict',
      });
      const put = { body: { ...first, data: { a: '4' } } };
      assert.deepEqual(await refusal(room.client, 'PUT', room.path('configmaps', 'versions'), put), {
        status: 409,
        reason: 'Conflict',
      });
    });

    test('a write that changes nothing leaves the version as it is', async () => {
      const first = await room.create('configmaps', configMap('same', { a: '1' }));
      const second = await room.patch('configmaps', 'same', { data: { a: '1' } });
      assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
    });

    test('a name can be taken once', async () => {
      await room.create('configmaps', configMap('taken'));
      assert.deepEqual(
        await refusal(room.client, 'POST', room.path('configmaps'), { body: configMap('taken') }),
        { status: 409, reason: 'AlreadyExists' },
      );
    });

    test('what is not there is NotFound, in a namespace that is not there too', async () => {
      const gone = { status: 404, reason: 'NotFound' };
      const elsewhere = '/api/v1/namespaces/contract-nowhere/configmaps';
      assert.deepEqual(await refusal(room.client, 'GET', room.path('configmaps', 'nobody')), gone);
      assert.deepEqual(await refusal(room.client, 'POST', elsewhere, { body: configMap('x') }), gone);
      const unserved = '/apis/example.com/v1/things';
      assert.equal((await refusal(room.client, 'GET', unserved)).status, 404);
    });

    test('a deletion may demand a UID and a version', async () => {
      const { metadata } = await room.create('configmaps', configMap('precious'));
      const path = room.path('configmaps', 'precious');
      for (const preconditions of [
        { uid: '00000000-0000-4000-8000-000000000000' },
        { uid: metadata.uid, resourceVersion: '1' },
      ]) {
        assert.deepEqual(await refusal(room.client, 'DELETE', path, { body: { preconditions } }), {
          status: 409,
          reason: 'Conflict',
        });
      }
      const { uid, resourceVersion } = metadata;
      await room.remove('configmaps', 'precious', { preconditions: { uid, resourceVersion } });
      assert.equal((await refusal(room.client, 'GET', path)).status, 404);
    });

    test('pages show the collection as of the first, and know how many are left', async () => {
      const paged = await makeRoom(cluster().client);
      for (const name of ['a', 'b', 'c', 'd', 'e'])
        await paged.create('configmaps', configMap(`page-${name}`));
      const pages = '&labelSelector=!nobody';
      const first = await paged.list('configmaps', '?limit=2');
      const known = new Set(first.items.map(({ metadata }) => metadata.name));
      await paged.remove('configmaps', 'page-e');
      await paged.create('configmaps', configMap('page-late'));
      const names = [...known];
      for (let next = first.metadata.continue; next !== undefined && next !== ''; ) {
        const page = await paged.list('configmaps', `?limit=2&continue=${encodeURIComponent(next)}`);
        assert.equal(page.metadata.resourceVersion, first.metadata.resourceVersion);
        names.push(...page.items.map(({ metadata }) => metadata.name));
        next = page.metadata.continue;
      }
      assert.deepEqual(
        names.filter((name) => name.startsWith('page-')),
        ['page-a', 'page-b', 'page-c', 'page-d', 'page-e'],
      );
      assert.ok((first.metadata.remainingItemCount ?? 0) >= 3);
      assert.equal(
        (await paged.list('configmaps', `?limit=2${pages}`)).metadata.remainingItemCount,
        undefined,
      );
    });

    test('selectors choose by label and by field', async () => {
      await room.create('configmaps', { metadata: { name: 'red', labels: { colour: 'red' } } });
      await room.create('configmaps', { metadata: { name: 'blue', labels: { colour: 'blue' } } });
      const namesBy = async (query: string): Promise<readonly string[]> =>
        (await room.list('configmaps', query)).items.map(({ metadata }) => metadata.name);
      assert.deepEqual(await namesBy('?labelSelector=colour%3Dred'), ['red']);
      assert.deepEqual(await namesBy('?labelSelector=colour%20in%20(red,blue)'), ['blue', 'red']);
      assert.deepEqual(await namesBy('?labelSelector=colour,colour!%3Dred'), ['blue']);
      assert.deepEqual(await namesBy('?fieldSelector=metadata.name%3Dblue'), ['blue']);
      const wrong = `${room.path('configmaps')}?fieldSelector=spec.colour%3Dred`;
      assert.equal((await refusal(room.client, 'GET', wrong)).status, 400);
    });

    test('a watch goes on where another left off, without a gap', async () => {
      const { metadata } = await room.list('configmaps');
      await room.create('configmaps', configMap('watched', { a: '1' }));
      await room.patch('configmaps', 'watched', { data: { a: '2' } });
      const seen: string[] = [];
      let version = '';
      for await (const { type, object } of watch(`resourceVersion=${metadata.resourceVersion}`)) {
        seen.push(`${type} ${object.metadata?.name}`);
        version = object.metadata?.resourceVersion ?? '';
        if (seen.length === 2) break;
      }
      await room.remove('configmaps', 'watched');
      for await (const { type, object } of watch(`resourceVersion=${version}`)) {
        seen.push(`${type} ${object.metadata?.name}`);
        break;
      }
      assert.deepEqual(seen, ['ADDED watched', 'MODIFIED watched', 'DELETED watched']);
    });

    test('an object enters and leaves a watch by its labels', async () => {
      const { metadata } = await room.list('configmaps');
      await room.create('configmaps', { metadata: { name: 'moves', labels: { stage: 'on' } } });
      await room.patch('configmaps', 'moves', { metadata: { labels: { stage: 'off' } } });
      await room.patch('configmaps', 'moves', { metadata: { labels: { stage: 'on' } } });
      const seen: string[] = [];
      const query = `resourceVersion=${metadata.resourceVersion}&labelSelector=stage%3Don`;
      for await (const { type } of watch(query)) {
        seen.push(type);
        if (seen.length === 3) break;
      }
      assert.deepEqual(seen, ['ADDED', 'DELETED', 'ADDED']);
    });

    test('a streaming list ends with a bookmark that says so', async () => {
      const query = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
      const names: string[] = [];
      for await (const { type, object } of watch(query)) {
        if (type === 'BOOKMARK') {
          assert.equal(object.metadata?.annotations?.['k8s.io/initial-events-end'], 'true');
          assert.match(object.metadata.resourceVersion ?? '', /^\d+$/);
          break;
        }
        names.push(object.metadata?.name ?? '');
      }
      const { items } = await room.list('configmaps');
      assert.deepEqual(
        names,
        items.map(({ metadata }) => metadata.name),
      );
    });

    test('a watch ends when its time is over', async () => {
      const { metadata } = await room.list('configmaps');
      const events = [];
      const query = `resourceVersion=${metadata.resourceVersion}&timeoutSeconds=1`;
      for await (const event of watch(query)) events.push(event);
      assert.deepEqual(events, []);
    });

    test('a watch from a version that is forgotten is an error in the stream', async () => {
      cluster().forgetHistory();
      const failure = await waitFor('an answer', async () => {
        try {
          for await (const _ of watch('resourceVersion=1', 'burstpolicies')) assert.fail('nothing to tell');
        } catch (error) {
          // A real API server asks for patience while its cache of a new kind warms up.
          return !isStatus(error, 429) && error;
        }
        return undefined;
      });
      assert.ok(isStatus(failure, 410));
      assert.equal(failure.reason, 'Expired');
    });

    test('the scale of a Deployment is read and written apart', async () => {
      await room.create('deployments', deploymentOf('scaled', 0));
      const scale = await room.get('deployments', 'scaled/scale');
      assert.equal(scale.kind, 'Scale');
      assert.equal(scale.status?.['selector'], 'app=scaled');
      const { resourceVersion } = scale.metadata;
      await room.patch('deployments', 'scaled/scale', { spec: { replicas: 1 } });
      const after = await room.get('deployments', 'scaled');
      assert.deepEqual([after.spec['replicas'], after.metadata.generation], [1, 2]);
      const stale = { body: { ...scale, spec: { replicas: 3 } } };
      assert.equal(stale.body.metadata.resourceVersion, resourceVersion);
      const path = room.path('deployments', 'scaled/scale');
      assert.deepEqual(await refusal(room.client, 'PUT', path, stale), { status: 409, reason: 'Conflict' });
      const negative = {
        body: { spec: { replicas: -1 } },
        contentType: 'application/merge-patch+json',
      } as const;
      assert.deepEqual(await refusal(room.client, 'PATCH', path, negative), {
        status: 422,
        reason: 'Invalid',
      });
      await room.patch('deployments', 'scaled/scale', { spec: { replicas: 0 } });
    });

    test('the generation counts changes of the spec, not of labels', async () => {
      const made = await room.create('deployments', deploymentOf('counted', 0));
      assert.equal(made.metadata.generation, 1);
      const labelled = await room.patch('deployments', 'counted', { metadata: { labels: { a: 'b' } } });
      assert.equal(labelled.metadata.generation, 1);
      const changed = await room.patch('deployments', 'counted', { spec: { minReadySeconds: 1 } });
      assert.equal(changed.metadata.generation, 2);
    });

    test('a Deployment whose selector does not select its pods is refused, and its selector stays', async () => {
      const wrong = {
        ...deploymentOf('wrong', 1),
        spec: { ...deploymentSpec('wrong'), selector: { matchLabels: { app: 'other' } } },
      };
      assert.deepEqual(await refusal(room.client, 'POST', room.path('deployments'), { body: wrong }), {
        status: 422,
        reason: 'Invalid',
      });
      await room.create('deployments', deploymentOf('fixed', 0));
      const labels = { app: 'fixed', more: 'x' };
      const body = { spec: { selector: { matchLabels: labels }, template: { metadata: { labels } } } };
      const how = { body, contentType: 'application/merge-patch+json' } as const;
      assert.deepEqual(await refusal(room.client, 'PATCH', room.path('deployments', 'fixed'), how), {
        status: 422,
        reason: 'Invalid',
      });
    });

    test('patches of the three kinds are taken, other types are not', async () => {
      await room.create('deployments', deploymentOf('patched', 0));
      const path = room.path('deployments', 'patched');
      const containers = [{ name: 'app', env: [{ name: 'A', value: '1' }] }];
      await room.client.request('PATCH', path, {
        body: { spec: { template: { spec: { containers } } } },
        contentType: 'application/strategic-merge-patch+json',
      });
      await room.client.request('PATCH', path, {
        body: [
          { op: 'add', path: '/spec/template/spec/containers/0/env/-', value: { name: 'B', value: '2' } },
        ],
        contentType: 'application/json-patch+json',
      });
      const { spec } = (await room.get('deployments', 'patched')).spec['template'] as {
        spec: { containers: { image: string; env: { name: string }[] }[] };
      };
      assert.equal(spec.containers[0]?.image, 'example.com/app:1');
      assert.deepEqual(
        spec.containers[0]?.env.map(({ name }) => name),
        ['A', 'B'],
      );
      const failing = [{ op: 'test', path: '/spec/replicas', value: 9 }];
      const json = { body: failing, contentType: 'application/json-patch+json' } as const;
      assert.equal((await refusal(room.client, 'PATCH', path, json)).status, 422);
      assert.deepEqual(
        await refusal(room.client, 'PATCH', path, { body: {}, contentType: 'application/json' }),
        {
          status: 415,
          reason: 'UnsupportedMediaType',
        },
      );
    });

    test('an applied configuration owns its fields', async () => {
      const path = room.path('configmaps', 'applied');
      const apply = async (manager: string, data: object, force = false): Promise<unknown> =>
        room.client.request('PATCH', `${path}?fieldManager=${manager}${force ? '&force=true' : ''}`, {
          body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data },
          contentType: 'application/apply-patch+yaml',
        });
      await apply('one', { a: '1', b: '1' });
      await apply('two', { c: '2' });
      await apply('one', { a: '1' });
      const dataNow = async (): Promise<unknown> =>
        ((await room.client.request('GET', path)) as { data: unknown }).data;
      assert.deepEqual(await dataNow(), { a: '1', c: '2' });
      await assert.rejects(apply('two', { a: '2', c: '2' }), (error) => isStatus(error, 409));
      await apply('two', { a: '2', c: '2' }, true);
      assert.deepEqual(await dataNow(), { a: '2', c: '2' });
    });

    test('methods that a path does not have are refused', async () => {
      const path = room.path('configmaps', 'anything');
      assert.deepEqual(await refusal(room.client, 'POST', path, { body: {} }), {
        status: 405,
        reason: 'MethodNotAllowed',
      });
    });
  });
}

function deploymentSpec(name: string): object {
  return (deploymentOf(name, 1) as { spec: object }).spec;
}
