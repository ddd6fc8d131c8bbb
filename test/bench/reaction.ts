import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { type ClusterClient, connect } from '../../src/cluster/client.ts';
import { waitFor } from '../cluster/wait-for.ts';
import { burstPolicy, namespace, type Scene, startScene, vmNode, workerDeployment } from '../e2e/scene.ts';
import { type Percentiles, percentiles } from './percentiles.ts';

const jobsInASpike = 100;

/**
 * How long after the first job of a spike the API server has the companion: from the `added` entry in the queue's
 * event stream to the end of the write in the audit log, both by this machine's clock. Beside it what the same
 * machine needs at least: reading a length and patching a Deployment, one after the other.
 */
export async function reaction(options: { readonly json: boolean; readonly spikes: number }): Promise<void> {
  const say = (line: string): void => {
    if (!options.json) console.log(line);
  };
  const floor = await measure(1, (bed) => bareFloor(bed, options.spikes));
  const results: Record<string, Percentiles> = { floor };
  say(row('', 'spikes', 'p50 ms', 'p90 ms', 'p99 ms', '× floor at p50', '× floor at p99'));
  say(line('LLEN + PATCH (floor)', floor, floor));
  for (const policies of [1, 100]) {
    const measured = await measure(policies, (bed) => spikesOver(bed, options.spikes));
    results[`policies${policies}`] = measured;
    say(line(`${policies} ${policies === 1 ? 'policy' : 'policies'}`, measured, floor));
  }
  if (options.json) console.log(JSON.stringify(results));
}

interface Bed {
  readonly scene: Scene;
  readonly queues: readonly Queue[];
  /** Connections of the bench's own, so that looking on costs little. */
  readonly client: ClusterClient;
  readonly redis: Redis;
}

/** A cluster whose VM pool is full, with a controller and so many policies, each on a queue and a target of its own. */
async function measure(
  policies: number,
  run: (bed: Bed) => Promise<readonly number[]>,
): Promise<Percentiles> {
  const scene = await startScene({ vmNodes: 0 });
  const connection = { host: '127.0.0.1', port: scene.redis.port, maxRetriesPerRequest: null };
  const names = Array.from({ length: policies }, (_, index) => `bench-${index}`);
  const queues = names.map((name) => new Queue(name, { connection }));
  const client = connect({ kubeconfigPath: scene.cluster.kubeconfigPath, userAgent: 'bench' });
  const redis = new Redis(scene.redis.port, '127.0.0.1');
  try {
    for (const queue of queues) queue.on('error', () => {});
    await Promise.all(queues.map((queue) => queue.waitUntilReady()));
    await scene.cluster.virtualNode.setDeletion('remove');
    await scene.cluster.addVmNode({ ...vmNode('vm-full'), cpu: '100m' });
    await scene.apply(...names.map((name) => workerDeployment({ name, replicas: 0 })));
    await scene.controller('spillway-bench');
    await scene.apply(...names.map(policyFor));
    await waitFor(
      'every policy to be decided on',
      async () => {
        const policies = await scene.kubectl(
          `get burstpolicies -n ${namespace} -o jsonpath={.items[*].status.demand}`,
        );
        return policies.trim().split(/\s+/).length === names.length;
      },
      60_000,
    );
    return percentiles(await run({ scene, queues, client, redis }));
  } finally {
    redis.disconnect();
    await client.close();
    await Promise.all(queues.map((queue) => queue.close()));
    await scene.close();
  }
}

function policyFor(name: string): object {
  return burstPolicy({
    name,
    target: name,
    scaling: {
      minReplicas: 0,
      maxReplicas: 10,
      scaleDownStabilization: '0s',
      sources: [
        {
          name: 'queue',
          type: 'BullMQ',
          bullmq: { queue: name, urlFrom: { secretKeyRef: { name: 'redis', key: 'url' } } },
          backlogPerReplica: 50,
        },
      ],
    },
    burst: { vmPool: 'Fixed', maxReplicas: 10, reclaim: { after: '0s' } },
  });
}

async function spikesOver(bed: Bed, spikes: number): Promise<readonly number[]> {
  const { scene, queues } = bed;
  const startedMs: number[] = [];
  for (let spike = 0; spike < spikes; spike += 1) {
    const queue = queues[spike % queues.length];
    if (queue === undefined) break;
    await waitFor('the last burst to be gone', async () => !(await hasCompanion(bed, queue.name)), 60_000);
    // The queue has been quiet for as long as a spike finds it in life.
    await sleep(400);
    await queue.addBulk(Array.from({ length: jobsInASpike }, () => ({ name: 'job', data: {} })));
    startedMs.push(await firstAdded(bed.redis, queue));
    await waitFor('the burst', () => hasCompanion(bed, queue.name));
    await queue.drain(true);
    await queue.trimEvents(0);
  }
  const writes = companionWrites(scene);
  return startedMs.flatMap((start, spike) => {
    const queue = queues[spike % queues.length]?.name ?? '';
    const write = writes.find(({ name, endMs }) => name.startsWith(`${queue}-burst-`) && endMs >= start);
    return write === undefined ? [] : [write.endMs - start];
  });
}

/** When the first `added` of a queue's events happened, by Redis: milliseconds since the epoch. */
async function firstAdded(redis: Redis, queue: Queue): Promise<number> {
  const entries = await redis.xrange(queue.toKey('events'), '-', '+');
  const added = entries.find(([, fields]) => fields.includes('added'));
  return Number(added?.[0].split('-')[0]);
}

/** Companions made or grown, by the audit log, oldest first. */
function companionWrites(scene: Scene): readonly { readonly name: string; readonly endMs: number }[] {
  return scene.cluster.auditEvents().flatMap((event) => {
    const ours =
      event.userAgent?.startsWith('spillway/') === true && event.objectRef?.resource === 'deployments';
    const made = event.verb === 'create' && event.responseStatus?.code === 201;
    if (!ours || !made) return [];
    const { name } = (event.requestObject as { readonly metadata: { readonly name: string } }).metadata;
    return [{ name, endMs: Date.parse(event.stageTimestamp) }];
  });
}

async function hasCompanion({ client }: Bed, target: string): Promise<boolean> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const { items } = (await client.request('GET', path)) as { items: { metadata: { name: string } }[] };
  return items.some(({ metadata }) => metadata.name.startsWith(`${target}-burst-`));
}

/** What reading a queue's length and patching a Deployment takes, without anything in between. */
async function bareFloor({ queues, client, redis }: Bed, times: number): Promise<readonly number[]> {
  const [queue] = queues;
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${queue?.name ?? ''}`;
  const measured: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const startMs = performance.now();
    await redis.llen(queue?.toKey('wait') ?? '');
    await client.request('PATCH', path, {
      body: { metadata: { annotations: { 'bench/time': String(time) } } },
      contentType: 'application/merge-patch+json',
    });
    measured.push(performance.now() - startMs);
    await sleep(20);
  }
  return measured;
}

function line(name: string, measured: Percentiles, floor: Percentiles): string {
  const ratio = (a: number, b: number): string => (a / b).toFixed(1);
  return row(
    name,
    String(measured.count),
    String(measured.p50),
    String(measured.p90),
    String(measured.p99),
    ratio(measured.p50, floor.p50),
    ratio(measured.p99, floor.p99),
  );
}

function row(name: string, ...cells: readonly string[]): string {
  return name.padEnd(22) + cells.map((cell) => cell.padStart(15)).join('');
}
