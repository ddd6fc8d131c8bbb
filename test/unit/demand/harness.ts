import type { TestContext } from 'node:test';
import { type Clock, systemClock } from '../../../src/clock.ts';
import type { LostSample, OkSample, Sample } from '../../../src/decide/observation.ts';
import { redisDemand } from '../../../src/demand/redis-demand.ts';
import type { SecretReader } from '../../../src/demand/secret-reader.ts';
import type { Demand } from '../../../src/demand/source.ts';
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

/** What a watched source said, and waiting for what it will say. */
export class Listener {
  readonly #samples: Sample[] = [];
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #heard: () => void = () => undefined;

  constructor(demand: Demand, feed: Feed) {
    const sizing = { rule: 'backlogPerReplica', jobs: 1 } as const;
    const source = { name: 'jobs', sizing, workerConcurrency: 1, feed };
    this.#done = this.#listen(
      demand.watch({ policy: 'media/x', namespace: 'media', source }, this.#stop.signal),
    );
  }

  async #listen(samples: AsyncIterable<Sample>): Promise<void> {
    for await (const sample of samples) {
      this.#samples.push(sample);
      this.#heard();
    }
  }

  get count(): number {
    return this.#samples.length;
  }

  /** The first sample from now on, or the latest one, that fits. */
  async until(fits: (sample: Sample) => boolean): Promise<Sample> {
    const latest = this.#samples.at(-1);
    if (latest !== undefined && fits(latest)) return latest;
    for (let next = this.#samples.length; ; ) {
      const sample = this.#samples[next];
      if (sample === undefined) {
        await new Promise<void>((resolve) => {
          this.#heard = resolve;
        });
      } else if (fits(sample)) return sample;
      else next += 1;
    }
  }

  async ok(fits: (sample: OkSample) => boolean = () => true): Promise<OkSample> {
    return (await this.until((sample) => sample.state === 'ok' && fits(sample))) as OkSample;
  }

  async lost(): Promise<LostSample> {
    return (await this.until((sample) => sample.state === 'lost')) as LostSample;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }
}

export interface DemandUnderTest {
  readonly demand: Demand;
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
