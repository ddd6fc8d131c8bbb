import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../../src/commands/redis-server.ts';
import { selfSigned } from '../../src/certificate/self-signed.ts';
import { waitFor } from '../cluster/wait-for.ts';
import { ask } from '../unit/external-metrics/served.ts';
import { type ControllerProcess, startControllerProcess } from './controller-process.ts';
import {
  type ApiService,
  apiService,
  apiServicePath,
  autoscaler,
  home,
  metrics,
  ownAddress,
  readsSecret,
  rights,
  root,
  service,
  serviceOn,
  vmCapacity,
  wanted,
} from './external-metrics-objects.ts';
import {
  namespace,
  quickPolicy,
  queueName,
  redisSecret,
  type Scene,
  startScene,
  target,
  workerDeployment,
} from './scene.ts';
import { setBacklog } from './spike.ts';

describe('external metrics', () => {
  let scene: Scene;
  let ports: readonly [number, number];
  const controllers: ControllerProcess[] = [];

  const registered = async (): Promise<ApiService> => {
    const found = await scene.api.get<ApiService>(apiServicePath);
    assert.ok(found !== undefined);
    return found;
  };
  const raw = async (path: string): Promise<{ readonly items?: readonly Item[]; readonly kind: string }> =>
    JSON.parse(await scene.kubectl(`get --raw ${path}`)) as { kind: string };
  const valuesOf = async (metric: string): Promise<readonly string[]> =>
    ((await raw(`${metrics}/${metric}`)).items ?? []).map(({ value }) => value);
  const refusalOf = async (path: string): Promise<string> =>
    (await scene.cluster.kubectl(['get', '--raw', path])).stderr;

  interface Item {
    readonly value: string;
    readonly metricLabels: Readonly<Record<string, string>>;
  }

  before(async () => {
    const extraArgs = { controllerManager: ['--horizontal-pod-autoscaler-sync-period=1s'] };
    scene = await startScene({ extraArgs });
    ports = [await freePort(), await freePort()];
    await scene.apply(...rights());
    await scene.apply(
      ...readsSecret(),
      ...serviceOn(ownAddress(), ports),
      apiService('keda', 'keda-metrics'),
    );
    await scene.apply(workerDeployment(), quickPolicy({ scaling: { maxReplicas: 100 } }));
    await scene.kubectl(`rollout status deployment/${target} -n ${namespace} --timeout=60s`);
    const kubeconfigPath = await scene.cluster.kubeconfigFor({ serviceAccount: 'spillway', namespace: home });
    for (const [index, port] of ports.entries()) {
      controllers.push(
        await startControllerProcess({
          cluster: scene.cluster,
          podName: `spillway-${index}`,
          kubeconfigPath,
          config: {
            lease: { namespace: home },
            externalMetrics: { enabled: true, port, service: { name: service, namespace: home } },
          },
        }),
      );
    }
  });
  after(async () => {
    await Promise.all(controllers.map((one) => one.end()));
    await scene?.close();
  });

  test('an APIService of somebody else is left alone, and the log names its owner', async () => {
    const line = await waitFor('the log to name it', () =>
      controllers
        .flatMap((one) => one.log())
        .find((one) => JSON.stringify(one).includes('EXTERNAL_METRICS_TAKEN')),
    );
    assert.match(JSON.stringify(line), /keda\/keda-metrics/);
    const { spec } = await registered();
    assert.deepEqual([spec.service?.namespace, spec.caBundle], ['keda', undefined]);
  });

  test('kubectl shows the list and the values as soon as the APIService is ours', async () => {
    await scene.api.call('DELETE', apiServicePath);
    await scene.apply(apiService());
    await waitFor(
      'the APIService to be available',
      async () =>
        (await registered()).status?.conditions?.some(
          ({ type, status }) => type === 'Available' && status === 'True',
        ),
      60_000,
    );
    assert.equal((await raw(root)).kind, 'APIResourceList');
    await setBacklog(scene.queue, 3);
    await waitFor(
      'the backlog to be told',
      async () => (await valuesOf('spillway_backlog_jobs'))[0] === '3',
      40_000,
    );
    const { items } = await raw(
      `${metrics}/spillway_source_demand_replicas?labelSelector=policy%3D${queueName}`,
    );
    const labels = { policy: queueName, source: 'queue', type: 'BullMQ', queue: queueName };
    assert.deepEqual(items?.[0]?.metricLabels, labels);
    assert.deepEqual(await valuesOf('spillway_burst_running_replicas'), ['0']);
  });

  test('every replica answers, the one that does not lead too', async () => {
    const { spec } = await registered();
    const trust = join(scene.cluster.dir, 'trust');
    for (const port of ports) {
      const { status, body } = await ask({
        port,
        path: `${metrics}/spillway_stuck_pods`,
        ca: Buffer.from(spec.caBundle ?? '', 'base64'),
        servername: `${service}.${home}.svc`,
        cert: readFileSync(join(trust, 'front-proxy-client.crt')),
        key: readFileSync(join(trust, 'front-proxy-client.key')),
      });
      assert.equal(status, 200);
      assert.deepEqual(
        body.items?.map(({ value }) => value),
        ['0'],
      );
    }
  });

  test('a certificate that ends soon is renewed without a restart, and the API server trusts both', async () => {
    const dayMs = 86_400_000;
    const soon = selfSigned({
      name: 'test',
      hosts: [`${service}.${home}.svc`],
      notBeforeMs: Date.now() - 80 * dayMs,
      notAfterMs: Date.now() + dayMs,
    });
    const stringData = { 'tls.crt': soon.certificate, 'tls.key': soon.key, 'ca.crt': soon.certificate };
    await scene.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'spillway-external-metrics-tls', namespace: home },
      type: 'kubernetes.io/tls',
      stringData,
    });
    const bundle = await waitFor('the old and the new one to be trusted', async () => {
      const text = Buffer.from((await registered()).spec.caBundle ?? '', 'base64').toString();
      return text.endsWith(soon.certificate) && text.length > soon.certificate.length && text;
    });
    const newest = new X509Certificate(bundle);
    assert.ok(newest.validToDate.getTime() > Date.now() + 80 * dayMs);
    for (const port of ports) {
      await waitFor(`port ${port} to show it`, async () =>
        (
          await ask({ port, path: '/healthz', ca: bundle, servername: `${service}.${home}.svc` })
        ).shown.equals(newest.raw),
      );
    }
    assert.deepEqual(await valuesOf('spillway_stuck_pods'), ['0']);
  });

  test('who is not the front proxy is refused, though the cluster knows him', async () => {
    const trust = join(scene.cluster.dir, 'trust');
    // The API server's own certificate: of the cluster's authority, but not of the front proxy's.
    const cert = readFileSync(join(trust, 'apiserver.crt'));
    const key = readFileSync(join(trust, 'apiserver.key'));
    for (const who of [{}, { cert, key }]) {
      const { status, body } = await ask({
        port: ports[0],
        path: `${metrics}/spillway_stuck_pods`,
        ...who,
      });
      assert.deepEqual([status, body.reason], [401, 'Unauthorized']);
    }
  });

  test('an unknown metric and a selector that cannot be read are refused with what to do', async () => {
    assert.match(await refusalOf(`${metrics}/queue_length`), /NotFound.*There is no metric of this name/);
    const selector = encodeURIComponent('policy in thumbnails');
    const refusal = await refusalOf(`${metrics}/spillway_backlog_jobs?labelSelector=${selector}`);
    assert.match(refusal, /BadRequest.*The label selector cannot be read/);
  });

  test('the real HPA scales on it, and Spillway bursts what does not fit on VMs', async () => {
    await scene.apply(autoscaler());
    await setBacklog(scene.queue, wanted);
    await waitFor(
      'the HPA to ask for all of them',
      async () => (await scene.deployment(target))?.spec.replicas === wanted,
      60_000,
    );
    await waitFor(
      'the rest to burst',
      async () => {
        const replicas = (await scene.companions()).reduce((sum, { spec }) => sum + spec.replicas, 0);
        return replicas === wanted - vmCapacity;
      },
      60_000,
    );
    await waitFor(
      'the burst to be told',
      async () => (await valuesOf('spillway_burst_running_replicas'))[0] === '8',
      60_000,
    );
    const writers = scene.cluster
      .auditEvents()
      .filter(
        ({ verb, objectRef }) =>
          verb !== 'get' && objectRef?.name === target && objectRef?.subresource === 'scale',
      )
      .map(({ user }) => user?.username ?? '');
    assert.deepEqual([...new Set(writers)], ['system:serviceaccount:kube-system:horizontal-pod-autoscaler']);
  });

  test('a source that is lost has no number, and the HPA keeps its replicas', async () => {
    await scene.apply(redisSecret('redis://127.0.0.1:1'));
    await waitFor(
      'the source to be lost',
      async () =>
        /ServiceUnavailable|cannot be read/.test(await refusalOf(`${metrics}/spillway_backlog_jobs`)),
      60_000,
    );
    const message = await waitFor(
      'the HPA to say so',
      async () => {
        const hpa = await scene.api.get<{
          readonly status?: {
            readonly conditions?: readonly { type: string; status: string; message: string }[];
          };
        }>(`/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers/${target}`);
        return hpa?.status?.conditions?.find(
          ({ type, status }) => type === 'ScalingActive' && status === 'False',
        )?.message;
      },
      60_000,
    );
    assert.match(message, /Policy thumbnails, source queue cannot be read/);
    assert.equal((await scene.deployment(target))?.spec.replicas, wanted);
  });
});
