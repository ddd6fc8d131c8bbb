import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import { type ExplainIo, type ExplainOptions, explain } from '../../../src/commands/explain.ts';
import { readDecision, readPolicy } from '../../../src/commands/explain-readers.ts';
import type { RecordedDecision } from '../../../src/decide/decision.ts';
import { SpillwayError } from '../../../src/errors.ts';
import type { BurstPolicy } from '../../../src/policy/schema.ts';
import { statusOf } from '../../../src/report/status.ts';
import { createApp } from '../../../src/web/app.ts';
import { companion, nodes, observation, policy, startMs } from '../decide/given.ts';
import { decided } from './given.ts';

const facts = {
  policy: policy({ burst: { maxReplicas: 100 } }),
  observation: observation({
    sample: { backlog: 20_000, active: 4 },
    vmPool: { groups: [nodes(3, 4)] },
    companions: [companion(10)],
    pods: { burstRunning: 8 },
  }),
};
const recorded: RecordedDecision = { ...facts, decision: decided(facts) };
const inCluster = {
  apiVersion: 'spillway.dev/v1alpha1',
  kind: 'BurstPolicy',
  metadata: { name: 'thumbnails', namespace: 'media', uid: facts.policy.uid },
  spec: {
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'thumbnail-worker' },
    burst: { maxReplicas: 100 },
  },
  status: statusOf({ ...recorded, previous: undefined, writeErrors: [], nowMs: startMs }),
} as BurstPolicy;

async function run(options: Partial<ExplainOptions> = {}, io: Partial<ExplainIo> = {}) {
  const out: string[] = [];
  const error: string[] = [];
  const code = await explain(
    { policy: 'media/thumbnails', url: undefined, kubeconfig: undefined, json: false, ...options },
    {
      out: (line) => out.push(line),
      error: (line) => error.push(line),
      clock: { ...systemClock, now: () => startMs + 12_000 },
      readPolicy: async () => inCluster,
      readDecision: async () => undefined,
      ...io,
    },
  );
  return { code, out: out.join('\n'), error: error.join('\n') };
}

const unreachable = async () => {
  throw new SpillwayError('EXPLAIN_URL_FAILED', { url: 'http://x', problem: 'no answer' });
};

describe('spillway explain', () => {
  test('with a controller: the sentence, all numbers aligned, the sources, the reasons', async () => {
    const { code, out, error } = await run({}, { readDecision: async () => recorded });
    assert.equal(code, 0);
    assert.equal(error, '');
    const lines = out.split('\n');
    assert.equal(lines[0], 'media/thumbnails (Deployment thumbnail-worker)');
    assert.match(lines[1] ?? '', /^\d+ wanted for 20 004 jobs within 5 min; .+\.$/);
    assert.match(out, /Decided 12 s ago, 2026-01-01T00:00:00\.000Z, decision \S+\./);
    assert.match(out, /^ {2}burst granted +100 {2}limited by MaxReplicas$/m);
    assert.match(out, /^ {2}queue +20 000 +4 /m);
    assert.match(out, /^ {2}Limited +\d+ of \d+ wait for burst\.maxReplicas/m);
    assert.match(out, /^ {2}Limited +True +MaxReplicas/m);
    const numbers = lines.slice(lines.indexOf('Numbers') + 1, lines.indexOf('Sources') - 1);
    assert.equal(new Set(numbers.map((line) => /^ {2}\D+[\d ]*\d(?= {2})/.exec(line)?.[0].length)).size, 1);
  });

  test('without a controller: what the status has, and no complaint about the default address', async () => {
    const { code, out, error } = await run({}, { readDecision: unreachable });
    assert.equal(code, 0);
    assert.equal(error, '');
    assert.match(out, /^ {2}backlog +20 000 {2}jobs/m);
    assert.match(out, /^ {2}burst granted +100/m);
    assert.doesNotMatch(out, /Sources/);
  });

  test('an address that was asked for and does not answer is told, and the status still explained', async () => {
    const { code, out, error } = await run({ url: 'http://x' }, { readDecision: unreachable });
    assert.equal(code, 0);
    assert.match(error, /^The controller at http:\/\/x gave no decision/);
    assert.match(out, /burst granted/);
  });

  test('a controller that was asked for and has no decision is told too', async () => {
    assert.match((await run({ url: 'http://x' })).error, /^No decision on this policy is known here/);
    assert.equal((await run()).error, '');
  });

  test('a controller of another cluster, or one that no longer leads, is not believed', async () => {
    const other = { ...recorded, policy: policy({ uid: 'another' }) };
    const old = { ...recorded, decision: { ...recorded.decision, atMs: startMs - 60_000 } };
    for (const untrue of [other, old]) {
      const quiet = await run({}, { readDecision: async () => untrue });
      assert.doesNotMatch(quiet.out, /Sources/);
      assert.equal(quiet.error, '');
      const asked = await run({ url: 'http://u:s3cr@x' }, { readDecision: async () => untrue });
      assert.match(asked.error, /another (cluster|replica)/);
      assert.doesNotMatch(asked.error, /s3cr/);
    }
  });

  test('--json is one value with everything that is known', async () => {
    const { out } = await run({ json: true }, { readDecision: async () => recorded });
    const value = JSON.parse(out) as Record<string, unknown>;
    assert.deepEqual(value.decision, JSON.parse(JSON.stringify(recorded.decision)));
    assert.deepEqual(value.observation, JSON.parse(JSON.stringify(recorded.observation)));
  });

  test('1: no such policy, or nothing decided yet, with the conditions that say why', async () => {
    const missing = await run({}, { readPolicy: async () => undefined });
    assert.equal(missing.code, 1);
    assert.match(missing.error, /^There is no BurstPolicy media\/thumbnails/);
    const { status: _, ...fresh } = inCluster;
    const undecided = await run({}, { readPolicy: async () => fresh });
    assert.equal(undecided.code, 1);
    assert.match(undecided.error, /^No decision on media\/thumbnails has been made yet/);
  });

  test('2: not the name of a policy, or neither cluster nor controller can be read', async () => {
    const wrong = await run({ policy: 'thumbnails' });
    assert.equal(wrong.code, 2);
    assert.match(wrong.error, /^"thumbnails" does not name a policy/);
    const two = await run({ policy: 'media/thumbnails media/worker-1' });
    assert.deepEqual([two.code, /does not name a policy/.test(two.error)], [2, true]);
    const readPolicy = async () => {
      throw new SpillwayError('CLUSTER_UNREACHABLE');
    };
    assert.equal((await run({}, { readPolicy, readDecision: unreachable })).code, 2);
    const helped = await run({}, { readPolicy, readDecision: async () => recorded });
    assert.equal(helped.code, 0);
    assert.match(helped.out, /^media\/thumbnails \(Deployment thumbnail-worker\)/);
  });

  test('texts of the cluster cannot steer the terminal', async () => {
    const lastDecision = { id: 'x', at: '2026-01-01T00:00:00Z', summary: 'a\u001b[31mb', reasons: [] };
    const policy = { ...inCluster, status: { lastDecision } };
    const { out } = await run({}, { readPolicy: async () => policy });
    assert.doesNotMatch(out, /\p{Cc}(?<!\n)/u);
  });
});

