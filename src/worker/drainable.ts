import { BullTaker, type BullWorker, clientOf } from './bullmq-worker.ts';
import { checkOptions, checkWorker } from './checks.ts';
import { type DrainHandle, type DrainOptions, loopOptions, register } from './options.ts';
import { placeOf } from './place.ts';
import { reportScript } from './protocol.ts';
import { type Call, scriptOver } from './redis-client.ts';
import { within } from './waiting.ts';

/** A Worker with nothing in work closes at once, unless Redis goes just then. */
const closeWithinMs = 5_000;

/**
 * Makes a Worker of BullMQ drainable: when its pod is marked it takes no more jobs, ends those in work and says so;
 * when the mark goes it works on. It speaks over the Worker's own client, one call an interval.
 * Call it right after the Worker is made, once for each Worker.
 * @throws TypeError where this is no Worker, and where an option cannot be meant
 */
export function drainable(worker: BullWorker, options: DrainOptions = {}): DrainHandle {
  checkWorker(worker);
  checkOptions('drainable', options);
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
  const place = placeOf(worker.opts.connection);
  const member = register({ taker, connect, place, settings }, options, async ({ jobsLeft, isClean }) => {
    if (jobsLeft > 0) log(`Spillway: ${pod} has closed, and jobs were left: ${jobsLeft}.`);
    const closed = worker.close(!isClean).catch(() => undefined);
    await within(closed, closeWithinMs);
  });
  worker.once('closing', () => void member.close());
  return {
    podName: pod,
    get state() {
      return member.state;
    },
    close: member.close,
  };
}
