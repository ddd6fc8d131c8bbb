import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { waitFor } from '../cluster/wait-for.ts';
import type { ControllerProcess } from './controller-process.ts';
import {
  fullPool,
  namespace,
  observingPolicy,
  quickPolicy,
  type Scene,
  startScene,
  target,
  workerDeployment,
} from './scene.ts';
import { setBacklog } from './spike.ts';
import { writesIn } from './writes.ts';

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly nodeName?: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const rescued = 'spillway.dev/rescued';
const vmCapacity = 12;
const containers = [
  { name: 'render', image: 'example.com/render:1', resources: { requests: { cpu: '1', memory: '64Mi' } } },
];
const labels = { app: 'render' };

/** Pods of an app that nobody has deleted. */
async function podsOf({ api }: Scene, app: string): Promise<readonly Pod[]> {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`;
  const list = await api.get<{ readonly items: readonly Pod[] }>(path);
  return (list?.items ?? []).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

function isOnVirtual({ spec }: Pod): boolean {
  return spec.nodeName?.startsWith('virtual-node') === true;
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
}

describe('Rescue on a full pool', () => {
  let scene: Scene;
  let controller: ControllerProcess;

  const pods = (app: string): Promise<readonly Pod[]> => podsOf(scene, app);
  const policyOn = (name: string, subject: object): object =>
    observingPolicy({
      name,
      spec: { targetRef: undefined, ...subject },
      burst: { strategy: 'Rescue', maxReplicas: 300 },
    });
  /** Sum and count of `spillway_rescue_wait_seconds`. */
  const waits = async (): Promise<{ readonly sum: number; readonly count: number }> => {
    const text = await (await fetch(`${controller.url}/metrics`)).text();
    const value = (suffix: string): number =>
      Number(new RegExp(`^spillway_rescue_wait_seconds_${suffix} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
    return { sum: value('sum'), count: value('count') };
  };

  before(async () => {
    scene = await startScene();
    await scene.cluster.virtualNode.setDeletion('remove');
    await scene.apply(fullPool(), workerDeployment({ name: 'filler', replicas: vmCapacity }));
    await scene.kubectl(`rollout status deployment/filler -n ${namespace} --timeout=60s`);
    controller = await scene.controller('spillway-0');
  });
  after(() => scene?.close());

  test('200 pods that a CronJob makes at once are on the virtual node within seconds of being stuck', async (t) => {
    const template = { metadata: { labels }, spec: { restartPolicy: 'Never', containers } };
    const jobTemplate = { metadata: { labels }, spec: { parallelism: 200, completions: 200, template } };
    const cron = { name: 'render', namespace };
    await scene.apply(policyOn('render', { jobSelector: { matchLabels: labels } }), {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: cron,
      spec: { schedule: '* * * * *', concurrencyPolicy: 'Forbid', jobTemplate },
    });
    await waitFor('the CronJob to fire', async () => (await pods('render')).length > 0, 90_000);
    const startedMs = Date.now();
    const all = await waitFor(
      'all to be ready on the virtual node',
      async () => {
        const found = await pods('render');
        return found.length === 200 && found.every(isOnVirtual) && found.every(isReady) && found;
      },
      60_000,
    );
    t.diagnostic(`200 pods ready ${((Date.now() - startedMs) / 1000).toFixed(1)} s after the first was made`);
    assert.ok(all.every(({ metadata }) => metadata.annotations?.[rescued] !== undefined));
    const { sum, count } = await waitFor('all to be measured', async () => {
      const found = await waits();
      return found.count === 200 && found;
    });
    t.diagnostic(`from stuck to scheduled: ${(sum / count).toFixed(1)} s on average over ${count}`);
    assert.ok(sum / count < 12, `${sum / count} s`);

    // They run on, whatever happens to the policy: nothing of a Job is ever evicted.
    await scene.patchPolicy({ spec: { suspend: true } }, 'render');
    await scene.condition('Accepted', 'True', 'Suspended', 'render');
    await scene.kubectl(`delete cronjob render -n ${namespace} --cascade=orphan`);
    assert.equal((await pods('render')).filter(isReady).length, 200);
    await scene.kubectl(`delete bp render -n ${namespace}`);
    await scene.kubectl(`delete jobs --all -n ${namespace} --wait=false`);
    await waitFor('the Jobs to go', async () => (await pods('render')).length === 0, 60_000);
  });

  test('pods of a StatefulSet are let on, and keep their names', async () => {
    const metadata = { name: 'shard', namespace };
    await scene.apply(
      policyOn('shard', { targetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'shard' } }),
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata,
        spec: {
          replicas: 3,
          serviceName: 'shard',
          selector: { matchLabels: { app: 'shard' } },
          template: { metadata: { labels: { app: 'shard' } }, spec: { containers } },
        },
      },
    );
    const found = await waitFor(
      'all three in their order',
      async () => {
        const each = await pods('shard');
        return each.length === 3 && each.every(isReady) && each;
      },
      60_000,
    );
    assert.ok(found.every(isOnVirtual));
    assert.deepEqual(found.map(({ metadata: { name } }) => name).toSorted(), [
      'shard-0',
      'shard-1',
      'shard-2',
    ]);
    await scene.kubectl(`delete bp,sts --all -n ${namespace}`);
    await waitFor('them to go', async () => (await pods('shard')).length === 0);
  });

  test('a Deployment gets its pods back when VMs have room, one by one, and a budget that forbids it is waited for', async () => {
    const startedAtMs = Date.now();
    await scene.apply(
      workerDeployment({ replicas: 3 }),
      policyOn('thumbnails', { targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target } }),
      {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'workers', namespace },
        spec: { selector: { matchLabels: { worker: target } }, minAvailable: 3 },
      },
    );
    const workers = async (): Promise<readonly Pod[]> =>
      (await pods('thumbnails')).filter(({ metadata }) => metadata.labels?.['worker'] === target);
    await waitFor('all three on the virtual node', async () => {
      const found = await workers();
      return found.length === 3 && found.every(isReady) && found.every(isOnVirtual);
    });
    await scene.kubectl(`scale deployment/filler -n ${namespace} --replicas=4`);
    const told = await scene.condition('Limited', 'True', 'EvictionForbidden', 'thumbnails');
    assert.match(told, /PodDisruptionBudget forbids/);
    assert.equal((await workers()).filter(isOnVirtual).length, 3);

    await scene.kubectl(`patch pdb workers -n ${namespace} --type=merge -p {"spec":{"minAvailable":2}}`);
    let fewest = 3;
    await waitFor(
      'all on VMs',
      async () => {
        const found = await workers();
        fewest = Math.min(fewest, found.filter(isReady).length);
        return found.length === 3 && found.every(isReady) && !found.some(isOnVirtual);
      },
      90_000,
    );
    assert.ok(fewest >= 2, `${fewest} ready`);
    const writes = writesIn(scene.cluster.auditEvents(), startedAtMs);
    assert.ok(writes.every(({ resource }) => resource !== 'deployments'));
  });
});

