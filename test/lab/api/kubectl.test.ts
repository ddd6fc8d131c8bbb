import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Kubectl, kubectlFor, kubectlOrThrow } from '../../cluster/kubectl.ts';
import { waitFor } from '../../cluster/wait-for.ts';
import { deploymentOf, policyOf } from '../contract/contract-cluster.ts';
import { type LabCluster, startLabCluster } from './lab-cluster.ts';

const command = findKubectl();
const why = 'there is no kubectl: node test/cluster/build.ts makes one, KUBEBUILDER_ASSETS may name one';

/** The kubectl that was built for the real control plane, where it was: nothing is built for this. */
function findKubectl(): string | undefined {
  const cache = process.env['SPILLWAY_CACHE'] ?? join(homedir(), '.cache', 'spillway');
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const candidates = [
    ...(assets === undefined ? [] : [join(assets, 'kubectl')]),
    ...globSync(join(cache, 'cluster', '*', 'kubectl')),
  ];
  return candidates.find((path) => existsSync(path));
}

describe('kubectl against a lab', { skip: command === undefined ? why : false }, () => {
  let lab: LabCluster;
  let kubectl: Kubectl;
  before(async () => {
    lab = await startLabCluster();
    kubectl = kubectlFor(command ?? '', lab.kubeconfigPath, lab.dir);
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'media' } });
    await apply(inMedia(deploymentOf('worker', 2)));
    await apply(inMedia(policy));
  });
  after(() => lab.close());

  const targetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' };
  const policy = policyOf('thumbnails', { targetRef, burst: { maxReplicas: 5 } });
  const inMedia = (object: object): object => ({
    ...object,
    metadata: { ...(object as { metadata: object }).metadata, namespace: 'media' },
  });
  const run = (args: string): Promise<string> => kubectlOrThrow(kubectl, [...args.split(' '), '-n', 'media']);
  const apply = (object: object): Promise<string> =>
    kubectlOrThrow(kubectl, ['apply', '-f', '-'], JSON.stringify(object));

  test('get prints the columns of nodes, pods, deployments and policies', async () => {
    assert.match(await run('get nodes'), /^NAME +STATUS +ROLES +AGE +VERSION\n/);
    assert.match(await run('get deployments'), /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nworker /);
    assert.match(await run('get bp'), /^NAME +TARGET +DEMAND +VM +BURST +WHY +AGE\nthumbnails +worker /);
    assert.match(
      await kubectlOrThrow(kubectl, ['get', 'bp', '-A', '-o', 'wide']),
      /^NAMESPACE +NAME .*JOBS +RUNNING\n/,
    );
    await waitFor('the pods', async () => (await run('get pods')).match(/1\/1 +Running/g)?.length === 2);
    assert.match(await run('get pods -o wide'), /NODE.*\n.*vm-\d/);
    assert.match(await run('get all'), /deployment.apps\/worker/);
  });

  test('describe tells of policies, pods, deployments and nodes', async () => {
    assert.match(await run('describe bp thumbnails'), /Max Replicas: +5/);
    assert.match(await run('describe deployment worker'), /2 desired \| 2 updated/);
    assert.match(await run('describe pods -l app=worker'), /Status: +Running/);
    assert.match(await run('describe node vm-0'), /Allocatable:/);
  });

  test('scale, label, annotate, set image and rollout status work', async () => {
    await run('scale deployment worker --replicas=3');
    await run('label deployment worker tier=batch');
    await run('annotate deployment worker note=hello');
    await run('set image deployment/worker app=example.com/app:2');
    await run('rollout status deployment worker --timeout=20s');
    const path = '{.spec.replicas} {.metadata.labels.tier} {.spec.template.spec.containers[0].image}';
    assert.equal(
      await kubectlOrThrow(kubectl, ['get', 'deployment', 'worker', '-n', 'media', '-o', `jsonpath=${path}`]),
      '3 batch example.com/app:2',
    );
  });

  test('apply changes a policy, on the client and on the server side, and says what is wrong with it', async () => {
    const changed = inMedia(policyOf('thumbnails', { targetRef, priority: 3, burst: { maxReplicas: 6 } }));
    assert.match(await apply(changed), /configured/);
    assert.match(await apply(changed), /unchanged/);
    const serverSide = ['apply', '--server-side', '--force-conflicts', '-f', '-'];
    assert.match(await kubectlOrThrow(kubectl, serverSide, JSON.stringify(changed)), /serverside-applied/);
    const wrong = inMedia(policyOf('thumbnails', { targetRef, burst: { maxReplicas: -1 } }));
    const refused = await kubectl(['apply', '-f', '-'], { input: JSON.stringify(wrong) });
    assert.deepEqual([refused.code, /write at least 0/.test(refused.stderr)], [1, true]);
    const misspelt = inMedia(policyOf('thumbnails', { targetRef, burst: { maxReplicas: 1, delai: {} } }));
    const unknown = await kubectl(['apply', '-f', '-'], { input: JSON.stringify(misspelt) });
    assert.match(unknown.stderr, /unknown field "spec.burst.delai"/);
    const dry = await kubectl(['apply', '--dry-run=server', '-f', '-'], {
      input: JSON.stringify(inMedia(policy)),
    });
    assert.match(dry.stdout, /server dry run/);
    assert.match(await run('get bp thumbnails -o yaml'), /maxReplicas: 6/);
  });

  test('create makes namespaces, Secrets and ConfigMaps', async () => {
    await kubectlOrThrow(kubectl, ['create', 'namespace', 'other']);
    await run('create secret generic redis --from-literal=url=redis://127.0.0.1:1');
    await run('create configmap settings --from-literal=a=1');
    const url = await run('get secret redis -o jsonpath={.data.url}');
    assert.equal(Buffer.from(url, 'base64').toString(), 'redis://127.0.0.1:1');
    assert.match(await run('get configmaps'), /settings +1 /);
  });

  test('cordon, drain and uncordon work on a node', async () => {
    await kubectlOrThrow(kubectl, ['drain', 'vm-1', '--timeout=20s']);
    assert.match(await run('get nodes'), /vm-1 +Ready,SchedulingDisabled/);
    await kubectlOrThrow(kubectl, ['uncordon', 'vm-1']);
    assert.doesNotMatch(await run('get nodes'), /SchedulingDisabled/);
  });

  test('logs, explain, api-resources and version answer', async () => {
    const [pod = ''] = (await run('get pods -o name')).split('\n');
    assert.match(await run(`logs ${pod}`), /there are no logs/);
    assert.match(await run('explain bp.spec.burst'), /maxReplicas/);
    assert.match(await run('api-resources'), /burstpolicies +bp +spillway.dev\/v1alpha1/);
    assert.match(await run('version'), /Server Version: v1.36/);
  });

  test('delete waits until a thing is gone, a namespace with all that is in it', async () => {
    await run('delete bp thumbnails --timeout=20s');
    await run('delete deployment worker --timeout=20s');
    await waitFor('the pods to go', async () => (await run('get pods -o name')) === '');
    await kubectlOrThrow(kubectl, ['delete', 'namespace', 'media', '--timeout=20s']);
    const { code } = await kubectl(['get', 'namespace', 'media']);
    assert.equal(code, 1);
  });
});
