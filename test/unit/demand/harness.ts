import type { TestContext } from 'node:test';
import { type Clock, systemClock } from '../../../src/clock.ts';
import type { LostSample, OkSample, Sample } from '../../../src/decide/observation.ts';
import type { DrainPort } from '../../../src/demand/drain.ts';
import { redisDemand } from '../../../src/demand/redis-demand.ts';
import type { SecretReader } from '../../../src/demand/secret-reader.ts';
import type { Demand, WatchRequest } from '../../../src/demand/source.ts';
import { SpillwayError } from '../../../src/errors.ts';
import type { Feed } from '../../../src/policy/policy.ts';

/** Secrets in memory, all in one namespace; changed by the test. */
export class TestSecrets implements SecretReader {
  readonly #secrets = new Map<string, Readonly<Record<string, string>>>();
  readonly #watchers = new Map<string, Set<() => void>>();

  set(name: string, secret: Readonly<Record<string, string>> | undefined): void {
    if (secret === undefined) this.#secrets.delete(name);
    else this.#secrets.set(name, secret);
    for (const changed of this.#watchers.get(name) ?? []) changed();
  }

  async read(namespace: string, name: string): Promise<Readonly<Record<string, string>>> {
    const secret = this.#secrets.get(name);
    if (secret === undefined) throw new SpillwayError('SECRET_NOT_FOUND', { namespace, secret: name });
    return secret;
  }

  watch(_namespace: string, name: string, changed: () => void): () => void {
    const watchers = this.#watchers.get(name) ?? new Set();
    this.#watchers.set(name, watchers.add(changed));
    return () => watchers.delete(changed);
  }

  get watched(): number {
    return [...this.#watchers.values()].reduce((sum, watchers) => sum + watchers.size, 0);
  }
}

/** The machine's clock with timers that ring twenty times as soon: deadlines pass while nobody waits for them. */
export const hurriedClock: Clock = {
  ...systemClock,
  after: (delayMs, run) => systemClock.after(delayMs / 20, run),
};

/** What a watch gave, and waiting for what it will give. */
export class Heard<T> {
  readonly #heard: T[] = [];
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #wake: () => void = () => undefined;

  constructor(watch: (signal: AbortSignal) => AsyncIterable<T>) {
    this.#done = this.#listen(watch(this.#stop.signal));
  }

  async #listen(values: AsyncIterable<T>): Promise<void> {
    for await (const value of values) {
      this.#heard.push(value);
      this.#wake();
    }
  }

  get all(): readonly T[] {
    return this.#heard;
  }

  get count(): number {
    return this.#heard.length;
  }

  /** The first from now on, or the latest one, that fits. */
  async until(fits: (value: T) => boolean): Promise<T> {
    const latest = this.#heard.at(-1);
    if (latest !== undefined && fits(latest)) return latest;
    for (let next = this.#heard.length; ; ) {
      const value = this.#heard[next];
      if (value === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      } else if (fits(value)) return value;
      else next += 1;
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }
}

/** What a watched source said. */
export class Listener extends Heard<Sample> {
  constructor(demand: Demand, feed: Feed) {
    super((signal) => demand.watch(requestOf(feed), signal));
  }

  async ok(fits: (sample: OkSample) => boolean = () => true): Promise<OkSample> {
    return (await this.until((sample) => sample.state === 'ok' && fits(sample))) as OkSample;
  }

  async lost(code?: string): Promise<LostSample> {
    const fits = (sample: Sample) => sample.state === 'lost' && (code === undefined || sample.code === code);
    return (await this.until(fits)) as LostSample;
  }
}

/** A policy's request for this feed. */
export function requestOf(feed: Feed): WatchRequest {
  const sizing = { rule: 'backlogPerReplica', jobs: 1 } as const;
  const source = { name: 'jobs', sizing, workerConcurrency: 1, feed };
  return { policy: 'media/x', namespace: 'media', source };
}

export interface DemandUnderTest {
  readonly demand: Demand & DrainPort;
  readonly secrets: TestSecrets;
  readonly listen: (feed: Feed) => Listener;
}

/** Demand over the Secret `redis` with this URL; closed after the test. */
export function demandOn(t: Pick<TestContext, 'after'>, url: string, clock = systemClock): DemandUnderTest {
  const secrets = new TestSecrets();
  secrets.set('redis', { url });
  const demand = redisDemand(secrets, clock);
  t.after(() => demand.close());
  return { demand, secrets, listen: (feed) => new Listener(demand, feed) };
}

export function bullmqFeed(queue: string, secretName = 'redis'): Feed {
  return { type: 'BullMQ', queue, prefix: 'bull', redis: { secretName, urlKey: 'url', caKey: undefined } };
}
