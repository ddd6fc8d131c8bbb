import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Queue } from 'bullmq';
import type { Report, WorkforceOptions } from './workforce-process.ts';

export type { Report } from './workforce-process.ts';

/** The workers of a scene's pods, in a process of their own. */
export interface Workforce {
  report(): Promise<Report>;
  close(): Promise<void>;
}

/** Starts it; resolves when it follows the pods. */
export async function startWorkforce(options: WorkforceOptions): Promise<Workforce> {
  const child = fork(new URL('workforce-process.ts', import.meta.url), [JSON.stringify(options)]);
  await once(child, 'message');
  return {
    async report() {
      const answer = once(child, 'message');
      child.send('report');
      const [report] = (await answer) as [Report];
      return report;
    },
    async close() {
      if (!child.connected) return;
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
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
