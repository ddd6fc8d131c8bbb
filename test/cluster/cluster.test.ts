import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { kubectlOrThrow, type OwnCluster, startOwnCluster } from './cluster.ts';
import { waitFor } from './wait-for.ts';

const startDelayMs = 1_000;

/** What the tests look at in a pod. */
interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase: string;
    readonly reason?: string;
    readonly message?: string;
    readonly startTime?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly state: Readonly<Record<string, object>> }[];
  };
}

const onVirtualNode = {
  nodeSelector: { type: 'virtual-kubelet' },
  tolerations: [{ key: 'virtual-kubelet.io/provider', operator: 'Exists', effect: 'NoSchedule' }],
};

function podSpec(extra: object = {}): object {
  const resources = { requests: { cpu: '500m', memory: '256Mi' } };
  return { containers: [{ name: 'app', image: 'example.com/app:1', resources }], ...extra };
}

function pod(name: string, extra: object = {}, annotations: Readonly<Record<string, string>> = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name }, annotations },
    spec: podSpec(extra),
  };
}

function deployment(name: string, replicas: number, extra: object = {}): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec(extra) },
    },
  };
}

function job(name: string, annotations: Readonly<Record<string, string>>, extra: object = {}): object {
  const template = {
    metadata: { annotations, labels: { app: name } },
    spec: podSpec({ restartPolicy: 'Never', ...extra }),
  };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { backoffLimit: 0, template } };
}

