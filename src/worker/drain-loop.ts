import type { DrainState, Report } from './protocol.ts';
import { argumentsOf, keysOf, parsedAnswer, reportCountsMs } from './protocol.ts';
import { type Call, isAnswered, troubleOf } from './redis-client.ts';
import { pause, within } from './waiting.ts';

/** The part of a worker that takes jobs. */
export interface Taker {
  /** Takes no more jobs; those in work go on. Called again every interval while that holds. */
  hold(): void;
  /** Takes jobs again. */
  release(): void;
  /** Jobs in work. */
  busy(): number;
  /** While held: nothing is in work, and no job can be on its way. */
  idle(): boolean;
  /** Takes no more jobs for good: it was closed. */
  readonly isClosed: boolean;
}

/** What a drain tells. What a callback throws is logged as a warning and changes nothing. */
export interface DrainCallbacks {
  /** No more jobs are taken; some may be in work. */
  readonly onDraining?: (() => void) | undefined;
  /** None is in work any more. */
  readonly onDrained?: (() => void) | undefined;
  /** The mark was lifted or has expired: jobs are taken again. */
  readonly onResumed?: (() => void) | undefined;
}

/** Where a loop reports, and how patient it is. */
export interface DrainLoopOptions extends DrainCallbacks {
  readonly pod: string;
  /** What the two keys begin with. */
  readonly base: string;
  /** How often it reports and looks for a mark. */
  readonly intervalMs: number;
  /** Where warnings go. */
  readonly log: (message: string) => void;
  /** How long an answer is waited for. */
  readonly answerWithinMs?: number;
  /** How long a report counts with those who read it. */
  readonly countsMs?: number;
}

/** How often a worker that drains is looked at: nobody tells when a fetch that was in flight has ended. */
export const lookMs = 50;

/** Whoever has nothing in work and wants to end takes a Redis for away that has not answered for so long. */
const awayAfterMs = 1_000;

/**
 * Speaks the drain protocol for one worker: reports once an interval, hears the mark, holds and releases the taker.
 *
 * What it keeps to: a report `drained` that counts is true. So a worker that said `drained` takes jobs again only when
 * a report that says otherwise is written, or when the last `drained` is too old to count.
 */
export class DrainLoop {
  readonly #taker: Taker;
  readonly #connect: () => Promise<Call>;
  readonly #options: DrainLoopOptions;
  readonly #answerWithinMs: number;
  readonly #countsMs: number;
  readonly #ended = new AbortController();
  #state: DrainState = 'working';
  #mark = '';
  #markedUntilMs = 0;
  /** What was told last. */
  #told: Report['state'] = 'working';
  /** Until when a `drained` of this worker counts with somebody. */
  #believedDrainedUntilMs = 0;
  /** Until when a report that got no answer may still be written. */
  #lateUntilMs = 0;
  /** Redis's time less ours; undefined: not heard yet. */
  #serverAheadMs: number | undefined;
  #underWay: Promise<void> | undefined;
  #deaf = false;
  #isAway = false;
  /** When the answer that is waited for was asked for. */
  #askedMs = 0;

  /** @param connect what runs the script of the protocol; asked for each time, and may reject */
  constructor(taker: Taker, connect: () => Promise<Call>, options: DrainLoopOptions) {
    this.#taker = taker;
    this.#connect = connect;
    this.#options = options;
    this.#answerWithinMs = options.answerWithinMs ?? 3_000;
    this.#countsMs = options.countsMs ?? reportCountsMs;
  }

  get state(): DrainState {
    return this.#state;
  }

