import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { RedisGroup } from './redis-group.ts';

/** Jobs for one replica, as the policy of a run has it. */
export const jobsPerReplica = 20;
export const vmCapacity = 12;
export const maxBurst = 24;
export const minReplicas = 2;

/** What so many unfinished jobs call for. This is said here once more, apart from the product, to judge it by. */
export function calledFor(unfinished: number): { readonly target: number; readonly burst: number } {
  const demand = Math.max(minReplicas, Math.ceil(unfinished / jobsPerReplica));
  return {
    target: Math.min(demand, vmCapacity),
    burst: Math.min(maxBurst, Math.max(0, demand - vmCapacity)),
  };
}

/** What the books of a queue say at the end. */
export interface Books {
  /** Every job that was ever made has a number: this is the last. */
  readonly made: number;
  readonly completed: number;
  readonly failed: number;
  readonly unfinished: number;
}

/** Keeps so many jobs of a queue unfinished, whatever workers do. */
export class Load {
  level = 0;
  readonly #queue: Queue;
  readonly #redis: RedisGroup;
  readonly #stop = new AbortController();
  readonly #feeding: Promise<void>;

  constructor(queueName: string, redis: RedisGroup) {
    this.#queue = new Queue(queueName, { connection: { ...redis.connection, maxRetriesPerRequest: null } });
    this.#queue.on('error', () => {});
    this.#redis = redis;
    this.#feeding = this.#feed();
  }

  async unfinished(): Promise<number> {
    const { waiting = 0, active = 0, prioritized = 0, delayed = 0 } = await this.#queue.getJobCounts();
    return waiting + active + prioritized + delayed;
  }

  async books(): Promise<Books> {
    const redis = new Redis(await this.#redis.primaryPort());
    const made = Number(await redis.get(this.#queue.toKey('id')));
    redis.disconnect();
    const { completed = 0, failed = 0 } = await this.#queue.getJobCounts();
    return { made, completed, failed, unfinished: await this.unfinished() };
  }

  /** Makes no more jobs and ends the connection. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#feeding;
    await this.#queue.close();
  }

  async #feed(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      // A Redis that is away is asked again: what was not taken is still missing then.
      await this.#topUp().catch(() => undefined);
      await sleep(200, undefined, { signal }).catch(() => undefined);
    }
  }

  async #topUp(): Promise<void> {
    const missing = this.level - (await this.unfinished());
    if (missing <= 0) return;
    // Jobs stay in the books when they are done: each must be there once.
    await this.#queue.addBulk(Array.from({ length: missing }, () => ({ name: 'job', data: {} })));
  }
}
