import { BullTaker, type BullWorker, clientOf } from './bullmq-worker.ts';
import { DrainLoop } from './drain-loop.ts';
import { type DrainHandle, type DrainOptions, loopOptions, startLoop } from './options.ts';
import { reportScript } from './protocol.ts';
import { type Call, scriptOver } from './redis-client.ts';

/**
 * Makes a Worker of BullMQ drainable: when its pod is marked it takes no more jobs, ends those in work and says so;
 * when the mark goes it works on. It speaks over the Worker's own client, one call an interval.
 * Call it right after the Worker is made, once for each Worker.
 */
export function drainable(worker: BullWorker, options: DrainOptions = {}): DrainHandle {
  const settings = loopOptions(options, worker.toKey('spillway:'), worker.opts.name);
  const { pod, log } = settings;
  if (worker.opts.name !== pod) {
    log(
      `Spillway: the Worker of "${worker.name}" is not named after its pod. Give it { name: "${pod}" }: ` +
        'then its jobs tell who runs them (processedBy).',
    );
  }
  const taker = new BullTaker(worker);
  let call: Call | undefined;
  const connect = async (): Promise<Call> => (call ??= scriptOver(await clientOf(worker), reportScript, 2));
  const loop = new DrainLoop(taker, connect, settings);
  const close = startLoop(loop, options, async (jobsLeft) => {
    if (jobsLeft > 0) log(`Spillway: ${pod} has closed, and jobs were left: ${jobsLeft}.`);
    await worker.close(jobsLeft > 0).catch(() => undefined);
  });
  worker.once('closing', () => void close());
  return {
    podName: pod,
    get state() {
      return loop.state;
    },
    close,
  };
}