describe('Rescue with scaling', () => {
  let scene: Scene;

  before(async () => {
    scene = await startScene();
    await scene.cluster.virtualNode.setDeletion('remove');
    await scene.controller('spillway-0');
  });
  after(() => scene?.close());

  test('keeps the whole demand in the target, and what was rescued leaves first, emptied', async () => {
    const startedAtMs = Date.now();
    const workers = async (): Promise<readonly Pod[]> => podsOf(scene, 'thumbnails');
    await scene.apply(workerDeployment(), quickPolicy({ burst: { strategy: 'Rescue' } }));
    await setBacklog(scene.queue, 20);
    await waitFor('twenty ready pods', async () => {
      const found = await workers();
      return found.length === 20 && found.every(isReady) && found.filter(isOnVirtual).length === 8;
    });
    const onVms = (await workers()).filter((pod) => !isOnVirtual(pod)).map(({ metadata }) => metadata.uid);
    assert.deepEqual(await scene.companions(), []);

    await setBacklog(scene.queue, vmCapacity);
    await waitFor('the twelve on VMs', async () => (await workers()).length === vmCapacity, 60_000);
    assert.deepEqual((await workers()).map(({ metadata }) => metadata.uid).toSorted(), onVms.toSorted());
    const writes = writesIn(scene.cluster.auditEvents(), startedAtMs);
    assert.ok(writes.every(({ resource }) => resource !== 'pods/eviction'));
    assert.ok(writes.every(({ decision, resource }) => resource !== 'pods' || decision !== undefined));
  });
});
