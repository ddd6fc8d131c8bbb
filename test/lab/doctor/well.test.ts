import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Queue } from 'bullmq';
import { systemClock } from '../../../src/clock.ts';
import { doctor, type DoctorOptions } from '../../../src/commands/doctor/doctor.ts';
import { queueName } from '../../e2e/objects.ts';
import { startRedis, type TestRedis } from '../../redis.ts';
import { type Clinic, startClinic } from './clinic.ts';

describe('spillway doctor where all is well', () => {
  let redis: TestRedis;
  let queue: Queue;
  let clinic: Clinic;
  before(async () => {
    redis = await startRedis();
    queue = new Queue(queueName, { connection: { host: '127.0.0.1', port: redis.port } });
    await queue.waitUntilReady();
    clinic = await startClinic(redis.url);
  });
  after(async () => {
    await clinic.close();
    await queue.close();
    await redis.stop();
  });

  async function run(options: Partial<DoctorOptions> = {}) {
    const out: string[] = [];
    const error: string[] = [];
    const code = await doctor(
      {
        policy: undefined,
        namespace: undefined,
        kubeconfigPath: clinic.kubeconfigPath,
        serviceAccount: undefined,
        settings: undefined,
        json: false,
        ...options,
      },
      {
        out: (line) => out.push(line),
        error: (line) => error.push(line),
        clock: systemClock,
        signal: new AbortController().signal,
      },
    );
    return { code, out: out.join('\n'), error: error.join('\n') };
  }

  test('nothing fails and nothing is warned about, and every finding says what was looked at', async () => {
    const findings = await clinic.diagnose();
    assert.deepEqual(
      findings.filter(({ state }) => state === 'fail' || state === 'warn'),
      [],
    );
    assert.deepEqual(
      [...new Set(findings.map(({ group }) => group))],
      ['Cluster', 'Virtual nodes and VMs', 'Neighbours', 'Policy media/thumbnails'],
    );
  });

  test('it only reads: besides GET it asks for reviews of access, which are kept nowhere', async () => {
    clinic.front.asked.length = 0;
    await clinic.diagnose();
    const writes = clinic.front.asked.filter((asked) => !asked.startsWith('GET '));
    assert.deepEqual([...new Set(writes)], ['POST /apis/authorization.k8s.io/v1/subjectaccessreviews']);
  });

  test('prints a checklist and exits with 0; --json is one value with all findings', async () => {
    const { code, out } = await run();
    assert.equal(code, 0);
    assert.match(out, /^Cluster\n {2}\[ok\] {3}The API server is v1\.36/);
    assert.match(out, /\n\d+ ok, 0 warnings, 0 failures, \d+ skipped$/);
    const { findings } = JSON.parse((await run({ json: true })).out) as { findings: { id: string }[] };
    assert.ok(findings.some(({ id }) => id === 'crd'));
  });

  test('on the command line: the checklist, the exit code, and nothing left running', async () => {
    const run = promisify(execFile);
    const args = ['src/cli.ts', 'doctor', '--kubeconfig', clinic.kubeconfigPath, '-n', 'media'];
    const { stdout, stderr } = await run(process.execPath, args);
    assert.equal(stderr, '');
    assert.match(stdout, /Policy media\/thumbnails\n/);
    const failed = run(process.execPath, [...args, 'other']);
    await assert.rejects(failed, ({ code, stderr: told }: { code: number; stderr: string }) => {
      return code === 2 && /no BurstPolicy media\/other/.test(told);
    });
  });

  test('one policy is asked for by name, with its namespace or beside -n', async () => {
    for (const asked of [{ policy: 'media/thumbnails' }, { policy: 'thumbnails', namespace: 'media' }]) {
      assert.equal((await run(asked)).code, 0);
    }
    const missing = await run({ policy: 'media/other' });
    assert.equal(missing.code, 2);
    assert.match(missing.error, /^There is no BurstPolicy media\/other .*\[EXPLAIN_NOT_FOUND\]$/);
  });

  test('2 where nothing can be looked at: a name that is none, an account that is none, nobody there', async () => {
    assert.match((await run({ policy: 'A B' })).error, /does not name a policy/);
    assert.match((await run({ serviceAccount: 'spillway' })).error, /DOCTOR_ACCOUNT_INVALID/);
    clinic.front.answers.set('/apis/spillway.dev/v1alpha1/burstpolicies', 401);
    const refused = await run();
    clinic.front.answers.delete('/apis/spillway.dev/v1alpha1/burstpolicies');
    assert.equal(refused.code, 2);
    assert.match(refused.error, /CLUSTER_UNAUTHORIZED/);
  });

  test('what the user may not read is skipped and says so, and the rest is looked at', async () => {
    const hidden = ['/api/v1/nodes', '/api/v1/namespaces/media/secrets/redis', '/version'];
    for (const path of hidden) clinic.front.answers.set(path, 403);
    const findings = await clinic.diagnose();
    for (const path of hidden) clinic.front.answers.delete(path);
    assert.deepEqual(
      findings.filter(({ state }) => state === 'fail' || state === 'warn'),
      [],
    );
    const told = findings.find(({ id }) => id === 'virtual-node');
    assert.deepEqual([told?.state, told?.sentence], ['skipped', 'Your kubeconfig may not list nodes.']);
    assert.equal(findings.find(({ id }) => id === 'source.secret')?.state, 'skipped');
    assert.equal(findings.find(({ id }) => id === 'policy.target')?.state, 'ok');
  });
});
