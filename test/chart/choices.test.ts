import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { waitFor } from '../cluster/wait-for.ts';
import type { Frame, History } from '../e2e/history.ts';
import {
  namespace,
  observingPolicy,
  queueName,
  quickPolicy,
  type Scene,
  startScene,
  vmNode,
  workerDeployment,
} from '../e2e/scene.ts';
import { setBacklog } from '../e2e/spike.ts';
import { refusedTo, usedBy } from './audit.ts';
import { chartDir } from './helm.ts';
import { type PodProcess, Release } from './release.ts';
import { ownRoles, releaseNamespace, render } from './render.ts';
import { covers, lineOf, rightsIn } from './rights.ts';
import { onSystemNode, systemNode } from './system-node.ts';

const vmCapacity = 12;
const stuck = 2;
const account = `system:serviceaccount:${releaseNamespace}:spillway`;
const values = {
  clusterWide: true,
  secrets: [{ namespace, name: 'redis' }],
  rescue: { enabled: true },
  externalMetrics: { enabled: true },
  admission: { ownAccount: true, authors: true },
  ...onSystemNode,
};

/** Rights that are there by these choices alone and are used here. */
const chosen = [
  'everywhere pods/eviction create',
  'everywhere apiregistration.k8s.io/apiservices v1beta1.external.metrics.k8s.io get',
  'everywhere apiregistration.k8s.io/apiservices v1beta1.external.metrics.k8s.io patch',
  'kube-system configmaps extension-apiserver-authentication get',
  'kube-system configmaps extension-apiserver-authentication watch',
  'spillway secrets create',
  'spillway secrets spillway-external-metrics-tls get',
  'spillway secrets spillway-external-metrics-tls watch',
];

describe('a release of the whole cluster with rescue, external metrics and admission', () => {
  let scene: Scene;
  let history: History;
  let release: Release;
  let controller: PodProcess;

  before(async () => {
    scene = await startScene();
    await scene.cluster.virtualNode.setDeletion('remove');
    await scene.cluster.addVmNode(systemNode);
    release = new Release(scene);
    history = await scene.history();
    const args = [chartDir, '--create-namespace', '--take-ownership', '--wait', '--timeout', '60s'];
    await release.did('install', args, values);
    controller = await release.controller('spillway-0');
  });
  after(async () => {
    await controller?.kill();
    await scene?.close();
  });

  test('lets stuck pods onto the virtual node, and gives them back when a VM comes', async () => {
    await scene.apply(
      workerDeployment({ replicas: vmCapacity + stuck }),
      observingPolicy({ burst: { strategy: 'Rescue', maxReplicas: 5, reclaim: { after: '1s' } } }),
    );
    await history.until('the stuck pods on the virtual node', ({ onVirtual }) => onVirtual === stuck, 60_000);
    await scene.cluster.addVmNode(vmNode('vm-4'));
    await history.until(
      'all on VMs',
      ({ onVirtual, placedReady }) => onVirtual === 0 && placedReady === vmCapacity + stuck,
      60_000,
    );
    await scene.cluster.removeVmNode('vm-4');
    await scene.kubectl(`delete bp ${queueName} -n ${namespace}`);
    await scene.kubectl(`delete deployment thumbnail-worker -n ${namespace}`);
    await history.until('no pods', ({ placed, pending, onVirtual }) => placed + pending + onVirtual === 0);
  });

  test('makes its certificate and has the API server trust it', async () => {
    await release.read('secret', 'spillway-external-metrics-tls');
    const bundle = await scene.kubectl(
      'get apiservice v1beta1.external.metrics.k8s.io -o jsonpath={.spec.caBundle}',
    );
    assert.match(Buffer.from(bundle, 'base64').toString(), /BEGIN CERTIFICATE/);
  });

  test('what these choices grant is used, and nothing more', async () => {
    const granted = rightsIn(ownRoles(await render(values)));
    const events = scene.cluster.auditEvents();
    const used = usedBy(events, account);
    assert.deepEqual(refusedTo(events, account), []);
    assert.deepEqual(used.filter((right) => !granted.some((one) => covers(one, right))).map(lineOf), []);
    const busy = new Set(granted.filter((one) => used.some((right) => covers(one, right))).map(lineOf));
    assert.deepEqual(
      chosen.filter((line) => !busy.has(line)),
      [],
    );
  });

  test('is uninstalled although its leader is dead, and takes the burst along', async () => {
    await scene.apply(workerDeployment(), quickPolicy());
    await setBacklog(scene.queue, vmCapacity + 8);
    await history.until('a burst', ({ burstReady }: Frame) => burstReady === 8);
    await controller.kill();
    const done = release.helm('uninstall', ['--timeout', '120s', '--wait']);
    const hook = await release.hook();
    assert.equal(await hook.ended, 0, hook.log());
    assert.match(hook.log(), /Nobody leads/);
    await release.completeHook();
    const { code, stderr } = await done;
    assert.equal(code, 0, stderr);
    await history.until('no burst', ({ companions, burst }) => Object.keys(companions).length + burst === 0);
    const { metadata, spec } = await scene.policy(queueName);
    assert.deepEqual([spec.suspend, metadata.finalizers ?? []], [false, []]);
    const left = await waitFor('deletions to end', async () => {
      const found = await scene.kubectl('get secret,lease,apiservice,cm -n spillway -o name');
      return found.includes('external.metrics') ? undefined : found.split('\n');
    });
    assert.deepEqual(
      left.filter((line) => /^(secret|lease|configmap)/.test(line)),
      ['configmap/kube-root-ca.crt'],
    );
  });
});
