import { setTimeout as sleep } from 'node:timers/promises';
import type { Queue } from 'bullmq';
import { addJobs } from './workforce.ts';

/** Brings the number of jobs that wait in a queue without workers to `count`. */
export async function setBacklog(queue: Queue, count: number): Promise<void> {
  const waiting = await queue.getWaitingCount();
  if (waiting > count) await queue.drain();
  await addJobs(queue, waiting > count ? count : count - waiting);
}

/** Lets the backlog grow job by job, so that one decision after the other has something to write. */
export function growBacklog(queue: Queue, everyMs: number): { stop(): Promise<void> } {
  const stop = new AbortController();
  const growing = (async () => {
    while (!stop.signal.aborted) {
      await addJobs(queue, 1);
      await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  return {
    async stop() {
      stop.abort();
      await growing;
    },
  };
}
