import { decide } from '../../../src/decide/decide.ts';
import { type Memory, restoredMemory } from '../../../src/decide/memory.ts';
import type { OkSample } from '../../../src/decide/observation.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { nodes, observation, startMs } from './given.ts';

/** What a shop is given to do, and how it differs from a plain one. All times in seconds. */
export interface ShopOptions {
  readonly policy: Policy;
  readonly seconds: number;
  /** Jobs that arrive in the second that begins at `second`; fractions add up. */
  readonly arrivals: (second: number) => number;
  readonly jobSeconds: (second: number) => number;
  /** From asking for a replica to its first job. */
  readonly startSeconds?: number;
  /** What the queue says besides its counts. */
  readonly sample?: (second: number) => Partial<OkSample>;
  /** Replicas of which nobody works, though they look ready. */
  readonly stopped?: (second: number) => boolean;
  /** Seconds between two decisions. */
  readonly stepSeconds?: number;
}

/** What a shop did, second by second. */
export interface ShopBooks {
  /** Demand after each decision. */
  readonly demand: readonly number[];
  readonly backlog: readonly number[];
  readonly started: number;
  readonly longestWaitSeconds: number;
}

const tickSeconds = 0.1;

/**
 * `decide` in a loop with a queue and replicas that do what it says: FIFO, one job at a time, replicas that are let go
 * finish the job at hand. As small as a model can be, so that what is seen is the rule and nothing else.
 */
export function runShop(options: ShopOptions): ShopBooks {
  const { policy, seconds, startSeconds = 0, stepSeconds = 1 } = options;
  let memory: Memory = restoredMemory(startMs, { demand: 0, burst: 0 });
  let workers: { readyAt: number; busyUntil: number; leaving: boolean }[] = [];
  const waiting: number[] = [];
  let owed = 0;
  let [arrived, completed, longestWaitSeconds, started] = [0, 0, 0, 0];
  const demand: number[] = [];
  const backlog: number[] = [];

  for (let tick = 0; tick < seconds / tickSeconds; tick += 1) {
    const now = tick * tickSeconds;
    owed += options.arrivals(Math.floor(now)) * tickSeconds;
    for (; owed >= 1 - 1e-9; owed -= 1) {
      waiting.push(now);
      arrived += 1;
    }
    const works = options.stopped?.(now) !== true;
    for (const worker of workers) {
      if (worker.busyUntil > 0 && worker.busyUntil <= now + 1e-9) {
        worker.busyUntil = 0;
        completed += 1;
      }
      if (!works || worker.leaving || worker.readyAt > now || worker.busyUntil > 0) continue;
      const since = waiting.shift();
      if (since === undefined) continue;
      worker.busyUntil = now + options.jobSeconds(now);
      longestWaitSeconds = Math.max(longestWaitSeconds, now - since);
      started += 1;
    }
    workers = workers.filter((worker) => !worker.leaving || worker.busyUntil > 0);
    if (tick % Math.round(stepSeconds / tickSeconds) !== 0) continue;

    const atMs = startMs + Math.round(now * 1000);
    const staying = workers.filter((worker) => !worker.leaving);
    const ready = staying.filter((worker) => worker.readyAt <= now);
    const result = decide(
      policy,
      observation({
        atMs,
        sample: {
          atMs,
          backlog: waiting.length,
          active: workers.filter((worker) => worker.busyUntil > 0).length,
          oldestAgeSeconds: waiting[0] === undefined ? 0 : now - waiting[0],
          arrivalsTotal: arrived,
          completionsTotal: completed,
          ...options.sample?.(now),
        },
        target: { replicas: staying.length },
        pods: {
          placed: staying.length,
          placedReady: ready.length,
          startingSeconds: staying
            .filter((one) => one.readyAt > now)
            .map((one) => startSeconds - (one.readyAt - now)),
          startLatencySeconds: startSeconds,
        },
        vmPool: { groups: [nodes(100, 100)] },
      }),
      memory,
    );
    memory = result.memory;
    demand.push(result.decision.demand);
    backlog.push(waiting.length);
    const wanted = result.decision.targetReplicas ?? staying.length;
    for (let more = staying.length; more < wanted; more += 1) {
      workers.push({ readyAt: now + startSeconds, busyUntil: 0, leaving: false });
    }
    const idleFirst = [...staying].sort((a, b) => a.busyUntil - b.busyUntil);
    for (const worker of idleFirst.slice(0, Math.max(0, staying.length - wanted))) worker.leaving = true;
  }
  return { demand, backlog, started, longestWaitSeconds };
}

/** Seconds at which the demand turned: rose after it had last fallen, or fell after it had last risen. */
export function turns(demand: readonly number[], fromSecond = 0): readonly number[] {
  const found: number[] = [];
  let direction = 0;
  for (let second = fromSecond + 1; second < demand.length; second += 1) {
    const now = Math.sign((demand[second] ?? 0) - (demand[second - 1] ?? 0));
    if (now === 0) continue;
    if (direction !== 0 && now !== direction) found.push(second);
    direction = now;
  }
  return found;
}

/** The most turns that fall within any span of so many seconds. */
export function mostTurnsWithin(found: readonly number[], spanSeconds: number): number {
  return Math.max(
    0,
    ...found.map((from) => found.filter((at) => at >= from && at < from + spanSeconds).length),
  );
}
