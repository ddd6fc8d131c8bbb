import type { Clock } from '../../clock.ts';
import { type ErrorCode, SpillwayError } from '../../errors.ts';
import { Bell } from '../bell.ts';
import { backoffMs } from './backoff.ts';
import type { Connection } from './connection.ts';
import { failureCode } from './failure.ts';
import type { Probe, Reading } from './probe.ts';
import { evaluate, parsedAnswer, type Script } from './script.ts';

/** What the sampler needs of the link that it is part of. */
export interface SamplerLink {
  open(name: string, signal: AbortSignal): Promise<Connection>;
  /** Asked after each reading: rejects where what was read cannot be relied on. */
  verify(connection: Connection): Promise<void>;
  /** Nothing happens in the stream for now: calls `wake` at the first entry after `afterId`. */
  watch(stream: string, afterId: string, wake: () => void): void;
  unwatch(stream: string, wake: () => void): void;
  /** Whether an entry in the stream would be noticed now. */
  covers(stream: string): boolean;
}

interface Entry {
  readonly probe: Probe;
  readonly wake: () => void;
  /** When to read it, on the clock's monotonic time. */
  dueAtMs: number;
  woken: boolean;
  /** It was quiet at the last reading too: a queue that trickles is polled, not woken for each job. */
  calm: boolean;
  /** A queue that has just woken is read at ever longer intervals: the first job of a spike is not yet the spike. */
  paceMs: number;
}

/** Keys a call: the Redis does nothing else meanwhile. */
const batchSize = 500;
const deadlineMs = 5_000;

/** What is due so soon is read in the same call. */
const slackMs = 125;
/** The first interval after a wake-up; the next ones are twice as long each. */
const firstPaceMs = 10;
/** A quiet queue is looked at once more before its events are waited for. */
const coolDownMs = 250;
/** How often quiet queues are read that the blocker does not cover (yet). */
const uncoveredMs = 1_000;
/** A key that failed is looked at again. */
const failedMs = 5_000;

/** One connection that reads queues, many in a call: busy ones often, quiet ones in a slow sweep and when woken. */
export class Sampler {
  readonly #link: SamplerLink;
  readonly #script: Script;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #signal: AbortSignal;
  readonly #entries = new Map<Probe, Entry>();
  readonly #poked: Bell;
  #connection: Connection | undefined;
  /** Why there is no connection, as far as known. */
  #failure: ErrorCode | undefined;
  /** Resolves with the first connection, or when there can be none. */
  readonly #tried = Promise.withResolvers<void>();

  /** @param signal ends it and all that it waits for */
  constructor(link: SamplerLink, script: Script, clock: Clock, random: () => number, signal: AbortSignal) {
    this.#link = link;
    this.#script = script;
    this.#clock = clock;
    this.#random = random;
    this.#signal = signal;
    this.#poked = new Bell(clock);
  }

  /** Reads it from now on; the returned function ends that, after which the probe hears nothing more. */
  add(probe: Probe): () => void {
    const wake = () => {
      entry.woken = true;
      entry.calm = false;
      entry.paceMs = firstPaceMs;
      this.#poked.ring();
    };
    const dueAtMs = this.#clock.elapsed();
    const entry: Entry = { probe, wake, dueAtMs, woken: false, calm: true, paceMs: firstPaceMs };
    this.#entries.set(probe, entry);
    if (this.#failure !== undefined) probe.lose(this.#failure);
    this.#poked.ring();
    return () => {
      this.#entries.delete(probe);
      if (probe.eventStream !== undefined) this.#link.unwatch(probe.eventStream, wake);
    };
  }

  /** Sends a command between two readings. Waits for the first connection; later, where there is none, it rejects. */
  async call(command: string, args: readonly (string | number)[]): Promise<unknown> {
    await this.#tried.promise;
    if (this.#connection === undefined) throw new SpillwayError(this.#failure ?? 'REDIS_UNREACHABLE');
    return this.#connection.call(deadlineMs, command, args);
  }

  /** Connects anew: the address may lead to another server now. */
  reconnect(): void {
    this.#connection?.close();
    this.#poked.ring();
  }

  /** Reads until the signal aborts, connecting anew whenever the connection is lost; never rejects. */
  async run(): Promise<void> {
    const signal = this.#signal;
    let attempt = 0;
    while (!signal.aborted) {
      let connection: Connection | undefined;
      try {
        connection = await this.#link.open('spillway-sampler', signal);
        connection.closeOn(signal);
        connection.whenClosed(() => this.#poked.ring());
        this.#connection = connection;
        this.#tried.resolve();
        await this.#sample(connection, () => {
          attempt = 0;
          this.#failure = undefined;
        });
      } catch (error) {
        if (!signal.aborted) this.#lose(failureCode(error));
        this.#tried.resolve();
      } finally {
        this.#connection = undefined;
        connection?.close();
      }
      attempt += 1;
      await this.#clock.sleep(backoffMs(attempt, this.#random), signal).catch(() => undefined);
    }
  }

  /** Until the connection fails, which is noticed at once, also while there is nothing to read. */
  async #sample(connection: Connection, succeeded: () => void): Promise<void> {
    for (const entry of this.#entries.values()) entry.dueAtMs = this.#clock.elapsed();
    let fullBatches = 0;
    while (!this.#signal.aborted) {
      if (!connection.isOpen) throw new SpillwayError('REDIS_UNREACHABLE');
      const batch = this.#nextBatch();
      if (batch.length === 0) {
        await this.#poked.wait(this.#untilDueMs(), this.#signal);
        continue;
      }
      const startedAtMs = this.#clock.elapsed();
      await this.#read(connection, batch);
      succeeded();
      // Where reading everything takes all the time, every second moment is left to others; a wake-up ends the rest.
      fullBatches = batch.length === batchSize ? fullBatches + 1 : 0;
      if (fullBatches * batchSize > this.#entries.size) {
        await this.#poked.wait(this.#clock.elapsed() - startedAtMs, this.#signal);
      }
    }
  }

  /** Those woken before all others, and alone: they shall not wait for a long call. */
  #nextBatch(): readonly Entry[] {
    const woken: Entry[] = [];
    const due: Entry[] = [];
    const now = this.#clock.elapsed();
    let anyDue = false;
    for (const entry of this.#entries.values()) {
      if (entry.woken && woken.length < batchSize) woken.push(entry);
      if (entry.dueAtMs <= now) anyDue = true;
      if (entry.dueAtMs <= now + slackMs && due.length < batchSize) due.push(entry);
    }
    if (woken.length > 0) return woken;
    return anyDue ? due : [];
  }

