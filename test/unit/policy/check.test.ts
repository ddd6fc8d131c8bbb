import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import { check } from '../../../src/commands/check.ts';

const folder = await mkdtemp(join(tmpdir(), 'spillway-check-'));
after(() => rm(folder, { recursive: true }));

const valid = `apiVersion: spillway.dev/v1alpha1
kind: BurstPolicy
metadata: { name: thumbnails, namespace: media }
spec:
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: worker }
  burst:
    maxReplicas: 10
    drain: { timeout: 0s }
`;

async function run(content: string | Uint8Array, options: { json?: boolean } = {}) {
  const file = join(folder, 'policy.yaml');
  await writeFile(file, content);
  return runFiles([file], '', options.json ?? false);
}

async function runFiles(files: readonly string[], stdin: string, json = false) {
  const out: string[] = [];
  const error: string[] = [];
  const code = await check(
    { files, json },
    {
      stdin: Readable.from([Buffer.from(stdin)]),
      out: (line) => out.push(line),
      error: (line) => error.push(line),
    },
  );
  const plain = (lines: readonly string[]) => lines.map((line) => line.replaceAll(`${folder}/`, ''));
  return { code, out: plain(out), error: plain(error) };
}

void test('a valid policy is called valid', async () => {
  assert.deepEqual(await run(valid), {
    code: 0,
    out: ['policy.yaml:1:1 BurstPolicy media/thumbnails: valid'],
    error: [],
  });
});

void test('a problem is told with its file, line and column', async () => {
  const { code, out } = await run(valid.replace('0s', 'soon'));
  assert.equal(code, 1);
  assert.equal(out.length, 1);
  assert.match(out[0] ?? '', /^policy\.yaml:8:14 spec\.burst\.drain\.timeout: write a duration/);
});

void test('a number where a duration belongs is taken for seconds', async () => {
  const [one, half] = [await run(valid.replace('0s', '5')), await run(valid.replace('0s', '1.5'))];
  assert.match(one.out.join('\n'), /timeout: is 5 and must be a duration: write it with its unit, "5s"$/);
  assert.match(half.out.join('\n'), /write it with its unit, "1s500ms"$/);
  const [below] = (await run(valid.replace('0s', '-5'))).out;
  assert.match(below ?? '', /timeout: is -5 and must be a duration: write one such as 300ms, 10s/);
  const budget = await run(`${valid}    budget: { maxRatePerHour: 5 }\n`);
  assert.match(budget.out.join('\n'), /must be a text: write it in quotes, "5"$/);
});

void test('a missing field is told where it belongs', async () => {
  const { code, out } = await run(valid.replace('    maxReplicas: 10\n', '    strategy: Rescue\n'));
  assert.equal(code, 1);
  assert.deepEqual(out, ['policy.yaml:6:3 spec.burst.maxReplicas: Required value: write a whole number']);
});

void test('a mistyped field is told with the nearest known name', async () => {
  const { code, out } = await run(`${valid}    stratgy: Rescue\n`);
  assert.equal(code, 1);
  assert.match(
    out.join('\n'),
    /^policy\.yaml:9:5 spec\.burst\.stratgy: unknown field.*did you mean strategy\?$/,
  );
});

void test('every document is checked, and other kinds are skipped and named', async () => {
  const deployment = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\n';
  const { code, out } = await run(`---\n${deployment}---\n${valid}---\n${valid.replace('10', '-1')}---\n`);
  assert.equal(code, 1);
  assert.deepEqual(out, [
    'policy.yaml:2:1 Deployment web: skipped, it is not a BurstPolicy',
    'policy.yaml:6:1 BurstPolicy media/thumbnails: valid',
    'policy.yaml:21:5 spec.burst.maxReplicas: is -1: write at least 0',
  ]);
});

