import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { systemClock } from '../../src/clock.ts';
import { connect } from '../../src/cluster/client.ts';
import { Interner } from '../../src/cluster/intern.ts';
import { Reflector } from '../../src/cluster/reflector.ts';
import { collectionPath, slimAs } from '../../src/cluster/resources.ts';
import type { SlimPod } from '../../src/cluster/slim.ts';

/** What a workforce process is told at its start: which pods work, on what, and how long a job takes. */
export interface WorkforceOptions {
  readonly kubeconfigPath: string;
  readonly namespace: string;
  /** Pods with this label `app` work. */
  readonly app: string;
  readonly redis: { readonly host: string; readonly port: number };
  readonly queue: string;
  readonly jobMs: number;
}

/** What it answers to any message: the pods that run, with their nodes, and what became of the jobs. */
export interface Report {
  readonly running: Readonly<Record<string, string>>;
  readonly jobsRun: number;
  /** Jobs that were run more than once. */
  readonly jobsRepeated: number;
  readonly stalled: number;
  readonly failed: number;
}

/**
 * The work that pods would do, in a process of its own: for every Running pod of the app one real BullMQ worker that
 * is named after it and ends with it, as a good worker does on SIGTERM.
 */
async function work(options: WorkforceOptions): Promise<void> {
  const { namespace, app, redis, queue, jobMs } = options;
  const client = connect({ kubeconfigPath: options.kubeconfigPath, userAgent: 'spillway-e2e/workers' });
  const stop = new AbortController();
  const workers = new Map<string, { readonly worker: Worker; readonly node: string }>();
  const running = new Map<string, string>();
  const runs = new Map<string, number>();
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
    void known.worker.close();
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
    },
  });
  void reflector.run(stop.signal);
  await reflector.synced;

  process.on('message', () => {
    const report: Report = {
      running: Object.fromEntries(running),
      jobsRun: runs.size,
      jobsRepeated: [...runs.values()].filter((count) => count > 1).length,
      stalled,
      failed,
    };
    process.send?.(report);
  });
  process.send?.('ready');
}

// A parent that is gone takes the workers with it.
process.on('disconnect', () => process.exit(0));
await work(JSON.parse(process.argv[2] ?? '{}') as WorkforceOptions);
