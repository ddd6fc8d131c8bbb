import assert from 'node:assert/strict';
import { request as rawRequest } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import { isStatus } from '../../../src/cluster/api-error.ts';
import { listPages } from '../../../src/cluster/list-pages.ts';
import { watchStream } from '../../../src/cluster/watch-stream.ts';
import { type BareLab, startBareLab } from './bare-lab.ts';

const maps = '/api/v1/namespaces/default/configmaps';

describe('the API of a lab in which nobody works', () => {
  let lab: BareLab;
  before(async () => {
    lab = await startBareLab();
    for (const name of ['a', 'b', 'c', 'd']) lab.objects.create('configmaps', { metadata: { name } });
  });
  after(() => lab.close());

  const get = async (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${lab.api.url}${path}`, { headers });

  test('pages whose beginning is forgotten are Expired, as HTTP', async () => {
    await assert.rejects(
      async () => {
        for await (const _ of listPages(lab.client, maps, 2, AbortSignal.timeout(5000))) {
          lab.objects.create('configmaps', { metadata: { generateName: 'late-' } });
          lab.objects.compact(0);
        }
      },
      (error) => isStatus(error, 410) && error.reason === 'Expired',
    );
    assert.equal((await get(`${maps}?continue=nonsense`)).status, 400);
  });

  test('a watch whose version is forgotten, or from another life, ends with an ERROR event', async () => {
    for (const version of ['2', '999999']) {
      const response = await get(`${maps}?watch=true&resourceVersion=${version}`);
      assert.equal(response.status, 200);
      const { type, object } = (await response.json()) as { type: string; object: { code: number } };
      assert.deepEqual([type, object.code], ['ERROR', 410]);
    }
  });

  test('a watch ends with a bookmark of the newest version', async () => {
    const { version } = lab.objects;
    const query = `watch=true&resourceVersion=${version}&allowWatchBookmarks=true&timeoutSeconds=1`;
    const events = [];
    for await (const event of watchStream(`${maps}?${query}`, {
      client: lab.client,
      clock: systemClock,
      signal: AbortSignal.timeout(5000),
      stallMs: () => 5000,
    })) {
      events.push([event.type, event.object.metadata?.resourceVersion]);
    }
    assert.deepEqual(events, [['BOOKMARK', String(version)]]);
  });

  test('Events are shown by both groups, each in its own words', async () => {
    await lab.client.request('POST', '/apis/events.k8s.io/v1/namespaces/default/events', {
      body: {
        metadata: { name: 'e' },
        eventTime: '2026-01-02T03:04:05.000000Z',
        type: 'Normal',
        reason: 'Burst',
        note: 'two replicas',
        regarding: { kind: 'BurstPolicy', name: 'thumbnails', namespace: 'default' },
        reportingController: 'spillway.dev/controller',
      },
    });
    const core = (await lab.client.request('GET', '/api/v1/namespaces/default/events/e')) as Record<
      string,
      unknown
    >;
    assert.equal(core['message'], 'two replicas');
    assert.equal(core['apiVersion'], 'v1');
    const byField =
      '/api/v1/events?fieldSelector=involvedObject.name%3Dthumbnails,involvedObject.kind%3DBurstPolicy';
    assert.equal(((await lab.client.request('GET', byField)) as { items: unknown[] }).items.length, 1);
    const newer = (await lab.client.request('GET', '/apis/events.k8s.io/v1/namespaces/default/events/e')) as {
      note: string;
    };
    assert.equal(newer.note, 'two replicas');
  });

  test('tables come with their rows, metadata only with nothing else', async () => {
    const table = (await (
      await get(maps, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' })
    ).json()) as { kind: string; rows: { cells: unknown[]; object: { kind: string } }[] };
    assert.equal(table.kind, 'Table');
    assert.deepEqual(table.rows[0]?.cells, ['a', 0, '0s']);
    assert.equal(table.rows[0]?.object.kind, 'PartialObjectMetadata');
    const partial = await get(`${maps}/a`, {
      accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
    });
    assert.deepEqual(Object.keys((await partial.json()) as object), ['kind', 'apiVersion', 'metadata']);
    assert.equal((await get(maps, { accept: 'application/xml' })).status, 406);
  });

  test('a Secret can be written as text and is read as base64', async () => {
    const body = { metadata: { name: 's' }, stringData: { url: 'redis://x' } };
    const made = await lab.client.request('POST', '/api/v1/namespaces/default/secrets', { body });
    const { data, stringData } = made as { data: Record<string, string>; stringData?: unknown };
    assert.deepEqual([data['url'], stringData], [Buffer.from('redis://x').toString('base64'), undefined]);
  });

  test('health, version and discovery answer, with any token and without', async () => {
    for (const path of [
      '/healthz',
      '/livez',
      '/readyz',
      '/version',
      '/api',
      '/apis',
      '/apis/apps',
      '/openapi/v3',
    ]) {
      assert.equal((await get(path, { authorization: 'Bearer whoever' })).status, 200, path);
      assert.equal((await get(path)).status, 200, path);
    }
    for (const path of ['/nothing', '/apis/keda.sh/v1alpha1/scaledobjects', '/api/v2', '/openapi/v2']) {
      assert.equal((await get(path)).status, 404, path);
    }
  });

  test('nothing is answered under a foreign host name', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      rawRequest(`${lab.api.url}/api/v1/secrets`, { headers: { host: 'evil.example.com' } })
        .on('response', (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
    assert.equal(status, 403);
  });

  test('what is no JSON, too long or of an unknown type is refused', async () => {
    const post = async (body: string, type: string): Promise<number> =>
      (await fetch(`${lab.api.url}${maps}`, { method: 'POST', body, headers: { 'content-type': type } }))
        .status;
    assert.equal(await post('{', 'application/json'), 400);
    assert.equal(await post('[]', 'application/json'), 400);
    assert.equal(await post('x', 'text/plain'), 415);
    assert.equal(await post('k8s\0', 'application/vnd.kubernetes.protobuf'), 415);
    assert.equal(await post(' '.repeat(4_000_000), 'application/json'), 413);
    assert.equal(await post('metadata: {name: yaml}', 'application/yaml'), 201);
  });

  test('deleting a collection takes what is selected', async () => {
    await lab.client.request('DELETE', `${maps}?fieldSelector=metadata.name%3Db`);
    assert.equal(lab.objects.get('configmaps', 'default/b'), undefined);
    assert.ok(lab.objects.get('configmaps', 'default/a'));
  });

  test('a namespace goes with all that is in it', async () => {
    await lab.client.request('POST', '/api/v1/namespaces', { body: { metadata: { name: 'short' } } });
    lab.objects.create('configmaps', { metadata: { name: 'x', namespace: 'short' } });
    await lab.client.request('DELETE', '/api/v1/namespaces/short');
    assert.equal(lab.objects.get('namespaces', 'short')?.['status'] !== undefined, true);
    lab.pass(5);
    assert.equal(lab.objects.get('namespaces', 'short'), undefined);
    assert.equal(lab.objects.get('configmaps', 'short/x'), undefined);
  });
});

test('closing a lab ends its watches', async () => {
  const lab = await startBareLab();
  const response = await fetch(`${lab.api.url}${maps}?watch=true`);
  await lab.close();
  await response.text().catch(() => undefined);
});
