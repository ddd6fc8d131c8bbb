import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Readable } from 'node:stream';
import { check } from '../../../src/commands/check.ts';
import type { VirtualPool } from '../../../src/config.ts';
import { pool } from '../act/eligibility/given.ts';

const pod = {
  automountServiceAccountToken: false,
  containers: [
    { name: 'worker', image: 'worker:1', resources: { requests: { cpu: '1', memory: '1G' } } } as object,
  ],
};
const withArgs = { ...pod, containers: [{ ...pod.containers[0], args: ['--fast'] }] };
const labels = { app: 'render' };
const metadata = { name: 'render', namespace: 'media' };
const template = (spec: object) => ({ metadata: { labels }, spec });
const workload = (kind: string, spec: object, more: object = {}) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata,
  spec: { ...more, template: template(spec) },
});
const policy = (target: object) => ({
  apiVersion: 'spillway.dev/v1alpha1',
  kind: 'BurstPolicy',
  metadata,
  spec: { ...target, burst: { strategy: 'Rescue', maxReplicas: 5, drain: { timeout: '0s' } } },
});
const about = (kind: string) => policy({ targetRef: { apiVersion: 'apps/v1', kind, name: 'render' } });
const aboutJobs = policy({ jobSelector: { matchLabels: labels } });

async function run(items: readonly object[], on?: VirtualPool) {
  const out: string[] = [];
  const list = JSON.stringify({ kind: 'List', items });
  const code = await check(
    { files: ['-'], json: true, pool: on },
    {
      stdin: Readable.from([Buffer.from(list)]),
      out: (line) => out.push(line),
      error: (line) => out.push(line),
    },
  );
  const found = JSON.parse(out.join('\n')) as readonly Readonly<Record<string, unknown>>[];
  const met = found.filter(({ result }) => result === 'template');
  return {
    code,
    refused: met.filter(({ severity }) => severity === 'refuse').map((each) => each['code']),
    paths: met.map(({ path }) => path),
    results: found.map(({ result }) => result),
    messages: found.map(({ message }) => String(message)),
  };
}

describe('check tells of pods that would be let on as they are', () => {
  test('nothing where nothing keeps them off', async () => {
    for (const kind of ['Deployment', 'StatefulSet']) {
      assert.deepEqual((await run([about(kind), workload(kind, pod)])).results, ['valid', 'judged']);
    }
  });

  test('the selector of VMs that a companion would lose', async () => {
    const target = workload('Deployment', { ...pod, nodeSelector: { agentpool: 'batch' } });
    const { code, refused, paths, messages } = await run([about('Deployment'), target]);
    assert.equal(code, 1);
    assert.deepEqual(refused, ['RESCUE_SELECTOR']);
    assert.deepEqual(paths, ['spec.template.spec.nodeSelector']);
    assert.equal(messages[2], 'this policy will not burst: Deployment media/render (RESCUE_SELECTOR)');
  });

  test('no selector that its nodes carry, as usual or as configured', async () => {
    for (const nodeSelector of [{ 'kubernetes.io/os': 'linux' }, { agentpool: 'batch' }]) {
      const on = pool({ nodeSelector: { 'virtual-node': 'yes', agentpool: 'batch' } });
      const target = workload('Deployment', { ...pod, nodeSelector });
      assert.equal((await run([about('Deployment'), target], on)).code, 0);
    }
  });

  test('required anti-affinity and hard spread of their own like', async () => {
    const like = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels } };
    const target = workload('Deployment', {
      ...pod,
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [like] } },
      topologySpreadConstraints: [{ ...like, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }],
    });
    const { refused, paths } = await run([about('Deployment'), target]);
    assert.deepEqual(refused, ['RESCUE_SPREAD', 'RESCUE_EXCLUSIVE']);
    assert.deepEqual(paths, [
      'spec.template.spec.topologySpreadConstraints',
      'spec.template.spec.affinity.podAntiAffinity',
    ]);
  });

  test('a host port once', async () => {
    const container = { ...pod.containers[0], ports: [{ containerPort: 80, hostPort: 80 }] };
    const target = workload('Deployment', { ...pod, containers: [container] });
    const { results, refused } = await run([about('Deployment'), target]);
    assert.deepEqual(refused, ['RESCUE_HOST_PORT']);
    assert.equal(results.filter((result) => result === 'template').length, 1);
  });

  test('what would be left out of a companion because it fails there', async () => {
    const requests = { cpu: '1', memory: '1G', 'ephemeral-storage': '1Gi' };
    const container = { ...pod.containers[0], resources: { requests } };
    const target = workload('Deployment', { ...pod, containers: [container] });
    const { refused } = await run([about('Deployment'), target]);
    assert.deepEqual(refused, ['TEMPLATE_EPHEMERAL_STORAGE']);
  });

  test('the claims of a StatefulSet, where they stand', async () => {
    const claims = { volumeClaimTemplates: [{ metadata: { name: 'data-1' } }] };
    const { code, refused, paths } = await run([about('StatefulSet'), workload('StatefulSet', pod, claims)]);
    assert.equal(code, 1);
    assert.deepEqual(refused, ['TEMPLATE_VOLUME']);
    assert.deepEqual(paths, ['spec.volumeClaimTemplates[0]']);
  });

  test('Jobs and CronJobs by the labels of the Job, else by those of its pods', async () => {
    const job = workload('Job', withArgs);
    const other = { ...job, metadata: { ...metadata, labels: { app: 'other' } } };
    const cron = {
      kind: 'CronJob',
      metadata,
      spec: { jobTemplate: { metadata: { labels }, spec: { template: template(withArgs) } } },
    };
    const { code, paths, results } = await run([aboutJobs, job, other, cron]);
    assert.equal(code, 1);
    assert.deepEqual(paths, [
      'spec.template.spec.containers[0].args',
      'spec.jobTemplate.spec.template.spec.containers[0].args',
    ]);
    assert.deepEqual(results.slice(-3), ['judged', 'skipped', 'judged']);
  });

  test('which of several targets will not burst', async () => {
    const good = { ...workload('Job', pod), metadata: { ...metadata, name: 'good' } };
    const { messages } = await run([aboutJobs, workload('Job', withArgs), good]);
    assert.ok(
      messages.includes('this policy will not burst all of its targets: Job media/render (TEMPLATE_ARGS)'),
    );
  });

  test('that a template cannot be judged whose fields are of other types', async () => {
    const broken = workload('Deployment', { ...pod, tolerations: 'all' });
    const { code, messages } = await run([about('Deployment'), broken]);
    assert.equal(code, 1);
    assert.match(messages[1] ?? '', /not of the type that the API server takes/);
  });
});
