import { checkKey, checkOptions } from './checks.ts';
import { HandTaker } from './hand-taker.ts';
import { type DrainHandle, type DrainOptions, loopOptions, register } from './options.ts';
import { placeOf } from './place.ts';
import { baseOfKey, reportScript } from './protocol.ts';
import { type RedisClient, scriptOver } from './redis-client.ts';

/** What `drainSignal` needs besides the options of all workers. */
export interface DrainSignalOptions extends DrainOptions {
  /** A client of ioredis or node-redis. Not the one that waits in BLPOP or XREADGROUP: nothing gets through that. */
  readonly client: RedisClient;
  /** Key of the list or stream, as the policy names it. */
  readonly key: string;
}

/** Tells a loop of one's own whether to take jobs, and counts those in work. */
export interface DrainSignal extends DrainHandle {
  /** Whether it was closed, by `close` or by a signal: the loop is to end. */
  readonly closed: boolean;
  /** Aborts when no more jobs may be taken, so that waiting for one can be cut short. Ask anew for each wait. */
  readonly signal: AbortSignal;
  /**
   * Waits until jobs may be taken, takes one and works on it. What `take` gives counts as on its way until it is there;
   * undefined and null: there was none. What `take` and `work` throw comes out, but for what the aborted signal caused.
   * @returns whether a job was worked on
   */
  run<T>(
    take: (signal: AbortSignal) => Promise<T | null | undefined>,
    work: (job: T) => Promise<unknown>,
  ): Promise<boolean>;
  /** Whether a job may be taken now. Whoever takes one must call `started` before anything is awaited. */
  shouldTake(): boolean;
  /** Counts a job in work, from before it is taken until the returned function is called. */
  started(): () => void;
}

/**
 * Makes a consumer of a list or a stream drainable: a loop that asks `run`, or `shouldTake` and `started`. Other
 * queues than lists and streams of Redis cannot be drained this way, because Spillway does not read them.
 * @throws TypeError where the client is of no known kind or has a prefix for keys, and where an option cannot be meant
 */
export function drainSignal(options: DrainSignalOptions): DrainSignal {
  checkOptions('drainSignal', options, ['client', 'key']);
  const { client, key } = options;
  checkKey(key);
  const settings = loopOptions(options, baseOfKey(key));
  const taker = new HandTaker();
  const call = scriptOver(client, reportScript, 2);
  const place = placeOf(client);
  const member = register(
    { taker, connect: async () => call, place, settings },
    options,
    async () => undefined,
  );
  return {
    podName: settings.pod,
    get state() {
      return member.state;
    },
    get closed() {
      return taker.isClosed;
    },
    get signal() {
      return taker.signal;
    },
    async run(take, work) {
      while (!taker.mayTake && !taker.isClosed) await taker.changed();
      if (taker.isClosed) return false;
      const { signal } = taker;
      let finished = (): void => undefined;
      try {
        const job = await taker.fetch(async () => {
          const job = await take(signal);
          // Counted as in work before it ceases to be on its way.
          if (job !== null && job !== undefined) finished = taker.started();
          return job;
        });
        if (job === null || job === undefined) return false;
        await work(job);
        return true;
      } catch (error) {
        if (signal.aborted && error instanceof Error && error.name === 'AbortError') return false;
        throw error;
      } finally {
        finished();
      }
    },
    shouldTake: () => taker.mayTake,
    started: () => taker.started(),
    close: member.close,
  };
}
