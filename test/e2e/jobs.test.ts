import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { waitFor } from '../cluster/wait-for.ts';
import { fullPool, namespace, observingPolicy, type Scene, startScene, workerDeployment } from './scene.ts';
import { writesIn } from './writes.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime: string;
}

interface Pod {
  readonly metadata: {
    readonly creationTimestamp: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly nodeName?: string };
  readonly status?: { readonly phase?: string; readonly conditions?: readonly Condition[] };
}

interface CronJob {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: {
    readonly jobTemplate: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: object;
    };
  };
}

const count = 200;
const labels = { app: 'render' };
const vmCapacity = 12;

const cronJob = {
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'render', namespace },
  spec: {
    schedule: '0 0 1 1 *',
    jobTemplate: {
      metadata: { labels },
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { labels },
          spec: {
            restartPolicy: 'Never',
            containers: [
              {
                name: 'render',
                image: 'example.com/render:1',
                resources: { requests: { cpu: '1', memory: '64Mi' } },
              },
            ],
          },
        },
      },
    },
  },
};

/** Milliseconds from the time that a pod was made to the time that it got a node; whole seconds, as the API server tells. */
function boundAfterMs({ metadata, status }: Pod): number {
  const scheduled = status?.conditions?.find(
    ({ type, status: is }) => type === 'PodScheduled' && is === 'True',
  );
  return Date.parse(scheduled?.lastTransitionTime ?? '') - Date.parse(metadata.creationTimestamp);
}

describe('200 Jobs of a CronJob at once on a full pool', () => {
  let scene: Scene;

  before(async () => {
    scene = await startScene();
    await scene.cluster.virtualNode.setDeletion('remove');
    await scene.apply(
      fullPool(),
      workerDeployment({ name: 'filler', replicas: vmCapacity }),
      cronJob,
      observingPolicy({
        name: 'render',
        spec: { targetRef: undefined, jobSelector: { matchLabels: labels } },
        burst: { strategy: 'Rescue', maxReplicas: 300 },
      }),
    );
    await scene.kubectl(`rollout status deployment/filler -n ${namespace} --timeout=60s`);
    await scene.controller('spillway-0');
  });
  after(() => scene?.close());

  const pods = async (): Promise<readonly Pod[]> => {
    const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3Drender`;
    return (await scene.api.get<{ readonly items: readonly Pod[] }>(path))?.items ?? [];
  };

  /** What `kubectl create job --from=cronjob/render` sends, as often as wanted. */
  async function createJobs(): Promise<void> {
    const path = `/apis/batch/v1/namespaces/${namespace}`;
    const cron = await scene.api.get<CronJob>(`${path}/cronjobs/render`);
    assert.ok(cron !== undefined);
    const { metadata, spec } = cron.spec.jobTemplate;
    const owner = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      name: 'render',
      uid: cron.metadata.uid,
      controller: true,
    };
    const answers = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        scene.api.call('POST', `${path}/jobs`, {
          apiVersion: 'batch/v1',
          kind: 'Job',
          metadata: {
            name: `render-${index}`,
            labels: metadata.labels,
            annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' },
            ownerReferences: [owner],
          },
          spec,
        }),
      ),
    );
    assert.ok(answers.every(({ status }) => status === 201));
  }

  test('run on the virtual node within seconds of being stuck, each let on once, and end there', async (t) => {
    const startedAtMs = Date.now();
    const since = (): string => ((Date.now() - startedAtMs) / 1000).toFixed(1);
    await createJobs();
    t.diagnostic(`${count} Jobs made in ${since()} s`);
    await waitFor('all pods', async () => (await pods()).length === count, 30_000);
    t.diagnostic(`${count} pods after ${since()} s`);
    const all = await waitFor(
      'all to run',
      async () => {
        const found = await pods();
        return found.every(({ status }) => status?.phase === 'Running') && found;
      },
      60_000,
    );
    t.diagnostic(`all run after ${since()} s`);
    assert.ok(all.every(({ spec }) => spec.nodeName?.startsWith('virtual-node')));
    const waits = all.map(boundAfterMs).toSorted((a, b) => a - b);
    const [median, longest] = [waits[count / 2] ?? Number.NaN, waits.at(-1) ?? Number.NaN];
    t.diagnostic(`from being made to having a node: median ${median / 1000} s, at most ${longest / 1000} s`);
    assert.ok(longest <= 20_000, `${longest} ms`);

    const writes = writesIn(scene.cluster.auditEvents(), startedAtMs).filter(
      ({ resource }) => resource !== 'leases',
    );
    const admitted = writes.filter(({ resource, succeeded }) => resource === 'pods' && succeeded);
    t.diagnostic(`${writes.length} writes in all, ${admitted.length} of them let a pod on`);
    assert.equal(new Set(admitted.map(({ name }) => name)).size, count);
    assert.equal(admitted.length, count, 'none is written twice');
    assert.ok(admitted.every(({ decision }) => decision !== undefined));

    assert.equal(await scene.cluster.virtualNode.complete({ namespace }), count);
    await waitFor(
      'all Jobs to be done',
      async () => {
        const path = `/apis/batch/v1/namespaces/${namespace}/jobs?labelSelector=app%3Drender`;
        const jobs = await scene.api.get<{
          readonly items: readonly { readonly status: { succeeded?: number } }[];
        }>(path);
        return jobs?.items.every(({ status }) => status.succeeded === 1) === true;
      },
      30_000,
    );
    await scene.condition('Bursting', 'False', 'NothingSpills', 'render');
  });
});
