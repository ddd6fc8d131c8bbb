import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';
import { X509Certificate } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import { selfSigned } from '../../../src/certificate/self-signed.ts';
import { authoritiesIn } from '../../../src/external-metrics/front-proxy.ts';
import { MetricsServer } from '../../../src/external-metrics/server.ts';
import { authority } from './certificates.ts';
import { knownOf, policyWith } from './given.ts';
import { ask, keeping, root, userHeader } from './served.ts';

const host = 'metrics.spillway.svc';
const trusted = authority();
const stranger = authority();
const proxy = trusted.client('front-proxy-client');
const backlog = `${root}/namespaces/media/spillway_backlog_jobs`;

function certificate() {
  const made = selfSigned({
    name: 'test',
    hosts: [host],
    notBeforeMs: Date.now() - 1000,
    notAfterMs: Date.now() + 60_000,
  });
  return { ...made, authority: undefined };
}

function believed(clientCa: string, names: readonly string[] = ['front-proxy-client']) {
  const found = authoritiesIn({
    'requestheader-client-ca-file': clientCa,
    'requestheader-allowed-names': JSON.stringify(names),
    'requestheader-username-headers': '["X-Remote-User"]',
  });
  assert.ok(found !== undefined);
  return found;
}

/** A server of the test's own, which shows a certificate and believes the trusted authority. */
async function started(): Promise<{ readonly server: MetricsServer; readonly port: number }> {
  const server = new MetricsServer({
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    known: knownOf(policyWith()),
    onError: (error) => assert.fail(String(error)),
  });
  const port = await server.listen();
  server.show(certificate());
  server.believe(believed(trusted.pem));
  return { server, port };
}

describe('the server', () => {
  let server: MetricsServer;
  let port: number;

  before(async () => {
    ({ server, port } = await started());
  });
  after(() => server.close());

  test('answers a front proxy that names a user', async () => {
    const { status, body } = await ask({ port, path: backlog, ...proxy });
    assert.equal(status, 200);
    assert.deepEqual(
      body.items?.map(({ value }) => value),
      ['42', '0'],
    );
  });

  for (const [who, options] of [
    ['without a certificate', {}],
    ['with a certificate of another authority of the same name', stranger.client('front-proxy-client')],
    ['with a right certificate of another name', trusted.client('kubelet')],
    ['with a certificate that vouches for itself', selfSignedClient()],
    ['with a right certificate, for nobody', { ...proxy, headers: {} }],
    ['with a right certificate, for an empty user', { ...proxy, headers: { 'X-Remote-User': '' } }],
  ] as const) {
    test(`refuses everything but health ${who}`, async () => {
      for (const path of [backlog, root, '/apis', '/openapi/v2', '/anything']) {
        const { status, body } = await ask({ port, path, ...options });
        assert.deepEqual([status, body.reason], [401, 'Unauthorized'], path);
      }
      assert.equal((await ask({ port, path: '/healthz', ...options })).status, 200);
    });
  }

  test('keeps connections of front proxies and of nobody else', async () => {
    const agent = keeping(proxy);
    assert.equal((await ask({ port, ...proxy, agent })).closes, false);
    agent.destroy();
    assert.equal((await ask({ port })).closes, true);
  });

  test('is read-only and takes no bodies', async () => {
    assert.equal((await ask({ port, ...proxy, method: 'DELETE' })).body.reason, 'MethodNotAllowed');
    const { status, closes } = await ask({
      port,
      ...proxy,
      headers: { ...userHeader, 'Content-Length': 10 },
      body: 'x'.repeat(10),
    });
    assert.deepEqual([status, closes], [413, true]);
    assert.equal((await ask({ port, ...proxy, path: `/${'x'.repeat(5000)}` })).body.reason, 'BadRequest');
  });

  test('resumes no session: each connection is checked against what is believed now', async () => {
    const options = { host: '127.0.0.1', port, servername: host, rejectUnauthorized: false, ...proxy };
    const sessions: Buffer[] = [];
    const open = async (more: { readonly session?: Buffer }): Promise<boolean> => {
      const socket = connectTls({ ...options, ...more });
      socket.on('session', (session) => sessions.push(session)).on('error', () => {});
      await once(socket, 'secureConnect');
      const reused = socket.isSessionReused();
      socket.end('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n').resume();
      await once(socket, 'close');
      return reused;
    };
    assert.equal(await open({}), false);
    for (const session of sessions.splice(0)) assert.equal(await open({ session }), false);
  });

  test('says nothing to a caller that does not speak TLS', async () => {
    const socket = connect(port, '127.0.0.1').end('GET / HTTP/1.1\r\n\r\n');
    let said = 0;
    socket.on('data', (piece) => (said += piece.length)).on('error', () => {});
    await once(socket, 'close');
    assert.ok(said < 16, 'at most an alert');
  });
});

