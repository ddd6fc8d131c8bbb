import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { freePort } from '../../redis.ts';
import { demandOn, feed, json, serve, vector, type Answering } from './prometheus-given.ts';

const timeout = { timeout: 15_000 };
const planted = 'planted-by-the-server';
const secretOf = (status: number, errorType = 'bad_data'): Answering => {
  return (_, response) => json(response, { status: 'error', errorType, error: planted }, status);
};

describe('a Prometheus source is lost, and says what to do and nothing that the server said, when', () => {
  const cases: readonly (readonly [string, Answering, string, RegExp])[] = [
    [
      'the query is not valid',
      secretOf(400),
      'PROMETHEUS_QUERY_INVALID',
      /Prometheus main .*the query or cannot/,
    ],
    ['the query cannot be run', secretOf(422), 'PROMETHEUS_QUERY_INVALID', /mend it in the policy/],
    ['the credentials are wrong', secretOf(401), 'PROMETHEUS_AUTH_FAILED', /Mend the bearerTokenFile/],
    ['the credentials do not suffice', secretOf(403), 'PROMETHEUS_AUTH_FAILED', /main/],
    ['the server fails', secretOf(500), 'PROMETHEUS_FAILED', /answered 500/],
    [
      'the query takes the server too long',
      secretOf(503, 'timeout'),
      'PROMETHEUS_TIMEOUT',
      /Make it cheaper/,
    ],
    ['its address leads elsewhere', secretOf(404), 'PROMETHEUS_FAILED', /path prefix/],
    [
      'a page comes in place of an answer',
      (_, response) => response.end(`<html>${planted}</html>`),
      'PROMETHEUS_FAILED',
      /answered 200/,
    ],
    [
      'several series come',
      (_, response) => json(response, vector([1, 2])),
      'PROMETHEUS_SEVERAL_SERIES',
      /The query gives several series .*sum\(…\)/,
    ],
    [
      'so many series come that nobody reads them all',
      (_, response) => json(response, vector(Array<number>(5000).fill(1))),
      'PROMETHEUS_SEVERAL_SERIES',
      /sum\(…\)/,
    ],
    ['no series comes', (_, response) => json(response, vector([])), 'PROMETHEUS_NO_DATA', /is scraped/],
    ['NaN comes', (_, response) => json(response, vector(['NaN'])), 'PROMETHEUS_NUMBER_INVALID', /gives NaN/],
    [
      '+Inf comes',
      (_, response) => json(response, vector(['+Inf'])),
      'PROMETHEUS_NUMBER_INVALID',
      /Infinity/,
    ],
    [
      'it is negative',
      (_, response) => json(response, vector([-3])),
      'PROMETHEUS_NUMBER_INVALID',
      /gives -3/,
    ],
    ['it is old', (_, response) => json(response, vector([3], 61)), 'PROMETHEUS_STALE', /more than 60 s old/],
    ['the connection breaks', (_, response) => response.destroy(), 'PROMETHEUS_UNREACHABLE', /main does not/],
    [
      'the connection breaks within the answer',
      (_, response) => void response.writeHead(200).write('{', () => response.destroy()),
      'PROMETHEUS_UNREACHABLE',
      /main/,
    ],
    ['nothing is answered', () => undefined, 'PROMETHEUS_TIMEOUT', /raise timeoutSeconds/],
    [
      'the answer never ends',
      (_, response) => void response.writeHead(200).write('{'),
      'PROMETHEUS_TIMEOUT',
      /the query in time/,
    ],
  ];
  for (const [what, answering, code, message] of cases) {
    test(what, timeout, async (t) => {
      const { url } = await serve(t, answering);
      const lost = await demandOn(t, url, { timeoutSeconds: 4 }).listen(feed('waiting')).lost();
      assert.equal(lost.code, code);
      assert.match(lost.message, message);
      assert.doesNotMatch(lost.message, /planted|127\.0\.0\.1|\{/);
    });
  }

  test('the rate alone is missing, which is told by its name', async (t) => {
    const { url } = await serve(t, ({ form }, response) =>
      json(response, vector(form.get('query') === 'rate' ? [] : [5])),
    );
    const lost = await demandOn(t, url).listen(feed('waiting', 'rate')).lost();
    assert.equal(lost.code, 'PROMETHEUS_NO_DATA');
    assert.match(lost.message, /^The arrivalRateQuery gives nothing/);
  });

  test('nobody listens there', async (t) => {
    const url = `http://127.0.0.1:${await freePort()}`;
    assert.equal((await demandOn(t, url).listen(feed('waiting')).lost()).code, 'PROMETHEUS_UNREACHABLE');
  });

  test('what listens there speaks no HTTP', async (t) => {
    const server = createServer((socket) => socket.on('error', () => undefined).end('+PONG\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    const { listen } = demandOn(t, `http://127.0.0.1:${address.port}`);
    assert.equal((await listen(feed('waiting')).lost()).code, 'PROMETHEUS_UNREACHABLE');
  });

  test('no connection has that name', async (t) => {
    const { url, asked } = await serve(t, (_, response) => json(response, vector([1])));
    const lost = await demandOn(t, url)
      .listen(feed('waiting', undefined, 'http://169.254.169.254'))
      .lost();
    assert.equal(lost.code, 'PROMETHEUS_CONNECTION_UNKNOWN');
    assert.equal(asked.length, 0);
  });

  test('it is sent elsewhere, where nobody is asked', async (t) => {
    const inner = await serve(t, (_, response) => json(response, vector([1])));
    const { url } = await serve(t, (_, response) =>
      response.writeHead(307, { location: `${inner.url}/api/v1/query` }).end(),
    );
    assert.equal((await demandOn(t, url).listen(feed('waiting')).lost()).code, 'PROMETHEUS_FAILED');
    assert.equal(inner.asked.length, 0);
  });
});

test(
  'a Prometheus that comes back is read again, and the time since the last good answer is told',
  timeout,
  async (t) => {
    const port = await freePort();
    const good: Answering = (_, response) => json(response, vector([4]));
    const first = await serve(t, good, undefined, port);
    const listener = demandOn(t, first.url).listen(feed('waiting'));
    const before = await listener.ok();
    await first.stop();
    const lost = await listener.lost('PROMETHEUS_UNREACHABLE');
    assert.ok(lost.sinceMs >= before.atMs && lost.sinceMs <= lost.atMs);
    await serve(t, good, undefined, port);
    assert.equal((await listener.ok((s) => s.atMs > lost.atMs)).backlog, 4);
  },
);

test('a query that nobody answers holds up no other of the same connection', timeout, async (t) => {
  const { url } = await serve(t, ({ form }, response) => {
    if (form.get('query') !== 'slow') json(response, vector([7]));
  });
  const { listen } = demandOn(t, url, { timeoutSeconds: 60 });
  const slow = listen(feed('slow'));
  const quick = listen(feed('quick'));
  for (let good = await quick.ok(); quick.count < 5; ) good = await quick.ok((s) => s.atMs > good.atMs);
  assert.equal(slow.count, 0);
});