async function serve(t: TestContext, handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('reading from the cluster', () => {
  test('the policy is read by the kubeconfig; what is not there and what is refused are told apart', async (t) => {
    const answers: Readonly<Record<string, readonly [number, unknown]>> = {
      thumbnails: [200, inCluster],
      hidden: [403, { kind: 'Status', message: 's3cr' }],
    };
    const asked: (string | undefined)[] = [];
    const server = await serve(t, (request, response) => {
      asked.push(request.url);
      const [status, body] = answers[request.url?.split('/').at(-1) ?? ''] ?? [404, { kind: 'Status' }];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    const folder = await mkdtemp(join(tmpdir(), 'spillway-explain-'));
    t.after(() => rm(folder, { recursive: true }));
    const kubeconfig = join(folder, 'config');
    const named = (kind: string, value: object) => [{ name: 'x', [kind]: value }];
    await writeFile(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'x',
        clusters: named('cluster', { server }),
        contexts: named('context', { cluster: 'x', user: 'x' }),
        users: named('user', {}),
      }),
    );
    const read = await readPolicy(kubeconfig, 'media', 'thumbnails');
    assert.deepEqual(read, JSON.parse(JSON.stringify(inCluster)));
    assert.deepEqual(asked, ['/apis/spillway.dev/v1alpha1/namespaces/media/burstpolicies/thumbnails']);
    assert.equal(await readPolicy(kubeconfig, 'media', 'other'), undefined);
    await assert.rejects(
      readPolicy(kubeconfig, 'media', 'hidden'),
      (error) =>
        error instanceof SpillwayError && error.code === 'CLUSTER_FORBIDDEN' && !/s3cr/.test(error.message),
    );
  });
});

describe('reading from a controller', () => {
  function app() {
    return createApp({
      alive: () => true,
      caches: () => ({}),
      metrics: { text: async () => '', contentType: 'text/plain' },
      decision: (key) => (key === 'media/thumbnails' ? recorded : undefined),
      onError: () => {},
    });
  }

  test('the decision comes over as it was recorded; of another policy there is none', async (t) => {
    const url = await serve(t, app());
    const read = await readDecision(url, 'media', 'thumbnails', 5000);
    assert.deepEqual(read, JSON.parse(JSON.stringify(recorded)));
    assert.equal(await readDecision(url, 'media', 'other', 5000), undefined);
  });

  test('something else on the port, nobody at all and no URL are each told in a sentence', async (t) => {
    const other = await serve(t, (_request, response) => response.end('{"hello": "world"}'));
    const html = await serve(t, (_request, response) => response.end('<html>'));
    const silent = await serve(t, () => {});
    for (const [url, problem] of [
      [other, /not a decision/],
      [html, /no answer that can be read/],
      [silent, /no answer that can be read/],
      ['http://127.0.0.1:1', /no answer that can be read/],
      ['nonsense', /not an http URL/],
      ['file:///etc/passwd', /not an http URL/],
    ] as const) {
      await assert.rejects(
        readDecision(url, 'media', 'thumbnails', 200),
        (error) =>
          error instanceof SpillwayError &&
          error.code === 'EXPLAIN_URL_FAILED' &&
          problem.test(error.message),
      );
    }
  });
});
