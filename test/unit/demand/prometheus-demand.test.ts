import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { demandOn, feed, json, serve, vector } from './prometheus-given.ts';
import { Heard, requestOf } from './harness.ts';

const timeout = { timeout: 15_000 };
const folder = mkdtempSync(join(tmpdir(), 'spillway-prometheus-'));
after(() => rmSync(folder, { recursive: true }));
const fileWith = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe('a Prometheus source', () => {
  test('gives the number of its query as backlog, and nothing that a query does not tell', async (t) => {
    const { url } = await serve(t, (_, response) => json(response, vector([41.5])));
    const { atMs, ...sample } = await demandOn(t, url).listen(feed('waiting')).ok();
    assert.ok(Math.abs(atMs - Date.now()) < 5000);
    assert.deepEqual(sample, {
      state: 'ok',
      backlog: 41.5,
      active: 0,
      oldestAgeSeconds: undefined,
      arrivalsTotal: undefined,
      completionsTotal: undefined,
      arrivalsPerSecond: undefined,
      paused: false,
      rateLimited: false,
      concurrencyLimit: undefined,
      rateLimitPerSecond: undefined,
      busy: {},
    });
  });

  test('is good only once the rate is known too', async (t) => {
    const { url } = await serve(t, ({ form }, response) =>
      json(response, vector([form.get('query') === 'rate' ? 2.5 : 10])),
    );
    const listener = demandOn(t, url).listen(feed('waiting', 'rate'));
    await listener.ok();
    for (const sample of listener.all) {
      assert.ok(sample.state === 'ok' && sample.backlog === 10 && sample.arrivalsPerSecond === 2.5);
    }
  });

  test('asks by POST, with the query in the form, below the prefix of the address', async (t) => {
    const { url, asked } = await serve(t, (_, response) => json(response, vector([1])));
    const query = 'sum(rate(a{b="c&d"}[1m]))';
    const headers = { 'X-Scope-OrgID': 'media' };
    await demandOn(t, `${url}/tenant/a`, { headers, timeoutSeconds: 7 }).listen(feed(query)).ok();
    const [first] = asked;
    assert.equal(first?.method, 'POST');
    assert.equal(first?.path, '/tenant/a/api/v1/query');
    assert.deepEqual(Object.fromEntries(first?.form ?? []), {
      query,
      timeout: '7s',
      limit: '2',
      partial_response: 'false',
    });
    assert.equal(first?.headers['x-scope-orgid'], 'media');
    assert.equal(first?.headers.authorization, undefined);
  });

  test('is asked anew all the time', timeout, async (t) => {
    let waiting = 0;
    const { url } = await serve(t, (_, response) => json(response, vector([(waiting += 1)])));
    const listener = demandOn(t, url).listen(feed('waiting'));
    assert.equal((await listener.ok((s) => s.backlog === 4)).backlog, 4);
  });

  test('has nobody to drain', async (t) => {
    const { url } = await serve(t, (_, response) => json(response, vector([1])));
    const { demand, listen } = demandOn(t, url);
    const request = requestOf(feed('waiting'));
    const heard = new Heard((signal) => demand.workers(request, signal));
    demand.mark(request, new Map([['a', 'm1']]));
    await listen(feed('waiting')).ok();
    await heard.stop();
    assert.equal(heard.count, 0);
  });
});