  /** Reports and obeys until `end`; never rejects. */
  async run(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      await this.#exchange();
      this.obey();
      await this.#untilNews();
    }
  }

  /** Whether Redis cannot be reached, as far as is known. One that refuses the script is there. */
  get isAway(): boolean {
    const isLate = this.#underWay !== undefined && performance.now() - this.#askedMs > awayAfterMs;
    return this.#isAway || isLate;
  }

  /** Removes the report, as far as Redis can be reached, and ends. */
  async end(): Promise<void> {
    this.#ended.abort();
    const report: Report = { ...this.#report(), state: 'gone' };
    await within(
      this.#say(report).catch(() => undefined),
      this.isAway ? lookMs : this.#answerWithinMs,
    );
  }

  get #isMarked(): boolean {
    return this.#mark !== '' && performance.now() < this.#markedUntilMs;
  }

  get #isHeld(): boolean {
    return this.#taker.isClosed || this.#isMarked;
  }

  #busyOrInFlight(): number {
    return Math.max(1, this.#taker.busy());
  }

  #report(): Report {
    const isIdle = !this.#isHeld || this.#taker.idle();
    const aheadMs = this.#serverAheadMs;
    return {
      pod: this.#options.pod,
      state: !this.#isHeld ? 'working' : isIdle && this.#isMarked ? 'drained' : 'draining',
      mark: this.#isMarked ? this.#mark : '',
      busy: isIdle ? this.#taker.busy() : this.#busyOrInFlight(),
      notAfterMs: aheadMs === undefined ? undefined : performance.now() + aheadMs + this.#answerWithinMs,
    };
  }

  /** One report and its answer. One is under way at a time: while Redis is away, commands must not pile up. */
  async #exchange(): Promise<void> {
    this.#underWay ??= this.#tell(this.#report()).finally(() => {
      this.#underWay = undefined;
    });
    await within(this.#underWay, this.#answerWithinMs);
    if (this.#underWay === undefined) return;
    this.#isAway = true;
    this.#becomeDeaf(undefined);
  }

  async #tell(report: Report): Promise<void> {
    const sentMs = performance.now();
    this.#askedMs = sentMs;
    const writtenByMs = sentMs + this.#answerWithinMs;
    this.#told = report.state;
    if (report.state === 'drained') this.#believedDrainedUntilMs = writtenByMs + this.#countsMs;
    try {
      const { serverMs, mark, leftMs } = parsedAnswer(await this.#say(report));
      const nowMs = performance.now();
      this.#serverAheadMs = serverMs - nowMs;
      this.#mark = mark;
      this.#markedUntilMs = nowMs + leftMs;
      const isWritten = report.notAfterMs === undefined || serverMs <= Math.round(report.notAfterMs);
      const isLast = sentMs >= this.#lateUntilMs;
      if (isWritten && isLast && report.state !== 'drained') this.#believedDrainedUntilMs = 0;
      if (this.#deaf) this.#log(`Redis answers again: ${this.#options.pod} can be drained.`);
      this.#deaf = false;
      this.#isAway = false;
    } catch (error) {
      this.#isAway = !isAnswered(error);
      this.#lateUntilMs = writtenByMs;
      this.#becomeDeaf(error);
    }
  }

  async #say(report: Report): Promise<unknown> {
    const call = await this.#connect();
    return call(keysOf(this.#options.base), argumentsOf(report));
  }

  #becomeDeaf(error: unknown): void {
    if (this.#deaf || this.#ended.signal.aborted) return;
    this.#deaf = true;
    this.#log(`${this.#options.pod} cannot be drained while Redis is not heard: ${troubleOf(error)}.`);
  }

  /** Does what the mark wants, as it was heard last. */
  obey(): void {
    if (this.#isHeld) {
      this.#taker.hold();
      if (this.#state === 'working') this.#become('draining');
      if (this.#state === 'draining' && this.#isMarked && this.#taker.idle()) this.#become('drained');
      // Somebody else let the worker take jobs.
      if (this.#state === 'drained' && !this.#taker.idle()) this.#become('draining');
    } else if (this.#state !== 'working' && performance.now() >= this.#believedDrainedUntilMs) {
      this.#taker.release();
      this.#become('working');
    }
  }

  #become(state: DrainState): void {
    this.#state = state;
    const { onDraining, onDrained, onResumed } = this.#options;
    const callback = { draining: onDraining, drained: onDrained, working: onResumed }[state];
    try {
      callback?.();
    } catch {
      this.#log(`the callback for "${state}" has thrown.`);
    }
  }

  #log(message: string): void {
    this.#options.log(`Spillway: ${message}`);
  }

  /** Waits until the next report is due: an interval, or less where what was told last is not true any more. */
  async #untilNews(): Promise<void> {
    const untilMs = performance.now() + this.#options.intervalMs;
    for (;;) {
      if (this.#underWay === undefined && this.#report().state !== this.#told) return;
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0 || this.#ended.signal.aborted) return;
      await pause(this.#isHeld ? Math.min(lookMs, leftMs) : leftMs, this.#ended.signal);
      this.obey();
    }
  }
}