describe('while the server runs', () => {
  test('another certificate is shown to the next connection, and the last one goes on', async (t) => {
    const { server, port } = await started();
    t.after(() => server.close());
    const agent = keeping({ ...proxy, rejectUnauthorized: false });
    t.after(() => agent.destroy());
    const before = await ask({ port, ...proxy, agent });
    const next = certificate();
    server.show(next);
    assert.equal((await ask({ port, ...proxy, agent })).status, 200);
    const now = await ask({ port, ...proxy, ca: next.certificate });
    assert.equal(now.status, 200);
    assert.ok(!now.shown.equals(before.shown));
    assert.ok(now.shown.equals(new X509Certificate(next.certificate).raw));
  });

  test('another authority is believed, and connections that the old one vouched for are cut', async (t) => {
    const { server, port } = await started();
    t.after(() => server.close());
    const agent = keeping({ ...proxy, rejectUnauthorized: false });
    t.after(() => agent.destroy());
    assert.equal((await ask({ port, ...proxy, agent })).status, 200);
    server.believe(believed(stranger.pem));
    assert.equal((await ask({ port, ...proxy })).status, 401);
    const again = await ask({ port, ...proxy, agent }).catch(() => ({ status: 401 }));
    assert.equal(again.status, 401);
    assert.equal((await ask({ port, ...stranger.client('front-proxy-client') })).status, 200);
    server.believe(believed(`${trusted.pem}${stranger.pem}`));
    assert.equal((await ask({ port, ...proxy })).status, 200, 'two authorities while one follows the other');
  });

  test('other names are believed, and with none any that the authority vouches for', async (t) => {
    const { server, port } = await started();
    t.after(() => server.close());
    const kubelet = trusted.client('kubelet');
    server.believe(believed(trusted.pem, ['kubelet']));
    assert.deepEqual(
      [(await ask({ port, ...kubelet })).status, (await ask({ port, ...proxy })).status],
      [200, 401],
    );
    server.believe(believed(trusted.pem, []));
    assert.equal((await ask({ port, ...trusted.client('anybody') })).status, 200);
  });

  test('nobody is believed before the authorities are known, not even who a public one vouches for', async (t) => {
    const server = new MetricsServer({
      host: '127.0.0.1',
      port: 0,
      clock: systemClock,
      known: knownOf(policyWith()),
      onError: () => {},
    });
    const port = await server.listen();
    t.after(() => server.close());
    await assert.rejects(ask({ port, ...proxy }), 'no certificate to show yet');
    server.show(certificate());
    assert.equal((await ask({ port, ...proxy })).status, 401);
    assert.equal((await ask({ port, path: '/healthz' })).status, 200);
  });

  test('a port that is taken is told', async (t) => {
    const { server, port } = await started();
    t.after(() => server.close());
    const second = new MetricsServer({
      host: '127.0.0.1',
      port,
      clock: systemClock,
      known: knownOf(),
      onError: () => {},
    });
    await assert.rejects(second.listen(), { code: 'EXTERNAL_METRICS_LISTEN_FAILED' });
  });
});

test('whom the API server lets speak for its users is read from its ConfigMap, and never read too wide', () => {
  const ca = { 'requestheader-client-ca-file': trusted.pem };
  assert.deepEqual(authoritiesIn({ ...ca, 'requestheader-allowed-names': '[]' }), {
    clientCa: trusted.pem,
    allowedNames: [],
    userHeaders: ['x-remote-user'],
  });
  assert.equal(authoritiesIn(undefined), undefined);
  assert.equal(authoritiesIn({}), undefined);
  assert.equal(authoritiesIn({ 'requestheader-client-ca-file': ' ' }), undefined);
  for (const names of ['front-proxy-client', '{}', '[1]', '"x"']) {
    assert.equal(authoritiesIn({ ...ca, 'requestheader-allowed-names': names }), undefined, names);
  }
});

function selfSignedClient(): { readonly cert: string; readonly key: string } {
  const { certificate: cert, key } = certificate();
  return { cert, key };
}