describe('queries of the same text', () => {
  test('are one, and no more is asked when the last source has gone', async (t) => {
    const server = await serve(t, (_, response) => json(response, vector([1])));
    const { listen } = demandOn(t, server.url, { everySeconds: 300 });
    const first = listen(feed('shared', 'rate'));
    await first.ok();
    const others = [listen(feed('shared')), listen(feed('shared', 'shared'))];
    for (const other of others) assert.equal((await other.ok()).backlog, 1);
    assert.equal(server.count('shared'), 1);
    assert.equal(server.count('rate'), 1);
    for (const listener of [first, ...others]) await listener.stop();
    // Whoever comes later asks anew: what was known has not been looked after.
    await listen(feed('shared')).ok();
    assert.equal(server.count('shared'), 2);
  });

  test('end with the demand, whatever is under way', async (t) => {
    const server = await serve(t, () => undefined);
    const { demand, listen } = demandOn(t, server.url, { timeoutSeconds: 60 });
    const listener = listen(feed('waiting'));
    while (server.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await demand.close();
    await listener.stop();
    assert.equal(listener.count, 0);
    await listen(feed('later')).stop();
    assert.equal(server.asked.length, 1);
  });
});

describe('credentials', () => {
  test('of a file are read anew: a rotated token is the one that is shown', timeout, async (t) => {
    let accepted = 'Bearer one';
    const { url } = await serve(t, ({ headers }, response) =>
      json(response, vector([1]), headers.authorization === accepted ? 200 : 401),
    );
    const bearerTokenFile = fileWith('token', 'one\n');
    const listener = demandOn(t, url, { bearerTokenFile }).listen(feed('waiting'));
    await listener.ok();
    accepted = 'Bearer two';
    const { message, atMs } = await listener.lost('PROMETHEUS_AUTH_FAILED');
    assert.doesNotMatch(message, /one|two/);
    fileWith('token', 'two');
    await listener.ok((s) => s.atMs >= atMs);
  });

  test('of a user come from two files', async (t) => {
    const { url, asked } = await serve(t, (_, response) => json(response, vector([1])));
    const basicAuth = {
      usernameFile: fileWith('user', 'spillway\n'),
      passwordFile: fileWith('password', 'pä:ss word\n'),
    };
    await demandOn(t, url, { basicAuth }).listen(feed('waiting')).ok();
    const shown = asked[0]?.headers.authorization?.replace('Basic ', '') ?? '';
    assert.equal(Buffer.from(shown, 'base64').toString(), 'spillway:pä:ss word');
  });

  for (const [what, more, key] of [
    ['is missing', { bearerTokenFile: join(folder, 'none') }, 'bearerTokenFile'],
    ['is empty', { bearerTokenFile: fileWith('empty', '\n') }, 'bearerTokenFile'],
    [
      'holds more than a token',
      { bearerTokenFile: fileWith('lines', 'one\r\nx-evil: 1\n') },
      'bearerTokenFile',
    ],
    ['holds no certificate', { caFile: fileWith('ca-wrong', 'PEM') }, 'caFile'],
  ] as const) {
    test(`whose file ${what} are told by the key, and nobody is asked`, async (t) => {
      const { url, asked } = await serve(t, (_, response) => json(response, vector([1])));
      const lost = await demandOn(t, url, more).listen(feed('waiting')).lost();
      assert.equal(lost.code, 'PROMETHEUS_FILE_UNUSABLE');
      assert.match(lost.message, new RegExp(`that ${key} of the Prometheus connection main`));
      assert.equal(lost.message.includes(folder), false);
      assert.equal(asked.length, 0);
    });
  }
});

test('https is trusted by caFile alone, which may be replaced while it runs', timeout, async (t) => {
  const [right, other] = [certificate('right'), certificate('other')];
  const { url } = await serve(t, (_, response) => json(response, vector([1])), right);
  const caFile = fileWith('ca', other.cert);
  const listener = demandOn(t, url, { caFile }).listen(feed('waiting'));
  const { atMs } = await listener.lost('PROMETHEUS_TLS_FAILED');
  fileWith('ca', right.cert);
  await listener.ok((s) => s.atMs >= atMs);
  assert.equal((await demandOn(t, url).listen(feed('waiting')).lost()).code, 'PROMETHEUS_TLS_FAILED');
});

/** A certificate that vouches for itself. */
function certificate(name: string): { readonly key: string; readonly cert: string } {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const made = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  execFileSync('openssl', ['req', ...made, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}
