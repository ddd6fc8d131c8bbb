import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import type { Finding } from '../../src/commands/doctor/finding.ts';
import { waitFor } from '../cluster/wait-for.ts';
import type { Frame, History } from '../e2e/history.ts';
import {
  namespace,
  queueName,
  quickPolicy,
  type Scene,
  startScene,
  target,
  workerDeployment,
} from '../e2e/scene.ts';
import { setBacklog } from '../e2e/spike.ts';
import { refusedTo, usedBy } from './audit.ts';
import { chartDir } from './helm.ts';
import { columnsOf, olderChart } from './older-chart.ts';
import { type PodProcess, Release } from './release.ts';
import { one, ownRoles, podTemplate, type Rendered, releaseNamespace, render } from './render.ts';
import { covers, lineOf, rightsIn } from './rights.ts';
import { onSystemNode, systemNode } from './system-node.ts';
import { unused, unusedByHook } from './unused.ts';

const vmCapacity = 12;
const backlog = 20;
const account = `system:serviceaccount:${releaseNamespace}:spillway`;
const hookAccount = `${account}-uninstall`;

const values = {
  namespaces: [namespace],
  secrets: [{ namespace, name: 'redis' }],
  admission: { ownAccount: true, authors: true },
  ...onSystemNode,
};

describe('the life of a release', () => {
  let scene: Scene;
  let history: History;
  let release: Release;
  let controllers: readonly PodProcess[] = [];
  let older: string;

  before(async () => {
    scene = await startScene();
    await scene.cluster.virtualNode.setDeletion('remove');
    await scene.cluster.addVmNode(systemNode);
    // Helm is to bring it.
    await scene.kubectl('delete crd burstpolicies.spillway.dev');
    release = new Release(scene);
    older = olderChart(scene.cluster.dir);
    history = await scene.history();
  });
  after(async () => {
    for (const controller of controllers) await controller.stop();
    await scene?.close();
  });

  async function restart(): Promise<void> {
    for (const controller of controllers) await controller.stop();
    controllers = await Promise.all(['spillway-0', 'spillway-1'].map((name) => release.controller(name)));
  }

  /** No burst pod was lost. */
  function expectUntouchedSince(before: Frame): void {
    const since = history.frames.slice(history.frames.indexOf(before));
    assert.equal(Math.min(...since.map(({ burst }) => burst)), before.burst);
  }

  async function columns(): Promise<readonly string[]> {
    return columnsOf(JSON.parse(await scene.kubectl('get crd burstpolicies.spillway.dev -o json')));
  }

  test('an older version is installed, and what it says runs with the rights of its account', async () => {
    const startedAtMs = performance.now();
    await release.did('install', [older, '--create-namespace', '--wait', '--timeout', '60s'], values);
    assert.ok(performance.now() - startedAtMs < 30_000);
    assert.ok(!(await columns()).includes('Running'));
    await restart();
  });

  test('it bursts under the admission policies', async () => {
    await scene.apply(workerDeployment(), quickPolicy());
    await setBacklog(scene.queue, backlog);
    await history.until('VMs full and the rest bursting', isBursting);
  });

  test('`helm test` asks over the Service, and ends well', async () => {
    const done = release.helm('test', ['--timeout', '60s']);
    const pod = await waitFor('the pod of the test', () =>
      release
        .read<{ spec: { containers: [{ args: string[] }] } }>('pod', 'spillway-test')
        .catch(() => undefined),
    );
    const [url = ''] = controllers.map((one) => one.url);
    const args = pod.spec.containers[0].args.map((arg) => (arg.startsWith('http:') ? url : arg));
    const { status, stdout } = spawnSync(process.execPath, ['src/cli.ts', ...args], { encoding: 'utf8' });
    assert.deepEqual([status, stdout], [0, 'ready\n']);
    await scene.kubectl(
      `annotate pod spillway-test -n ${releaseNamespace} --overwrite test.spillway.dev/run-for=1ms`,
    );
    const { code, stderr } = await done;
    assert.equal(code, 0, stderr);
  });

  test('the doctor finds the release, and nothing that it lacks', () => {
    const { stdout } = spawnSync(
      process.execPath,
      ['src/cli.ts', 'doctor', '--json', '--kubeconfig', scene.cluster.kubeconfigPath],
      { encoding: 'utf8' },
    );
    const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
    const stateOf = (id: string): string | undefined => findings.find((finding) => finding.id === id)?.state;
    assert.deepEqual(['rights', 'controller', 'roles'].map(stateOf), ['ok', 'ok', 'ok'], stdout);
  });

  test('an upgrade brings the new type of policies, and leaves the burst alone', async () => {
    const before = history.latest;
    await release.did('upgrade', [chartDir, '--wait', '--timeout', '60s'], {
      ...values,
      log: { level: 'debug' },
    });
    assert.ok((await columns()).includes('Running'));
    await restart();
    await scene.condition('Bursting', 'True');
    expectUntouchedSince(before);
  });

  test('a rollback goes back to what was there, and leaves the burst alone', async () => {
    const before = history.latest;
    await release.did('rollback', ['1', '--wait', '--timeout', '60s']);
    assert.ok(!(await columns()).includes('Running'));
    await restart();
    expectUntouchedSince(before);
    await release.did('upgrade', [chartDir, '--wait', '--timeout', '60s'], values);
    await restart();
  });

  test('the burst ends when the queue is empty', async () => {
    await setBacklog(scene.queue, 3);
    await history.until(
      'no burst',
      ({ companions, burst }) => Object.keys(companions).length + burst === 0,
      60_000,
    );
  });

  test('all that it used is granted, and what is granted is used, or not for a reason', async () => {
    const granted = rightsIn(ownRoles(await render(values)));
    const used = usedBy(scene.cluster.auditEvents(), account);
    assert.deepEqual(refusedTo(scene.cluster.auditEvents(), account), []);
    assert.deepEqual(used.filter((right) => !granted.some((one) => covers(one, right))).map(lineOf), []);
    const idle = granted.filter((one) => !used.some((right) => covers(one, right))).map(lineOf);
    assert.deepEqual(
      idle.filter((line) => !unused.some(([right]) => right.test(line))),
      [],
    );
    for (const [right, reason] of unused)
      assert.ok(
        idle.some((line) => right.test(line)),
        `is used: ${reason}`,
      );
  });

  test('its memory stays below half of its limit', async () => {
    const deployment = one(await render(values), 'Deployment');
    const spec = podTemplate(deployment).spec as { readonly containers: readonly [Container] };
    const limit = Number(/^(\d+)Mi$/.exec(spec.containers[0].resources.limits.memory)?.[1]);
    const peaks = controllers.map((controller) => Math.round(controller.peakBytes() / 2 ** 20));
    console.log(`peak of resident memory: ${peaks.join(' and ')} MiB, run from TypeScript`);
    assert.ok(Math.max(...peaks) < limit / 2);
  });

  test('uninstalling drains the burst first, and leaves nothing but the type and what the user made', async () => {
    await setBacklog(scene.queue, backlog);
    await history.until('VMs full and the rest bursting', isBursting);
    const done = release.helm('uninstall', ['--timeout', '120s', '--wait']);
    const hook = await release.hook();
    await history.until('no burst', ({ companions, burst }) => Object.keys(companions).length + burst === 0);
    await waitFor('the Deployment at 0', async () => {
      const { spec } = await release.read<{ spec: { replicas: number } }>('deployment', 'spillway');
      return spec.replicas === 0;
    });
    for (const controller of controllers) await controller.stop();
    controllers = [];
    assert.equal(await hook.ended, 0, hook.log());
    await release.completeHook();
    const { code, stderr } = await done;
    assert.equal(code, 0, stderr);

    const { metadata, spec } = await scene.policy(queueName);
    assert.equal(spec.suspend, false);
    assert.deepEqual(
      [metadata.finalizers ?? [], metadata.annotations?.['spillway.dev/suspended-for-uninstall']],
      [[], undefined],
    );
    assert.deepEqual(await scene.companions(), []);
    assert.equal((await scene.deployment(target))?.spec.replicas, history.latest.targetReplicas);
    assert.deepEqual(
      await namesOf('deploy,rs,svc,cm,secret,sa,role,rolebinding,lease,job,pod,pdb,netpol -n spillway'),
      ['configmap/kube-root-ca.crt', 'serviceaccount/default'],
    );
    const everywhere =
      'clusterrole,clusterrolebinding,role,rolebinding,validatingadmissionpolicy,validatingadmissionpolicybinding,apiservice,crd';
    assert.deepEqual(await namesOf(`${everywhere} -A -l app.kubernetes.io/instance=spillway`), [
      'customresourcedefinition.apiextensions.k8s.io/burstpolicies.spillway.dev',
    ]);
  });

  test('the hook used only what it is granted', async () => {
    const objects = await render(values);
    const roles = objects.filter(
      ({ kind, metadata }: Rendered) =>
        kind === 'Role' && metadata.annotations?.['helm.sh/hook'] !== undefined,
    );
    const granted = rightsIn(roles);
    const used = usedBy(scene.cluster.auditEvents(), hookAccount);
    assert.deepEqual(refusedTo(scene.cluster.auditEvents(), hookAccount), []);
    const idle = granted.filter((one) => !used.some((right) => covers(one, right))).map(lineOf);
    assert.deepEqual(idle, Object.keys(unusedByHook));
  });

  test('it can be installed again, and finds the policies as they were', async () => {
    await release.did('install', [chartDir, '--wait', '--timeout', '60s'], values);
    await restart();
    await history.until('VMs full and the rest bursting again', isBursting);
  });

  async function namesOf(what: string): Promise<readonly string[]> {
    const text = await waitFor('deletions to end', async () => {
      const found = await scene.kubectl(`get ${what} -o name`);
      return found.includes('pod/') ? undefined : found;
    });
    return text
      .split('\n')
      .filter((line) => line !== '')
      .toSorted();
  }
});

interface Container {
  readonly resources: { readonly limits: { readonly memory: string } };
}

function isBursting({ placedReady, asked, burstReady, targetReplicas }: Frame): boolean {
  const spill = backlog - vmCapacity;
  return (
    placedReady === vmCapacity && targetReplicas === vmCapacity && asked === spill && burstReady === spill
  );
}
