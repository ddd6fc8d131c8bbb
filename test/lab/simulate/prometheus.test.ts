import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { prometheusArrivals } from '../../../src/lab/simulate/arrivals/prometheus.ts';

const endMs = Date.parse('2026-03-10T12:00:30Z');

/** A Prometheus that answers range queries with what `values` gives for each second asked for. */
async function serve(
  context: TestContext,
  answer: (
    request: IncomingMessage,
    times: readonly number[],
  ) => { readonly status?: number; readonly body: unknown },
): Promise<string> {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://localhost');
    const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(searchParams.get(name)));
    const times: number[] = [];
    for (let at = start ?? 0; at <= (end ?? 0); at += step ?? 60) times.push(at);
    const { status = 200, body } = answer(request, times);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const matrix = (...series: readonly (readonly (readonly [number, string])[])[]): unknown => ({
  status: 'success',
  data: { resultType: 'matrix', result: series.map((values) => ({ metric: {}, values })) },
});

test('days are asked for one by one, series add up, and holes are told', async (context) => {
  const asked: number[] = [];
  const url = await serve(context, (request, times) => {
    assert.ok(request.url?.startsWith('/base/api/v1/query_range?query=up%7B%7D'), request.url);
    assert.equal(request.headers.authorization, `Basic ${Buffer.from('me:p:w').toString('base64')}`);
    asked.push(times.length);
    const some = times.filter((_, index) => index !== 7);
    return {
      body: matrix(
        some.map((at) => [at, '2']),
        some.map((at, index) => [at, index === 0 ? 'NaN' : '0.5']),
      ),
    };
  });
  const { slots, emptySteps } = await prometheusArrivals({
    url: `${url.replace('//', '//me:p%3Aw@')}/base/`,
    query: 'up{}',
    days: 2.5,
    endMs,
    fetch,
  });
  assert.deepEqual(asked, [1440, 1440, 720]);
  assert.equal(slots.length, 3600);
  assert.equal(emptySteps, 3);
  assert.equal((slots.at(-1)?.startMs ?? 0) + 60_000, Date.parse('2026-03-10T12:00:00Z'));
  assert.deepEqual([slots[0]?.jobs, slots[1]?.jobs, slots[7]?.jobs], [120, 150, 0]);
});

const ask = (url: string): Promise<unknown> => prometheusArrivals({ url, query: 'q', days: 1, endMs, fetch });

test('what goes wrong is told without what the server said, and without the password', async (context) => {
  const refusing = await serve(context, () => ({ status: 422, body: { error: 'parse error: secret' } }));
  await assert.rejects(ask(refusing.replace('//', '//u:secret@')), (error: Error) => {
    assert.match(error.message, /answered 422/);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  const empty = await serve(context, () => ({ body: matrix() }));
  await assert.rejects(ask(empty), { code: 'PROMETHEUS_EMPTY' });
  const negative = await serve(context, (_, times) => ({ body: matrix(times.map((at) => [at, '-1'])) }));
  await assert.rejects(ask(negative), { code: 'PROMETHEUS_VALUE' });
  await assert.rejects(ask('http://127.0.0.1:1'), { code: 'PROMETHEUS_UNREACHABLE' });
  await assert.rejects(ask('prometheus:9090'), { code: 'SIMULATE_OPTION' });
});
