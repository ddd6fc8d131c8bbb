import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { type Clock, systemClock } from '../../../src/clock.ts';
import type { RecordedDecision } from '../../../src/decide/decision.ts';
import { SpillwayError } from '../../../src/errors.ts';
import { createMetrics } from '../../../src/report/metrics.ts';
import { createApp } from '../../../src/web/app.ts';
import type { WebPorts } from '../../../src/web/ports.ts';
import { listen, type WebServer } from '../../../src/web/server.ts';
import { observation, policy } from '../decide/given.ts';
import { decided } from '../report/given.ts';

const host = '127.0.0.1';
const recorded: RecordedDecision = { decision: decided(), policy: policy(), observation: observation() };
const servers: WebServer[] = [];

async function serve(ports: Partial<WebPorts> = {}, clock = systemClock): Promise<string> {
  const app = createApp({
    alive: () => true,
    caches: () => ({ pods: true, nodes: true }),
    metrics: createMetrics({ version: '0.1.0' }),
    decision: (key) => (key === 'media/thumbnails' ? recorded : undefined),
    onError: (error) => assert.fail(String(error)),
    ...ports,
  });
  const server = await listen(app, { host, port: 0, clock });
  servers.push(server);
  return `http://${host}:${server.port}`;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function get(
  url: string,
  init?: RequestInit,
): Promise<{ status: number; body: unknown; headers: Headers }> {
  const response = await fetch(url, init);
  return { status: response.status, body: await response.json(), headers: response.headers };
}

describe('web server', () => {
  test('/healthz tells whether the loop turns', async () => {
    assert.deepEqual((await get(`${await serve()}/healthz`)).body, { status: 'ok' });
    const stalled = await get(`${await serve({ alive: () => false })}/healthz`);
    assert.equal(stalled.status, 503);
    assert.deepEqual(stalled.body, { status: 'stalled' });
  });

  test('/readyz names the caches that are not synced yet', async () => {
    assert.equal((await get(`${await serve()}/readyz`)).status, 200);
    const url = await serve({ caches: () => ({ pods: false, nodes: true, policies: false }) });
    const waiting = await get(`${url}/readyz`);
    assert.equal(waiting.status, 503);
    assert.deepEqual(waiting.body, { status: 'syncing', waiting: ['pods', 'policies'] });
  });

  test('/metrics is text that Prometheus takes', async () => {
    const response = await fetch(`${await serve()}/metrics`);
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    assert.match(
      await response.text(),
      /^spillway_build_info\{version="0\.1\.0",node_version="[\d.]+"\} 1$/m,
    );
  });

  test('the last decision comes with the observation it was made from', async () => {
    const url = await serve();
    const found = await get(`${url}/api/v1/policies/media/thumbnails/decision`);
    assert.equal(found.status, 200);
    assert.deepEqual(found.body, JSON.parse(JSON.stringify(recorded)));
    const missing = await get(`${url}/api/v1/policies/media/other/decision`);
    assert.equal(missing.status, 404);
    assert.match(JSON.stringify(missing.body), /"code":"DECISION_NOT_FOUND"/);
  });

  test('every answer carries the security headers and none says what serves it', async () => {
    const url = await serve();
    for (const path of ['/healthz', '/metrics', '/nothing', '/%zz']) {
      const { headers } = await fetch(url + path);
      assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
      assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/, path);
      assert.equal(headers.get('cache-control'), 'no-store', path);
      assert.equal(headers.get('x-powered-by'), null, path);
    }
  });

  test('an unknown path, a wrong method and a path that does not decode are told as JSON', async () => {
    const url = await serve();
    const unknown = await get(`${url}/<script>`);
    assert.equal(unknown.status, 404);
    assert.match(JSON.stringify(unknown.body), /"code":"HTTP_NOT_FOUND"/);
    assert.doesNotMatch(JSON.stringify(unknown.body), /script/);
    const posted = await get(`${url}/metrics`, { method: 'POST', body: 'x' });
    assert.equal(posted.status, 405);
    assert.equal(posted.headers.get('allow'), 'GET, HEAD');
    const broken = await get(`${url}/api/v1/policies/%zz/x/decision`);
    assert.equal(broken.status, 400);
    assert.match(JSON.stringify(broken.body), /"code":"HTTP_BAD_REQUEST"/);
    assert.equal((await fetch(`${url}/healthz`, { method: 'HEAD' })).status, 200);
  });

  test('a failure of our own is logged and not shown', async () => {
    const errors: unknown[] = [];
    const secret = new Error('s3cr');
    const url = await serve({
      onError: (error) => errors.push(error),
      metrics: { contentType: 'text/plain', text: () => Promise.reject(secret) },
    });
    const failed = await get(`${url}/metrics`);
    assert.equal(failed.status, 500);
    assert.doesNotMatch(JSON.stringify(failed.body), /s3cr/);
    assert.deepEqual(errors, [secret]);
  });

  test('a port that is taken is an error that says what to do', async () => {
    const { port } = new URL(await serve());
    await assert.rejects(
      listen(createApp({} as WebPorts), { host, port: Number(port), clock: systemClock }),
      (error) =>
        error instanceof SpillwayError &&
        error.code === 'HTTP_LISTEN_FAILED' &&
        /EADDRINUSE/.test(error.message),
    );
  });

  test('closing waits for a request under way, but not for ever', { timeout: 4000 }, async () => {
    const grace = Promise.withResolvers<() => void>();
    const clock: Clock = {
      ...systemClock,
      after(delayMs, run) {
        assert.equal(delayMs, 2000);
        grace.resolve(run);
        return () => {};
      },
    };
    const arrived = Promise.withResolvers<void>();
    const never = () => {
      arrived.resolve();
      return new Promise<string>(() => {});
    };
    const url = await serve({ metrics: { contentType: 'text/plain', text: never } }, clock);
    const outcome = fetch(`${url}/metrics`).then(
      () => 'answered',
      () => 'cut',
    );
    await arrived.promise;
    let closed = false;
    const closing = Promise.all(servers.splice(0).map((server) => server.close()));
    void closing.finally(() => {
      closed = true;
    });
    const cutNow = await grace.promise;
    await assert.rejects(fetch(`${url}/healthz`));
    assert.equal(closed, false);
    cutNow();
    await closing;
    assert.equal(await outcome, 'cut');
  });
});