void test('the items of a list are checked', async () => {
  const item = valid.trimEnd().replaceAll('\n', '\n    ').replace('10', '-1');
  const { code, out } = await run(`apiVersion: v1\nkind: List\nitems:\n  - ${item}\n`);
  assert.equal(code, 1);
  assert.deepEqual(out, ['policy.yaml:10:9 spec.burst.maxReplicas: is -1: write at least 0']);
});

void test('a policy of another version is a problem, not another kind', async () => {
  const { code, out } = await run(valid.replace('v1alpha1', 'v1'));
  assert.equal(code, 1);
  assert.deepEqual(out, ['policy.yaml:1:1 apiVersion: write apiVersion: spillway.dev/v1alpha1']);
});

void test('JSON is YAML', async () => {
  const { code, out } = await run(
    '{"apiVersion":"spillway.dev/v1alpha1","kind":"BurstPolicy","metadata":{"name":"a"},"spec":{}}',
  );
  assert.equal(code, 1);
  assert.match(out.join('\n'), /^policy\.yaml:1:\d+ spec\.burst: Required value/);
});

void test('standard input is read for -', async () => {
  assert.deepEqual(await runFiles(['-'], valid), {
    code: 0,
    out: ['standard input:1:1 BurstPolicy media/thumbnails: valid'],
    error: [],
  });
});

void test('--json prints one value', async () => {
  const { code, out } = await run(valid.replace('10', '-1'), { json: true });
  assert.equal(code, 1);
  assert.equal(out.length, 1);
  const [finding] = JSON.parse(out[0] ?? '') as readonly Record<string, unknown>[];
  assert.equal(finding?.['result'], 'problem');
  assert.equal(finding?.['line'], 7);
  assert.equal(finding?.['path'], 'spec.burst.maxReplicas');
});

void test('what cannot be read as YAML is one sentence, and exit code 2', async () => {
  const cases: readonly (readonly [string | Uint8Array, RegExp])[] = [
    ['', /holds no object/],
    ['# nothing\n---\n', /holds no object/],
    ['a: [1, 2\nb: 3\n', /policy\.yaml:\d+:\d+ is not valid YAML: /],
    ['a: 1\na: 2\n', /policy\.yaml:2:1 is not valid YAML: Map keys must be unique/],
    ['\tkey: value\n', /is not valid YAML/],
    [Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1]), /is not text in UTF-8/],
    [Buffer.from([0xff, 0xfe, 0xfd]), /is not text in UTF-8/],
    [aliasBomb(), /aliases cannot be resolved/],
  ];
  for (const [content, expected] of cases) {
    const { code, out, error } = await run(content);
    assert.equal(code, 2, String(expected));
    assert.deepEqual(out, []);
    assert.equal(error.length, 1);
    assert.match(error[0] ?? '', expected);
    assert.equal(error[0]?.includes('\n'), false);
  }
});

void test('a file that cannot be read does not keep the others from being checked', async () => {
  await writeFile(join(folder, 'good.yaml'), valid);
  const { code, out, error } = await runFiles(
    [join(folder, 'none.yaml'), folder, join(folder, 'good.yaml')],
    '',
  );
  assert.equal(code, 2);
  assert.equal(out.length, 1);
  assert.match(error[0] ?? '', /^none\.yaml cannot be read \(it does not exist\)/);
  assert.match(error[1] ?? '', /cannot be read \(it is a folder\)/);
});

void test('no file at all is a matter of usage', async () => {
  assert.deepEqual(await runFiles([], ''), {
    code: 2,
    out: [],
    error: ['No file is named. Write -f policy.yaml, or -f - to read from standard input.'],
  });
});

function aliasBomb(): string {
  const levels = Array.from({ length: 9 }, (_, index) => {
    const reference = index === 0 ? 'x' : `*a${index - 1}`;
    return `a${index}: &a${index} [${Array.from({ length: 9 }, () => reference).join(', ')}]`;
  });
  return `${levels.join('\n')}\n`;
}
