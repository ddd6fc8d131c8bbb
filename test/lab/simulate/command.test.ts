import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { stringify } from 'yaml';
import { type SimulateOptions, simulate } from '../../../src/commands/simulate.ts';
import { scenarioText } from './scenes.ts';

const folder = mkdtempSync(join(tmpdir(), 'simulate-'));
after(() => rmSync(folder, { recursive: true }));

function put(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

const spike = { arrivals: [{ shape: 'spike', jobs: 200, at: '1m' }] };
const small = put('small.yaml', stringify(scenarioText(spike)));

interface Outcome {
  readonly code: 0 | 1 | 2;
  readonly out: readonly string[];
  readonly errors: readonly string[];
  readonly terminal: string;
}

async function command(options: Partial<SimulateOptions>, withTerminal = false): Promise<Outcome> {
  const out: string[] = [];
  const errors: string[] = [];
  let terminal = '';
  const code = await simulate(
    {
      scenario: small,
      trace: undefined,
      function: undefined,
      fromPrometheus: undefined,
      query: undefined,
      days: '7',
      scale: '1',
      seed: undefined,
      json: false,
      report: undefined,
      ...options,
    },
    {
      out: (line) => out.push(line),
      error: (line) => errors.push(line),
      terminal: withTerminal ? { write: (text) => (terminal += text), columns: 60 } : undefined,
      fetch,
      now: () => Date.parse('2026-03-10T00:00:00Z'),
    },
  );
  return { code, out, errors, terminal };
}

test('a scenario is tried and a table printed; the same command prints the same again', async () => {
  const first = await command({});
  assert.equal(first.code, 0);
  assert.match(first.out[0] ?? '', /^200 jobs \(spike\)/);
  assert.deepEqual(await command({}), first);
});

test('--json prints one value, and --seed replaces that of the scenario', async () => {
  const { out } = await command({ json: true, seed: 'mine' });
  const result: unknown = JSON.parse(out.join('\n'));
  assert.ok(typeof result === 'object' && result !== null && 'seed' in result && 'contenders' in result);
  assert.equal(result.seed, 'mine');
});

test('--trace replaces the arrivals, and --scale multiplies them', async () => {
  const trace = put('trace.csv', 'timestamp,value\n0,10\n60,20\n');
  assert.match((await command({ trace })).out[0] ?? '', /^30 jobs/);
  assert.match((await command({ trace, scale: '2.5' })).out[0] ?? '', /^75 jobs/);
});

test('a trace and a policy stand beside their scenario', async () => {
  put('beside.csv', 'timestamp,value\n0,10\n');
  put(
    'policy.yaml',
    stringify({
      apiVersion: 'spillway.dev/v1alpha1',
      kind: 'BurstPolicy',
      metadata: { name: 'p', namespace: 'default' },
      spec: {
        targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' },
        burst: { maxReplicas: 3 },
      },
    }),
  );
  const contenders = [{ type: 'policy', name: 'mine', file: 'policy.yaml' }];
  const scenario = put('beside.yaml', stringify(scenarioText({ trace: 'beside.csv', contenders })));
  const { code, out, errors } = await command({ scenario });
  assert.deepEqual([code, errors], [0, []]);
  assert.ok(out.some((line) => line.startsWith('mine ')));
});

test('the report is written as a whole, and nothing is left where it cannot be', async () => {
  const report = join(folder, 'report.html');
  assert.equal((await command({ report })).code, 0);
  assert.match(readFileSync(report, 'utf8'), /<\/html>\n$/);
  const taken = join(folder, 'taken');
  mkdirSync(taken);
  const before = readdirSync(folder);
  assert.equal((await command({ report: taken })).code, 2);
  assert.deepEqual(readdirSync(folder), before);
  const failed = await command({ report: join(folder, 'none', 'report.html') });
  assert.equal(failed.code, 2);
  assert.deepEqual(failed.out, []);
  assert.match(failed.errors.join(), /cannot be written \(ENOENT\)/);
  const refused = await command({ report: join(folder, 'other.html'), scale: '0' });
  assert.equal(refused.code, 2);
  assert.deepEqual(readdirSync(folder), before);
});

test('a terminal sees a bar that leaves no trace', async () => {
  const scenario = put('long.yaml', stringify(scenarioText({ ...spike, duration: '20h' })));
  const { terminal } = await command({ scenario }, true);
  assert.match(terminal, /[█░]{24} +\d+ % static \(1 of 1\)/);
  assert.ok(terminal.endsWith('\r\u001B[K'));
});

const scenarioWith = (change: Readonly<Record<string, unknown>>): string => stringify(scenarioText(change));

const refusals: readonly (readonly [name: string, options: () => Partial<SimulateOptions>, says: RegExp])[] =
  [
    [
      'a file that is not there',
      () => ({ scenario: join(folder, 'none.yaml') }),
      /none.yaml cannot be read \(it does not exist\)/,
    ],
    ['an empty file', () => ({ scenario: put('empty.yaml', '') }), /empty.yaml holds no scenario/],
    [
      'a binary file',
      () => ({ scenario: put('binary.yaml', Uint8Array.from([0, 1, 2])) }),
      /binary.yaml is not text/,
    ],
    [
      'what is not YAML',
      () => ({ scenario: put('bad.yaml', 'a: [1\nb: 2') }),
      /bad.yaml:\d+:\d+ is not valid YAML/,
    ],
    [
      'an unknown key, at its line',
      () => ({ scenario: put('key.yaml', `${scenarioWith(spike)}autoscalr: {}\n`) }),
      /key.yaml:\d\d:1 autoscalr: unknown key: did you mean autoscaler\?/,
    ],
    [
      'a policy in the scenario that is not valid, at its line',
      () => ({
        scenario: put(
          'inline.yaml',
          scenarioWith({ ...spike, contenders: [{ type: 'policy', spec: { brst: {} } }] }),
        ),
      }),
      /inline.yaml:\d+:\d+ contenders\[0\].spec.brst: unknown field.* did you mean burst/,
    ],
    [
      'a policy file that is not there',
      () => ({
        scenario: put(
          'file.yaml',
          scenarioWith({ ...spike, contenders: [{ type: 'policy', file: 'nobody.yaml' }] }),
        ),
      }),
      /nobody.yaml cannot be read/,
    ],
    ['no arrivals at all', () => ({ scenario: put('none.yaml', scenarioWith({})) }), /No job arrives at all/],
    ['a scale that is none', () => ({ scale: 'much' }), /--scale much: write a number above 0/],
    [
      'a trace with an error, at its line',
      () => ({ trace: put('bad.csv', 'timestamp,value\n1,1\n2,-1\n') }),
      /bad.csv:3: -1 is negative/,
    ],
    ['a Prometheus without a query', () => ({ fromPrometheus: 'http://localhost:1' }), /--query/],
    [
      'two sources of arrivals',
      () => ({ fromPrometheus: 'http://localhost:1', trace: 'x' }),
      /not from both/,
    ],
  ];

for (const [name, options, says] of refusals) {
  test(`refused with exit code 2: ${name}`, async () => {
    const { code, out, errors } = await command(options());
    assert.equal(code, 2);
    assert.deepEqual(out, []);
    assert.match(errors.join('\n'), says);
  });
}

test('all problems of a scenario are told, in the order of its lines', async () => {
  const scenario = put('many.yaml', scenarioWith({ duration: 'long', nonsense: 1, resolution: '0s' }));
  const lines = (await command({ scenario })).errors.map((line) => Number(/:(\d+):\d+ /.exec(line)?.[1]));
  assert.equal(lines.length, 3);
  assert.deepEqual(
    lines,
    lines.toSorted((a, b) => a - b),
  );
});
