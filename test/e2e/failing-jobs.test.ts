import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { waitFor } from '../cluster/wait-for.ts';
import { fullPool, namespace, observingPolicy, type Scene, startScene, workerDeployment } from './scene.ts';
import { writesIn } from './writes.ts';

interface Job {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly failed?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

const labels = { app: 'render' };
const vmCapacity = 12;
/** So long nothing may happen to a Job: its controller makes the next pod 10 s after a failure, 20 s after the next. */
const watchMs = 35_000;

function jobOf(name: string, spec: { readonly backoffLimit?: number }, restartPolicy: string): object {
  const resources = { requests: { cpu: '1', memory: '64Mi' } };
  const containers = [{ name: 'render', image: 'example.com/missing:1', resources }];
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels },
    spec: { ...spec, template: { metadata: { labels }, spec: { restartPolicy, containers } } },
  };
}

function many(count: number, name: string, ...of: [{ readonly backoffLimit?: number }, string]): object[] {
  return Array.from({ length: count }, (_, index) => jobOf(`${name}-${index}`, ...of));
}

describe('Jobs whose image the virtual node cannot have, on a full pool', () => {
  let scene: Scene;
  let startedAtMs: number;

  before(async () => {
    scene = await startScene();
    await scene.cluster.virtualNode.setDeletion('remove');
    await scene.cluster.virtualNode.failCreates(
      'api call failed: got HTTP response status code 400 error code "InaccessibleImage": the image is not accessible',
    );
    await scene.apply(
      fullPool(),
      workerDeployment({ name: 'filler', replicas: vmCapacity }),
      observingPolicy({
        name: 'render',
        spec: { targetRef: undefined, jobSelector: { matchLabels: labels } },
        burst: { strategy: 'Rescue', maxReplicas: 300 },
      }),
    );
    await scene.kubectl(`rollout status deployment/filler -n ${namespace} --timeout=60s`);
    await scene.controller('spillway-0');
    startedAtMs = Date.now();
  });
  after(() => scene?.close());

  const jobs = async (): Promise<readonly Job[]> => {
    const path = `/apis/batch/v1/namespaces/${namespace}/jobs`;
    return (await scene.api.get<{ readonly items: readonly Job[] }>(path))?.items ?? [];
  };
  const written = (verb: string): readonly string[] =>
    writesIn(scene.cluster.auditEvents(), startedAtMs)
      .filter(({ resource, succeeded, verb: its }) => resource === 'pods' && succeeded && its === verb)
      .map(({ name }) => name);

  test('none is driven to Failed: their pods are not given up one after the other, and no others are let on', async (t) => {
    await scene.apply(
      ...many(6, 'few', { backoffLimit: 1 }, 'OnFailure'),
      ...many(3, 'usual', {}, 'OnFailure'),
      ...many(2, 'ending', { backoffLimit: 1 }, 'Never'),
    );
    await scene.condition('Limited', 'True', 'Breaker', 'render');
    const letOn = written('patch').length;
    await scene.apply(...many(4, 'later', {}, 'OnFailure'));
    await systemClock.sleep(watchMs);

    const all = await jobs();
    assert.equal(all.length, 15);
    const failed = all.filter(({ status }) =>
      status.conditions?.some((each) => each.type.startsWith('Fail') && each.status === 'True'),
    );
    assert.deepEqual(
      failed.map(({ metadata }) => metadata.name),
      [],
    );
    const given = written('delete');
    t.diagnostic(`${letOn} pods let on, ${given.length} failed ones given up`);
    const ofOthers = given.filter((name) => !name.startsWith('usual-') && !name.startsWith('ending-'));
    assert.deepEqual(ofOthers, [], 'of Jobs that may fail once');
    assert.ok(given.filter((name) => name.startsWith('usual-')).length <= 1);
    assert.deepEqual(
      written('patch').filter((name) => name.startsWith('later-')),
      [],
    );
    const { status } = await waitFor('the failed pods to be told', async () => {
      const policy = await scene.policy('render');
      return JSON.stringify(policy.status).includes('backoffLimit') && policy;
    });
    t.diagnostic(JSON.stringify(status?.conditions?.find(({ type }) => type === 'Limited')));
  });
});