function isReady({ status }: Pod): boolean {
  return status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

describe('the control plane for tests', () => {
  let cluster: OwnCluster;

  const create = async (...items: readonly object[]) => {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    await kubectlOrThrow(cluster.kubectl, ['create', '-f', '-'], list);
  };
  const podsOf = async (app: string): Promise<readonly Pod[]> => {
    const json = await kubectlOrThrow(cluster.kubectl, ['get', 'pods', '-l', `app=${app}`, '-o', 'json']);
    return (JSON.parse(json) as { items: Pod[] }).items;
  };
  const remove = (kind: string, name: string) =>
    kubectlOrThrow(cluster.kubectl, ['delete', kind, name, '--wait=false']);

  before(async () => {
    cluster = await startOwnCluster();
    await cluster.addVmNode(
      { name: 'vm-1', cpu: '4', memory: '16Gi' },
      { name: 'vm-2', cpu: '4', memory: '16Gi' },
    );
  });
  after(() => cluster?.stop());

  test('a pod on a VM node becomes ready', async () => {
    await create(pod('plain'));
    const [ready] = await waitFor('the pod', async () => {
      const pods = await podsOf('plain');
      return pods.every(isReady) && pods;
    });
    assert.match(ready?.spec.nodeName ?? '', /^vm-/);
    await remove('pod', 'plain');
    await waitFor('the deletion', async () => (await podsOf('plain')).length === 0, 5_000);
  });

  test('a pod pinned to the virtual node starts there after its delay', async () => {
    await cluster.virtualNode.setStartDelay(startDelayMs);
    const createdAt = performance.now();
    await create(pod('pinned', onVirtualNode));
    const [ready] = await waitFor('the pod', async () => {
      const pods = await podsOf('pinned');
      return pods.every(isReady) && pods;
    });
    assert.ok(performance.now() - createdAt >= startDelayMs);
    assert.equal(ready?.spec.nodeName, cluster.virtualNode.name);
    assert.equal((await cluster.virtualNode.pods()).find(({ name }) => name === 'pinned')?.state, 'Running');
  });

  test('a Deployment that tolerates the virtual node fills the VM nodes and both run it', async () => {
    await create(deployment('both', 20, { tolerations: onVirtualNode.tolerations }));
    const pods = await waitFor('20 ready pods', async () => {
      const found = await podsOf('both');
      return found.filter(isReady).length === 20 && found;
    });
    const places = new Set(pods.map(({ spec }) => spec.nodeName));
    assert.ok(places.has(cluster.virtualNode.name), `nobody on the virtual node: ${[...places].join()}`);
    await remove('deployment', 'both');
    await waitFor(
      'the VM pods to go',
      async () => (await podsOf('both')).every(({ spec }) => spec.nodeName === cluster.virtualNode.name),
      10_000,
    );
  });

  test('deleting a pod on the virtual node kills its container at once; its object outlives the grace period', async () => {
    await create(pod('killed', { ...onVirtualNode, terminationGracePeriodSeconds: 3 }));
    await waitFor('the pod', async () => (await podsOf('killed')).some(isReady));
    await remove('pod', 'killed');
    await waitFor(
      'the end of the container',
      async () => (await podsOf('killed'))[0]?.status.containerStatuses?.[0]?.state['terminated'],
      2_000,
    );
    await waitFor('the deletion', async () => (await podsOf('killed')).length === 0, 6_000);
  });

  test('with deletion "honour" the container runs through its grace period, with "remove" the object goes at once', async () => {
    await create(
      pod('honoured', { ...onVirtualNode, terminationGracePeriodSeconds: 3 }),
      pod('removed', { ...onVirtualNode, terminationGracePeriodSeconds: 30 }),
    );
    await waitFor('the pods', async () =>
      [...(await podsOf('honoured')), ...(await podsOf('removed'))].every(isReady),
    );
    await cluster.virtualNode.setDeletion('honour');
    await remove('pod', 'honoured');
    await waitFor('the mark', async () => (await podsOf('honoured'))[0]?.metadata.deletionTimestamp);
    assert.ok((await podsOf('honoured')).every(isReady));
    await waitFor('the deletion', async () => (await podsOf('honoured')).length === 0, 6_000);
    await cluster.virtualNode.setDeletion('remove');
    await remove('pod', 'removed');
    await waitFor('the deletion', async () => (await podsOf('removed')).length === 0, 3_000);
    await cluster.virtualNode.setDeletion('kill');
  });

  test('a failing creation is ProviderFailed, Pending, and stays so although its container group comes up later', async () => {
    const quota =
      "container group quota 'StandardCores' exceeded in region 'eastus'. Limit: '10', Usage: '10' Requested: '1'";
    await cluster.virtualNode.failCreates(quota);
    await create(
      pod('refused', onVirtualNode),
      pod('refused-once', { ...onVirtualNode, restartPolicy: 'Never' }),
    );
    const [failed] = await waitFor('the failure', async () => {
      const pods = await podsOf('refused');
      return pods[0]?.status.reason === 'ProviderFailed' && pods;
    });
    assert.equal(failed?.status.phase, 'Pending');
    assert.equal(failed?.status.message, quota);
    await waitFor(
      'the final failure',
      async () => (await podsOf('refused-once'))[0]?.status.phase === 'Failed',
    );

    await cluster.virtualNode.failCreates(null);
    const late = await waitFor('the container group', async () =>
      (await cluster.virtualNode.pods()).find(({ name, state }) => name === 'refused' && state === 'Running'),
    );
    assert.equal(late.untold, true);
    assert.equal((await podsOf('refused'))[0]?.status.reason, 'ProviderFailed');
    const events = await kubectlOrThrow(cluster.kubectl, [
      'get',
      'events',
      '--field-selector',
      'reason=ProviderCreateFailed',
    ]);
    assert.match(events, /refused/);
  });

  test('a stuck pod starts when the node is told to go on', async () => {
    await cluster.virtualNode.setStuckCreating(true);
    await create(pod('stuck', onVirtualNode));
    await waitFor('the acceptance', async () =>
      (await cluster.virtualNode.pods()).some(({ name, state }) => name === 'stuck' && state === 'Creating'),
    );
    await cluster.virtualNode.setStuckCreating(false);
    await waitFor('the pod', async () => (await podsOf('stuck')).some(isReady));
  });

  test('Jobs end: on a VM node by annotation, on the virtual node by order or by annotation', async () => {
    await create(
      job('on-vm', { 'test.spillway.dev/run-for': '300ms' }),
      job('on-vm-failing', { 'test.spillway.dev/run-for': '300ms', 'test.spillway.dev/exit-code': '3' }),
      job('on-virtual', { 'test.spillway.dev/run-for': '300ms' }, onVirtualNode),
      job('by-order', {}, onVirtualNode),
    );
    await waitFor('the pod', async () => (await podsOf('by-order')).some(isReady));
    assert.equal(await cluster.virtualNode.complete({ namePrefix: 'by-order' }), 1);
    const wait = async (name: string, condition: string) =>
      kubectlOrThrow(cluster.kubectl, [
        'wait',
        `--for=condition=${condition}`,
        `job/${name}`,
        '--timeout=15s',
      ]);
    await Promise.all([
      wait('on-vm', 'Complete'),
      wait('on-vm-failing', 'Failed'),
      wait('on-virtual', 'Complete'),
      wait('by-order', 'Complete'),
    ]);
  });

  test('nodes become not ready and ready again', async () => {
    const readiness = async (name: string) =>
      kubectlOrThrow(cluster.kubectl, [
        'get',
        'node',
        name,
        '-o',
        'jsonpath={.status.conditions[?(@.type=="Ready")].status}',
      ]);
    await cluster.virtualNode.setReady(false);
    await cluster.setVmNodeReady('vm-2', false);
    await waitFor(
      'a virtual node that is not ready',
      async () => (await readiness(cluster.virtualNode.name)) === 'False',
    );
    await waitFor('a VM node that is not ready', async () => (await readiness('vm-2')) === 'False');
    await cluster.virtualNode.setReady(true);
    await cluster.setVmNodeReady('vm-2', true);
    await waitFor('a ready virtual node', async () => (await readiness(cluster.virtualNode.name)) === 'True');
    await waitFor('a ready VM node', async () => (await readiness('vm-2')) === 'True');
  });

  test('the audit log has writes with their bodies, and who made them', async () => {
    await create(deployment('audited', 1));
    const [event] = await waitFor('the record', () => {
      const events = cluster
        .auditEvents()
        .filter(
          ({ verb, objectRef }) =>
            verb === 'create' && objectRef?.name === 'audited' && objectRef.resource === 'deployments',
        );
      return events.length > 0 && events;
    });
    assert.match(event?.userAgent ?? '', /^kubectl\//);
    assert.equal(event?.user.username, 'admin');
    const body = event?.requestObject as { readonly spec: { readonly replicas: number } } | undefined;
    assert.equal(body?.spec.replicas, 1);
  });

  test('a user has the rights that RBAC gives, and no more', async () => {
    const path = await cluster.kubeconfigFor({ user: 'jane', groups: ['developers'] });
    const asJane = ['--kubeconfig', path, 'get', 'pods'];
    assert.match((await cluster.kubectl(asJane)).stderr, /User "jane" cannot list resource "pods"/);
    await kubectlOrThrow(cluster.kubectl, [
      'create',
      'clusterrolebinding',
      'dev',
      '--clusterrole=view',
      '--group=developers',
    ]);
    await waitFor('the binding', async () => (await cluster.kubectl(asJane)).code === 0);

    const service = await cluster.kubeconfigFor({ serviceAccount: 'default', namespace: 'default' });
    const whoAmI = await cluster.kubectl(['--kubeconfig', service, 'auth', 'whoami']);
    assert.match(whoAmI.stdout, /system:serviceaccount:default:default/);
  });

  test('the API server comes back on the same port after a kill, and everybody finds it again', async () => {
    await cluster.components.apiserver.restart();
    await create(pod('after-restart'));
    await waitFor('the pod', async () => (await podsOf('after-restart')).some(isReady));
  });

  test('pods on the virtual node and its settings outlive a killed virtual kubelet', async () => {
    const before = await podsOf('pinned');
    await cluster.components.virtualKubelet.restart();
    assert.equal((await cluster.virtualNode.settings()).startDelayMs, startDelayMs);
    await waitFor('the pod', async () =>
      (await cluster.virtualNode.pods()).some(({ name, state }) => name === 'pinned' && state === 'Running'),
    );
    assert.deepEqual(
      (await podsOf('pinned')).map(({ status }) => status.startTime),
      before.map(({ status }) => status.startTime),
    );
  });

  test('a frozen scheduler places nothing until it goes on', async () => {
    cluster.components.scheduler.pause();
    await create(pod('unplaced'));
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal((await podsOf('unplaced'))[0]?.spec.nodeName, undefined);
    cluster.components.scheduler.resume();
    await waitFor('the pod', async () => (await podsOf('unplaced')).some(isReady));
  });

  test('200 pods start on the virtual node within seconds', async () => {
    await cluster.virtualNode.setStartDelay(0);
    await create(deployment('many', 200, { ...onVirtualNode, terminationGracePeriodSeconds: 1 }));
    await waitFor(
      '200 ready pods',
      async () => (await podsOf('many')).filter(isReady).length === 200,
      30_000,
    );
    await remove('deployment', 'many');
    await waitFor('the deletion', async () => (await podsOf('many')).length === 0, 30_000);
  });

  test('stop leaves no process and no file behind', async () => {
    const pids = Object.values(cluster.components).map(({ pid }) => pid as number);
    await cluster.stop();
    for (const pid of pids) assert.ok(!isAlive(pid));
    assert.ok(process.env['SPILLWAY_E2E_KEEP'] !== undefined || !existsSync(cluster.dir));
  });
});

test('the components end with the test run, even if that is killed', {
  skip: process.platform !== 'linux',
}, async () => {
  const script = `
    import { startOwnCluster } from ${JSON.stringify(join(import.meta.dirname, 'cluster.ts'))};
    const cluster = await startOwnCluster();
    console.log(JSON.stringify({ dir: cluster.dir, pids: Object.values(cluster.components).map(({ pid }) => pid) }));
    setInterval(() => {}, 1000);`;
  const run = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(run.stdout, 'data')) as [Buffer];
  const { dir, pids } = JSON.parse(line.toString()) as { dir: string; pids: number[] };
  run.kill('SIGKILL');
  await waitFor('the components to end', () => !pids.some(isAlive), 5_000);
  rmSync(dir, { recursive: true, force: true });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