  #untilDueMs(): number | undefined {
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const { dueAtMs } of this.#entries.values()) earliestMs = Math.min(earliestMs, dueAtMs);
    return earliestMs === Number.POSITIVE_INFINITY ? undefined : earliestMs - this.#clock.elapsed();
  }

  async #read(connection: Connection, batch: readonly Entry[]): Promise<void> {
    const atMs = this.#clock.now();
    for (const entry of batch) entry.woken = false;
    const keys = batch.map(({ probe }) => probe.key);
    const args = batch.flatMap(({ probe }) => [probe.reader.name, probe.argument, this.#flags(probe, atMs)]);
    const answers = await this.#evaluate(connection, [batch.length, ...keys, atMs, ...args]);
    for (const [i, entry] of batch.entries()) {
      const answer = answers[i];
      // A probe that was taken away meanwhile hears nothing more.
      if (typeof answer === 'string' && this.#entries.get(entry.probe) === entry) {
        this.#take(entry, answer, atMs);
      }
    }
  }

  #flags({ wantsDetail, eventStream }: Probe, atMs: number): string {
    const covered = eventStream !== undefined && this.#link.covers(eventStream);
    return (wantsDetail(atMs) ? 'd' : '') + (covered ? 'c' : '');
  }

  async #evaluate(connection: Connection, args: readonly (string | number)[]): Promise<readonly unknown[]> {
    const answers = await evaluate(this.#script, args, (command, all) =>
      connection.call(deadlineMs, command, all),
    );
    await this.#link.verify(connection);
    return Array.isArray(answers) ? answers : [];
  }

  #take(entry: Entry, text: string, atMs: number): void {
    const answer = parsedAnswer(text);
    const now = this.#clock.elapsed();
    if ('error' in answer) {
      entry.probe.fail(answer.error);
      entry.dueAtMs = now + failedMs;
      return;
    }
    entry.dueAtMs = now + this.#nextMs(entry, entry.probe.take(answer, atMs));
  }

  #nextMs(entry: Entry, { nextMs, quiet, lastEventId }: Reading): number {
    const stream = entry.probe.eventStream;
    if (stream === undefined || !quiet) {
      entry.calm = false;
      const paceMs = stream === undefined ? nextMs : Math.min(nextMs, entry.paceMs);
      entry.paceMs = paceMs * 2;
      return paceMs;
    }
    if (!entry.calm) {
      entry.calm = true;
      return Math.min(nextMs, coolDownMs);
    }
    if (lastEventId !== undefined) this.#link.watch(stream, lastEventId, entry.wake);
    // Spread, so that thousands of quiet queues are not swept in one go.
    const spreadMs = nextMs * (2 / 3 + this.#random() / 3);
    return this.#link.covers(stream) ? spreadMs : Math.min(uncoveredMs, nextMs);
  }

  #lose(code: ErrorCode): void {
    this.#failure = code;
    for (const { probe } of this.#entries.values()) probe.lose(code);
  }
}
