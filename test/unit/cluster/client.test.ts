import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, explained, isStatus } from '../../../src/cluster/api-error.ts';
import { describeCall } from '../../../src/cluster/call.ts';
import { connect, userAgentOf } from '../../../src/cluster/client.ts';
import { SpillwayError } from '../../../src/errors.ts';
import { json, refusal, scriptedServer } from './api-server.ts';

test('a call carries the token and the User-Agent, and is reported by verb, resource and code', async () => {
  const server = await scriptedServer((_, response) => json(response, { kind: 'Pod' }, 201));
  try {
    const answer = await server.client.request('POST', '/api/v1/namespaces/a/pods/b/eviction', {
      body: { x: 1 },
    });
    assert.deepEqual(answer, { kind: 'Pod' });
    const [asked] = server.asked;
    assert.equal(asked?.headers.authorization, 'Bearer secret-token');
    assert.equal(asked?.headers['user-agent'], 'spillway/test (pod-1)');
    assert.equal(asked?.headers['content-type'], 'application/json');
    assert.equal(asked?.body, '{"x":1}');
    assert.equal(server.client.namespace, 'media');
    const [call] = server.calls;
    assert.deepEqual([call?.verb, call?.resource, call?.code], ['create', 'pods/eviction', '201']);
  } finally {
    await server.close();
  }
});

test('a refusal is an ApiError with status, reason and Retry-After, without the text of the server', async () => {
  const server = await scriptedServer((_, response) =>
    json(response, refusal(429, 'TooManyRequests'), 429, { 'retry-after': '7' }),
  );
  try {
    await assert.rejects(server.client.request('GET', '/api/v1/pods'), (error: unknown) => {
      assert.ok(error instanceof ApiError && isStatus(error, 429));
      assert.equal(error.reason, 'TooManyRequests');
      assert.equal(error.retryAfterSeconds, 7);
      assert.doesNotMatch(error.message, /server text/);
      assert.equal(explained(error).code, 'CLUSTER_REFUSED');
      return true;
    });
    assert.equal(server.asked.length, 1, 'the client must not try again by itself');
  } finally {
    await server.close();
  }
});

test('Retry-After holds back writes of this kind alone, Leases and evictions never; a wait of hours is not believed', async () => {
  const server = await scriptedServer((_, response) =>
    json(response, refusal(429, 'TooManyRequests'), 429, { 'retry-after': '7200' }),
  );
  const { client, asked } = server;
  const refused = async (...[method, path]: Parameters<typeof client.request>): Promise<number> => {
    const before = asked.length;
    await assert.rejects(
      client.request(method, path, { body: {} }),
      (error) => isStatus(error, 429) && (error.retryAfterSeconds ?? 0) <= 60,
    );
    return asked.length - before;
  };
  const deployments = '/apis/apps/v1/namespaces/a/deployments';
  try {
    assert.equal(await refused('PATCH', `${deployments}/b`), 1);
    assert.equal(await refused('PATCH', `${deployments}/c`), 0, 'the server asked to wait');
    assert.equal(server.calls.length, 1, 'what was not sent is no call');
    assert.equal(await refused('POST', deployments), 1);
    const lease = '/apis/coordination.k8s.io/v1/namespaces/a/leases/b';
    const eviction = '/api/v1/namespaces/a/pods/b/eviction';
    for (const [method, path] of [
      ['PUT', lease],
      ['POST', eviction],
    ] as const) {
      assert.equal(await refused(method, path), 1);
      assert.equal(await refused(method, path), 1);
    }
  } finally {
    await server.close();
  }
});

test('no answer in time is CLUSTER_UNREACHABLE, an aborted call rejects with the reason of the signal', async () => {
  const server = await scriptedServer(() => undefined);
  try {
    await assert.rejects(
      server.client.request('GET', '/api/v1/pods', { timeoutMs: 50.5 }),
      (error) =>
        error instanceof SpillwayError &&
        error.code === 'CLUSTER_UNREACHABLE' &&
        (error.cause as Error).name === 'TimeoutError',
    );
    const stop = new AbortController();
    const call = server.client.request('GET', '/api/v1/pods', { signal: stop.signal });
    const reason = new Error('stopped');
    stop.abort(reason);
    await assert.rejects(call, reason);
    assert.deepEqual(
      server.calls.map(({ code }) => code),
      ['error', 'error'],
    );
  } finally {
    await server.close();
  }
});

test('calls one after the other share a connection', async () => {
  const ports = new Set<number | undefined>();
  const server = await scriptedServer((_, response) => {
    ports.add(response.socket?.remotePort);
    json(response, {});
  });
  try {
    for (let call = 0; call < 20; call += 1) await server.client.request('GET', '/api/v1/nodes');
    // The next call may begin before undici knows that the last one is wholly over.
    assert.ok(ports.size <= 2, `${ports.size} connections`);
  } finally {
    await server.close();
  }
});

test('an unusable kubeconfig is told by a sentence that names the file', () => {
  assert.throws(
    () => connect({ kubeconfigPath: '/nowhere/kubeconfig', userAgent: 'x' }),
    (error) => error instanceof SpillwayError && /\/nowhere\/kubeconfig/.test(error.message),
  );
});

test('verb and resource are read off the path', () => {
  const described = (method: string, path: string): string => {
    const { verb, resource } = describeCall(method, path);
    return `${verb} ${resource}`;
  };
  assert.equal(described('GET', '/api/v1/pods?limit=500'), 'list pods');
  assert.equal(described('GET', '/api/v1/pods?watch=true'), 'watch pods');
  assert.equal(described('GET', '/api/v1/namespaces/a/secrets/b'), 'get secrets');
  assert.equal(described('GET', '/api/v1/namespaces/a'), 'get namespaces');
  assert.equal(
    described('PATCH', '/apis/apps/v1/namespaces/a/deployments/b/scale'),
    'patch deployments/scale',
  );
  assert.equal(described('DELETE', '/apis/apps/v1/namespaces/a/deployments/b'), 'delete deployments');
  assert.equal(described('GET', '/readyz'), 'get readyz');
});

test('the User-Agent tells version and pod', () => {
  assert.equal(userAgentOf('1.2.3', 'spillway-0'), 'spillway/1.2.3 (spillway-0)');
});
