import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import { connect } from '../../src/cluster/client.ts';
import { Interner } from '../../src/cluster/intern.ts';
import { Reflector } from '../../src/cluster/reflector.ts';
import { collectionPath, slimAs } from '../../src/cluster/resources.ts';
import type { SlimPod } from '../../src/cluster/slim.ts';
import { systemClock } from '../../src/clock.ts';

/** Which pods work, on what, and how long a job takes. */
export interface WorkforceOptions {
  readonly kubeconfigPath: string;
  readonly namespace: string;
  /** Pods with this label `app` work. */
  readonly app: string;
  readonly redis: { readonly host: string; readonly port: number };
  readonly queue: string;
  readonly jobMs: number;
}

/** How often a job was run, and whether it was ever stalled. */
export interface Tally {
  readonly runs: ReadonlyMap<string, number>;
  readonly stalled: number;
  readonly failed: number;
}

/** The work that pods would do: for every Running pod of an app, one real BullMQ worker that is named after it. */
export interface Workforce {
  /** Pods that run now, with the node that each runs on. */
  readonly running: ReadonlyMap<string, string>;
  readonly tally: Tally;
  /** Calls `look` at every change of a pod; the returned function ends that. */
  onChange(look: () => void): () => void;
  close(): Promise<void>;
}

export async function startWorkforce(options: WorkforceOptions): Promise<Workforce> {
  const { namespace, app, redis, queue, jobMs } = options;
  const client = connect({ kubeconfigPath: options.kubeconfigPath, userAgent: 'spillway-e2e/workers' });
  const stop = new AbortController();
  const workers = new Map<string, { readonly worker: Worker; readonly node: string }>();
  const closing = new Set<Promise<void>>();
  const running = new Map<string, string>();
  const runs = new Map<string, number>();
  const listeners = new Set<() => void>();
  let stalled = 0;
  let failed = 0;

  const start = (pod: SlimPod): void => {
    const worker = new Worker(
      queue,
      async (job) => {
        const id = job.id ?? '';
        runs.set(id, (runs.get(id) ?? 0) + 1);
        await sleep(jobMs);
      },
      {
        connection: { ...redis, maxRetriesPerRequest: null },
        name: pod.name,
        metrics: { maxDataPoints: 60 },
      },
    );
    worker.on('stalled', () => {
      stalled += 1;
    });
    worker.on('failed', () => {
      failed += 1;
    });
    worker.on('error', () => {});
    workers.set(pod.uid, { worker, node: pod.nodeName ?? '' });
    running.set(pod.name, pod.nodeName ?? '');
  };
  /** As a good worker does on SIGTERM: finish the job at hand, take no more. */
  const end = (pod: SlimPod): void => {
    const known = workers.get(pod.uid);
    if (known === undefined) return;
    workers.delete(pod.uid);
    running.delete(pod.name);
    const closed = known.worker.close().finally(() => closing.delete(closed));
    closing.add(closed);
  };

  const interner = new Interner();
  const reflector = new Reflector<SlimPod>({
    client,
    clock: systemClock,
    path: collectionPath('pods', namespace),
    slim: (raw) => slimAs('pods', raw, interner),
    onEvent: (event) => {
      if (event.type === 'listed' || event.object.labels.app !== app) return;
      const pod = event.object;
      const works = event.type !== 'deleted' && pod.phase === 'Running' && pod.endsAtMs === undefined;
      if (works && !workers.has(pod.uid)) start(pod);
      if (!works) end(pod);
      for (const look of listeners) look();
    },
  });
  const watching = reflector.run(stop.signal);
  await reflector.synced;

  return {
    running,
    get tally() {
      return { runs, stalled, failed };
    },
    onChange(look) {
      listeners.add(look);
      return () => listeners.delete(look);
    },
    async close() {
      stop.abort();
      await watching;
      await Promise.all([...workers.values()].map(({ worker }) => worker.close(true)));
      await Promise.all(closing);
      await client.close();
    },
  };
}

/** Puts so many jobs into a queue, in bulks of a thousand. */
export async function addJobs(queue: Queue, count: number): Promise<void> {
  for (let done = 0; done < count; done += 1000) {
    const size = Math.min(1000, count - done);
    await queue.addBulk(
      Array.from({ length: size }, () => ({
        name: 'job',
        data: {},
        opts: { removeOnComplete: true, removeOnFail: false },
      })),
    );
  }
}
