import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { drainable } from '../../worker/drainable.ts';
import type { CrewSetup, Order, Word } from './crew.ts';

// Ctrl-C is for the demo, which tells when to end.
process.on('SIGINT', () => {});

/** The process that does the work of the demo's pods: one real BullMQ worker for each that runs, named after it. */
const { host, port, queue, jobMs } = JSON.parse(process.argv[2] ?? '{}') as CrewSetup;
const workers = new Map<string, Worker>();
const say = (word: Word): void => {
  // Nobody listens any more while the demo ends.
  if (process.connected) process.send?.(word, undefined, undefined, () => {});
};

process.on('message', (order: Order) => {
  switch (order.do) {
    case 'start':
      workers.set(order.pod, startWorker(order.pod));
      return;
    case 'terminate': {
      const worker = workers.get(order.pod);
      workers.delete(order.pod);
      const closed = worker?.close() ?? Promise.resolve();
      void closed.finally(() => say({ what: 'exited', pod: order.pod }));
      return;
    }
    case 'kill': {
      const worker = workers.get(order.pod);
      workers.delete(order.pod);
      void worker?.close(true);
      return;
    }
  }
});
// A demo that is gone takes its workers with it.
process.on('disconnect', () => process.exit(0));
say({ what: 'ready' });

function startWorker(pod: string): Worker {
  const worker = new Worker(queue, () => sleep(jobMs), {
    connection: { host, port, maxRetriesPerRequest: null },
    name: pod,
    metrics: { maxDataPoints: 60 },
  });
  worker.on('completed', () => say({ what: 'completed' }));
  worker.on('failed', () => say({ what: 'failed' }));
  worker.on('stalled', () => say({ what: 'stalled' }));
  worker.on('error', () => {});
  drainable(worker, { podName: pod, signals: false, log: () => {} });
  return worker;
}
