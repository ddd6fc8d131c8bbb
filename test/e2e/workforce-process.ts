import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { names } from '../../src/act/names.ts';
import { systemClock } from '../../src/clock.ts';
import { connect } from '../../src/cluster/client.ts';
import { Interner } from '../../src/cluster/intern.ts';
import { Reflector } from '../../src/cluster/reflector.ts';
import { collectionPath, slimAs } from '../../src/cluster/resources.ts';
import type { SlimPod } from '../../src/cluster/slim.ts';
import { drainable } from '../../src/worker/index.ts';

/** What a workforce process is told at its start: which pods work, on what, and how long a job takes. */
export interface WorkforceOptions {
  readonly kubeconfigPath: string;
  readonly namespace: string;
  /** Pods with this label `app` work. */
  readonly app: string;
  readonly redis:
    | { readonly host: string; readonly port: number }
    | {
        readonly sentinels: { readonly host: string; readonly port: number }[];
        /** Of the master. */
        readonly name: string;
      };
  readonly queue: string;
  /** A job takes from this on, evenly up to three times as much where `uneven`. */
  readonly jobMs: number;
  readonly uneven?: boolean;
  /** Workers use the drain library. */
  readonly drains?: boolean;
  /** A deleted burst pod is killed at once, as on ACI: its jobs stop half-way and nobody says so. */
  readonly killsBurst?: boolean;
}

/** What it answers to any message: the pods that run, with their nodes, and what became of the jobs. */
export interface Report {
  readonly running: Readonly<Record<string, string>>;
  readonly jobsRun: number;
  /** Jobs that were run more than once. */
  readonly jobsRepeated: number;
  readonly stalled: number;
  readonly failed: number;
  /** Jobs that were in work on a pod when it was killed. */
  readonly interrupted: number;
  /** What a job took in work in the slowest five seconds that had a hundred of them, on average, ms. */
  readonly slowestMs: number;
}

interface OnePod {
  readonly worker: Worker;
  /** Ids of the jobs in work. */
  readonly inWork: ReadonlySet<string>;
  readonly killed: AbortController;
}

/**
 * The work that pods would do, in a process of its own: for every Running pod of the app one real BullMQ worker that
 * is named after it and ends with it, as a good worker does on SIGTERM.
 */
async function work(options: WorkforceOptions): Promise<void> {
  const { namespace, app, redis, queue, jobMs } = options;
  const client = connect({ kubeconfigPath: options.kubeconfigPath, userAgent: 'spillway-e2e/workers' });
  const stop = new AbortController();
  const workers = new Map<string, OnePod>();
  const running = new Map<string, string>();
  const runs = new Map<string, number>();
  let stalled = 0;
  let failed = 0;
  let interrupted = 0;
  const spans = new Map<number, { jobs: number; ms: number }>();
  const locks = options.killsBurst === true ? { lockDuration: 3_000, stalledInterval: 1_000 } : {};

  const start = (pod: SlimPod): void => {
    const killed = new AbortController();
    const inWork = new Set<string>();
    const worker = new Worker(
      queue,
      async (job) => {
        const id = job.id ?? '';
        runs.set(id, (runs.get(id) ?? 0) + 1);
        inWork.add(id);
        await sleep(options.uneven === true ? jobMs * (1 + 2 * Math.random()) : jobMs);
        inWork.delete(id);
        // Of a process that was killed nobody hears again.
        if (killed.signal.aborted) await new Promise(() => {});
      },
      {
        connection: { ...redis, maxRetriesPerRequest: null },
        name: pod.name,
        metrics: { maxDataPoints: 60 },
        ...locks,
      },
    );
    worker.on('stalled', () => {
      stalled += 1;
    });
    worker.on('completed', ({ processedOn = 0, finishedOn = 0 }) => {
      const slot = Math.floor(finishedOn / 5000);
      const span = spans.get(slot) ?? { jobs: 0, ms: 0 };
      spans.set(slot, { jobs: span.jobs + 1, ms: span.ms + finishedOn - processedOn });
    });
    worker.on('failed', () => {
      failed += 1;
    });
    worker.on('error', () => {});
    if (options.drains === true) drainable(worker, { podName: pod.name, signals: false, log: () => {} });
    workers.set(pod.uid, { worker, inWork, killed });
    running.set(pod.name, pod.nodeName ?? '');
  };
  /** As a good worker does on SIGTERM: finish the job at hand, take no more. Where that is not asked for, dead at once. */
  const end = (pod: SlimPod): void => {
    const known = workers.get(pod.uid);
    if (known === undefined) return;
    workers.delete(pod.uid);
    running.delete(pod.name);
    if (options.killsBurst !== true || pod.labels[names.burst] === undefined) {
      void known.worker.close();
      return;
    }
    interrupted += known.inWork.size;
    known.killed.abort();
    void known.worker.close(true).catch(() => undefined);
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
      interrupted,
      slowestMs: Math.max(
        0,
        ...[...spans.values()].filter(({ jobs }) => jobs >= 100).map(({ jobs, ms }) => ms / jobs),
      ),
    };
    process.send?.(report);
  });
  process.send?.('ready');
}

// A parent that is gone takes the workers with it.
process.on('disconnect', () => process.exit(0));
await work(JSON.parse(process.argv[2] ?? '{}') as WorkforceOptions);
