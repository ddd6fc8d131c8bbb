import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { FaultGate } from '../../chaos/fault-gate.ts';
import { seeded } from '../../e2e/random.ts';

const watch = '/api/v1/pods?watch=true&resourceVersion=1';

interface Scene {
  readonly gate: FaultGate;
  readonly ask: (path: string, method?: string) => Promise<Response>;
  /** Sends a line on all open watches. */
  readonly tell: (line: string) => void;
}

async function withGate(body: (scene: Scene) => Promise<void>, random = seeded(1)): Promise<void> {
  const told = new Set<(line: string) => void>();
  const api = createServer((request, response) => {
    if (request.url?.includes('watch=true') !== true) return void response.end(`${request.method} ok`);
    response.writeHead(200);
    response.flushHeaders();
    told.add((line) => void response.write(line));
  });
  const apiPort = await listening(api);
  const gate = new FaultGate({ upstream: new URL(`http://127.0.0.1:${apiPort}`), random });
  const front = createServer(gate.serve);
  const port = await listening(front);
  const stop = new AbortController();
  try {
    await body({
      gate,
      ask: (path, method = 'GET') =>
        fetch(`http://127.0.0.1:${port}${path}`, { method, signal: stop.signal }),
      tell: (line) => {
        for (const each of told) each(line);
      },
    });
  } finally {
    stop.abort();
    gate.end();
    for (const server of [front, api]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string | undefined> {
  const { value, done } = await reader.read();
  return done ? undefined : Buffer.from(value).toString();
}

async function watched(response: Response): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  assert.ok(response.body !== null);
  return response.body.getReader();
}

test('without a fault everything passes, and is recorded by verb and resource', () =>
  withGate(async ({ gate, ask, tell }) => {
    assert.equal(await (await ask('/api/v1/pods/a', 'DELETE')).text(), 'DELETE ok');
    const reader = await watched(await ask(`${watch}&sendInitialEvents=true`));
    tell('one\n');
    assert.equal(await read(reader), 'one\n');
    assert.deepEqual(
      gate.passed.map(({ verb, resource }) => `${verb} ${resource}`),
      ['delete pods', 'list pods'],
    );
  }));

test('cut watches end with an error, other calls pass', () =>
  withGate(
    async ({ gate, ask }) => {
      const reader = await watched(await ask(watch));
      gate.begin({ kind: 'CutWatches', everyMs: 10 });
      await assert.rejects(read(reader));
      assert.equal((await ask('/api/v1/pods/a')).status, 200);
    },
    () => 0,
  ));

test('expired: watches and lists are answered 410, a named object is not', () =>
  withGate(async ({ gate, ask }) => {
    gate.begin({ kind: 'Expire' });
    assert.equal((await ask(watch)).status, 410);
    assert.equal((await ask('/api/v1/pods')).status, 410);
    assert.equal((await ask('/api/v1/pods/a')).status, 200);
    gate.end();
    assert.equal((await ask('/api/v1/pods')).status, 200);
  }));

test('a share of the calls is refused with 429, 500 and 503, and asked to wait where servers do so', () =>
  withGate(async ({ gate, ask }) => {
    gate.begin({ kind: 'Refuse', share: 0.5 });
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask('/api/v1/pods/a', 'PUT')));
    const codes = new Set(answers.map(({ status }) => status));
    assert.deepEqual(codes, new Set([200, 429, 500, 503]));
    for (const { status, headers } of answers)
      assert.equal(headers.get('retry-after'), status === 429 || status === 503 ? '2' : null);
  }));

test('silent connections answer nothing; what a watch missed comes afterwards, unless it is forgotten', async () => {
  for (const forgotten of [false, true]) {
    await withGate(async ({ gate, ask, tell }) => {
      const reader = await watched(await ask(watch));
      gate.begin({ kind: 'HalfOpen', forgotten });
      const unanswered = ask('/api/v1/pods/a').then(
        () => 'answered',
        () => 'not answered',
      );
      tell('one\n');
      const told = read(reader).catch(() => 'nothing');
      const pause = new Promise<string>((resolve) => setTimeout(() => resolve('nothing yet'), 50));
      assert.equal(await Promise.race([told, unanswered, pause]), 'nothing yet');
      gate.end();
      assert.equal((await ask('/api/v1/pods/a')).status, 200);
      const later = new Promise<string>((resolve) => setTimeout(() => resolve('nothing'), 50));
      assert.equal(await Promise.race([told, later]), forgotten ? 'nothing' : 'one\n');
    });
  }
});

test('what a watch tells is cut in the middle: garbage, or the end', async () => {
  const seen = new Set<string>();
  for (const last of [0.2, 0.9]) {
    const numbers = [0, 0.5, last];
    await withGate(
      async ({ gate, ask, tell }) => {
        const reader = await watched(await ask(watch));
        gate.begin({ kind: 'Truncate', share: 0.1 });
        tell('{"whole":1}\n');
        let text = '';
        for (let piece = await read(reader); piece !== undefined; piece = await read(reader)) {
          text += piece;
          if (text.endsWith('\n')) break;
        }
        seen.add(text);
      },
      () => numbers.shift() ?? 1,
    );
  }
  assert.deepEqual(seen, new Set(['{"whol', '{"whol\n']));
});

test('latency is added to every call', () =>
  withGate(async ({ gate, ask }) => {
    gate.begin({ kind: 'Delay', delayMs: 80 });
    const startedMs = performance.now();
    assert.equal((await ask('/api/v1/pods/a')).status, 200);
    assert.ok(performance.now() - startedMs >= 75);
  }));
