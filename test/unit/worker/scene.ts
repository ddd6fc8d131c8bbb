import type { TestContext } from 'node:test';
import { Queue, Worker, type Job, type WorkerOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { startRedis, type TestRedis } from '../../redis.ts';

/** A report of a worker, as it stands in Redis. */
export interface StoredReport {
  readonly state: string;
  readonly mark: string;
  readonly busy: number;
  readonly atMs: number;
}

/** A Redis, and the controller's half of the drain protocol. */
export interface Scene {
  readonly redis: TestRedis;
  readonly client: Redis;
  /** Done when the test ends, before Redis goes: much cannot be closed without it. */
  readonly atEnd: (close: () => Promise<unknown>) => void;
  /** Marks a pod; the mark stands for `lifeMs` by Redis's clock. */
  mark(base: string, pod: string, mark?: string, lifeMs?: number): Promise<void>;
  lift(base: string, pod: string): Promise<void>;
  report(base: string, pod: string): Promise<StoredReport | undefined>;
  /** Resolves when the pod's report is as wanted. */
  reported(base: string, pod: string, wanted: (report: StoredReport) => boolean): Promise<StoredReport>;
}

/** A scene with a redis-server of its own, which goes with the test. */
export async function sceneFor(t: TestContext): Promise<Scene> {
  const redis = await startRedis();
  const client = new Redis(redis.url, { maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  const closers: (() => Promise<unknown>)[] = [];
  t.after(async () => {
    await Promise.all(closers.map((close) => close()));
    client.disconnect();
    await redis.stop();
  });
  const report: Scene['report'] = async (base, pod) => {
    const text = await client.hget(`${base}workers`, pod);
    return text === null ? undefined : (JSON.parse(text) as StoredReport);
  };
  return {
    redis,
    client,
    report,
    atEnd: (close) => void closers.push(close),
    async mark(base, pod, mark = 'm1', lifeMs = 60_000) {
      const [seconds, micros] = await client.time();
      const nowMs = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
      await client.hset(`${base}marks`, pod, `${mark} ${nowMs + lifeMs}`);
    },
    async lift(base, pod) {
      await client.hdel(`${base}marks`, pod);
    },
    async reported(base, pod, wanted) {
      let found: StoredReport | undefined;
      await eventually(async () => {
        found = await report(base, pod);
        return found !== undefined && wanted(found);
      });
      if (found === undefined) throw new Error(`${pod} has not reported`);
      return found;
    },
  };
}

/** Looks every few milliseconds until it is so; rejects after 8 s. */
export async function eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + 8_000;
  while (!(await isSo())) {
    if (performance.now() > untilMs) throw new Error('it has not come about within 8 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A gate that stays shut until it is opened. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

/** A queue and its workers, closed when the test ends. */
export function bullmqOn({ redis, atEnd }: Scene, name: string) {
  const connection = { url: redis.url, maxRetriesPerRequest: null };
  const queue = new Queue(name, { connection });
  queue.on('error', () => undefined);
  const workers: Worker[] = [];
  atEnd(async () => {
    await Promise.all(workers.map((worker) => worker.close(true)));
    await queue.close();
  });
  return {
    queue,
    base: `bull:${name}:spillway:`,
    worker: (podName: string, run: (job: Job) => Promise<unknown>, more: Partial<WorkerOptions> = {}) => {
      const worker = new Worker(name, run, { connection, name: podName, ...more });
      worker.on('error', () => undefined);
      workers.push(worker);
      return worker;
    },
  };
}
