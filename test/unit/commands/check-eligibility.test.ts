import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Readable } from 'node:stream';
import { check } from '../../../src/commands/check.ts';
import type { VirtualPool } from '../../../src/config.ts';
import { pool } from '../act/eligibility/given.ts';

const folder = await mkdtemp(join(tmpdir(), 'spillway-check-eligibility-'));
after(() => rm(folder, { recursive: true }));

const policy = `apiVersion: spillway.dev/v1alpha1
kind: BurstPolicy
metadata: { name: thumbnails, namespace: media }
spec:
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: worker }
  burst: { maxReplicas: 10, drain: { timeout: 0s } }
`;
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: { name: worker, namespace: media }
spec:
  template:
    spec:
      automountServiceAccountToken: false
      containers:
        - name: worker
          image: worker:1
          resources: { requests: { cpu: 1, memory: 1G } }
`;

async function run(
  files: Readonly<Record<string, string>>,
  options: { json?: boolean; pool?: VirtualPool } = {},
) {
  const paths = Object.keys(files).map((name) => join(folder, name));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const out: string[] = [];
  const code = await check(
    { files: paths, json: options.json ?? false, pool: options.pool },
    { stdin: Readable.from([]), out: (line) => out.push(line), error: (line) => out.push(line) },
  );
  return { code, out: out.map((line) => line.replaceAll(`${folder}/`, '')) };
}

describe('check tells of the target of a policy', () => {
  test('nothing where nothing is different on the virtual node', async () => {
    const { code, out } = await run({ 'all.yaml': `${policy}---\n${deployment}` });
    assert.equal(code, 0);
    assert.deepEqual(out, [
      'all.yaml:1:1 BurstPolicy media/thumbnails: valid',
      'all.yaml:8:1 Deployment media/worker: judged',
    ]);
  });

  test('what does not burst, with its line, its remedy and exit code 1', async () => {
    const { code, out } = await run({ 'all.yaml': `${policy}---\n${deployment}          args: [--fast]\n` });
    assert.equal(code, 1);
    assert.match(
      out[1] ?? '',
      /^all\.yaml:19:11 spec\.template\.spec\.containers\[0\]\.args: does not burst to aks-addon: The containers worker have args .* Write the command too.* \[TEMPLATE_ARGS\]$/,
    );
    assert.equal(
      out[2],
      'all.yaml:1:1 BurstPolicy media/thumbnails: this policy will not burst: Deployment media/worker (TEMPLATE_ARGS)',
    );
  });

  test('what is left out and what is different, with exit code 0', async () => {
    const spec = deployment.replace(
      '      containers:',
      '      terminationGracePeriodSeconds: 600\n      nodeSelector: { agentpool: batch }\n      containers:',
    );
    const { code, out } = await run({ 'all.yaml': `${policy}---\n${spec}` });
    assert.equal(code, 0);
    assert.match(
      out[1] ?? '',
      /^all\.yaml:16:23 spec\.template\.spec\.nodeSelector\.agentpool: is left out on aks-addon: /,
    );
    assert.match(out[2] ?? '', /^all\.yaml:15:7 \S+: is different on aks-addon: The grace period of 600 s/);
  });

  test('in another file too, and of the Deployment itself', async () => {
    const recreate = deployment.replace('spec:\n', 'spec:\n  strategy: { type: Recreate }\n');
    const { code, out } = await run({ 'policy.yaml': policy, 'deployment.yaml': recreate });
    assert.equal(code, 0);
    assert.match(
      out[1] ?? '',
      /^deployment\.yaml:3:13 metadata\.name: is different on .*\[TARGET_RECREATE\]$/,
    );
  });

  test('for the virtual pool that is configured', async () => {
    const rules = { TEMPLATE_ARGS: 'warn' } as const;
    const text = `${policy}---\n${deployment}          args: [--fast]\n`;
    assert.equal((await run({ 'all.yaml': text }, { pool: pool({ rules }) })).code, 0);
    const { out } = await run({ 'all.yaml': text }, { pool: pool({ kind: 'AksV2' }) });
    assert.equal(out.length, 2);
  });

  test('only where name and namespace are those that the policy names', async () => {
    for (const [here, other] of [
      ['namespace: media', 'namespace: web'],
      ['name: worker', 'name: other'],
    ] as const) {
      const elsewhere = `${deployment.replace(here, other)}          args: [--fast]\n`;
      const { code, out } = await run({ 'all.yaml': `${policy}---\n${elsewhere}` });
      assert.equal(code, 0);
      assert.match(out[1] ?? '', /skipped, it is not a BurstPolicy$/);
    }
  });

  test('in the namespace of the other, where one of them names none, and says so', async () => {
    const nowhere = (text: string): string => text.replace(', namespace: media', '');
    const refused = `${deployment}          args: [--fast]\n`;
    const target = await run({ 'all.yaml': `${policy}---\n${nowhere(refused)}` });
    assert.equal(target.code, 1);
    assert.match(target.out.at(-1) ?? '', /worker: judged; it names no namespace, .* is taken: media$/);
    const own = await run({ 'all.yaml': `${nowhere(policy)}---\n${refused}` });
    assert.equal(own.code, 1);
    assert.match(own.out.at(-1) ?? '', /worker: judged; the policy names no namespace, .* is taken: media$/);
    const both = await run({ 'all.yaml': `${policy}---\n${nowhere(refused)}---\n${deployment}` });
    assert.equal(both.code, 0);
    assert.match(both.out[1] ?? '', /Deployment worker: skipped/);
  });

  test('that it cannot be judged, where an amount is none', async () => {
    const { code, out } = await run({
      'all.yaml': `${policy}---\n${deployment.replace('cpu: 1', 'cpu: much')}`,
    });
    assert.equal(code, 1);
    assert.match(
      out[1] ?? '',
      /^all\.yaml:12:3 spec\.template: cannot be judged for aks-addon: "much" is not a quantity/,
    );
  });

  test('as JSON with code, severity and place', async () => {
    const text = `${policy}---\n${deployment}          args: [--fast]\n`;
    const { out } = await run({ 'all.yaml': text }, { json: true });
    const [, found] = JSON.parse(out.join('\n')) as readonly Record<string, unknown>[];
    assert.equal(found?.['result'], 'template');
    assert.equal(found?.['severity'], 'refuse');
    assert.equal(found?.['code'], 'TEMPLATE_ARGS');
    assert.equal(found?.['line'], 19);
    assert.equal(found?.['object'], 'Deployment media/worker');
  });
});
