import { DrainLoop, lookMs, type DrainCallbacks, type DrainLoopOptions, type Taker } from './drain-loop.ts';
import type { DrainState } from './protocol.ts';
import type { Call } from './redis-client.ts';
import { pause } from './waiting.ts';

/** What takes jobs for one registration, and can be closed alone. */
export interface MemberTaker extends Taker {
  /** Takes no more jobs for good. Called again while its end is waited for. */
  close(): void;
  /** How long a fetch that is under way may still bring a job although Redis is away, milliseconds. */
  readonly fetchOutlivesMs: number;
}

/** One call of `drainable` or `drainSignal`. */
export interface Member {
  readonly taker: MemberTaker;
  /** What runs the script of the protocol over this one's connection. */
  readonly connect: () => Promise<Call>;
  /** Which Redis that leads to. */
  readonly place: string;
  readonly settings: DrainLoopOptions;
}

/** How a member has left. */
export interface Leaving {
  /** Jobs that were in work. */
  readonly jobsLeft: number;
  /** Nothing is in work or on its way, and Redis is there: closing will not wait. */
  readonly isClean: boolean;
}

/**
 * The registrations of a process that report under one key and pod of one Redis: they have one field in Redis between them. So they
 * have one loop, and a mark holds all: `drained` only when all are.
 */
export class Crew implements Taker {
  readonly #members: Member[] = [];
  /** Of those who are here, and of those who have left jobs behind. */
  readonly #takers = new Set<MemberTaker>();
  readonly #loop: DrainLoop;
  readonly #forget: () => void;
  /** Speaks for the last time when all have left. */
  #last: Member | undefined;

  /** @param forget called when the last member has left */
  constructor(pod: string, base: string, forget: () => void) {
    this.#forget = forget;
    const members = this.#members;
    this.#loop = new DrainLoop(this, async () => this.#speaker().connect(), {
      pod,
      base,
      get intervalMs() {
        return Math.min(...members.map(({ settings }) => settings.intervalMs));
      },
      log: (message) => members[0]?.settings.log(message),
      onDraining: () => this.#tellAll('onDraining'),
      onDrained: () => this.#tellAll('onDrained'),
      onResumed: () => this.#tellAll('onResumed'),
    });
  }

  join(member: Member): void {
    const isFirst = this.#members.length === 0;
    this.#members.push(member);
    this.#takers.add(member.taker);
    if (this.#loop.state !== 'working') member.taker.hold();
    if (isFirst) void this.#loop.run();
  }

  /** Lets one member take no more jobs, and answers when it has none, or after `withinMs`. */
  async leave(member: Member, withinMs: number): Promise<Leaving> {
    const leaving = await this.#finish(member.taker, withinMs);
    this.#members.splice(this.#members.indexOf(member), 1);
    if (leaving.jobsLeft === 0) this.#takers.delete(member.taker);
    if (this.#members.length === 0) {
      this.#forget();
      await this.#loop.end();
    }
    return leaving;
  }

  /** What a member does: one that leaves takes no jobs, whatever the others do. */
  stateOf({ taker }: Member): DrainState {
    return taker.isClosed && this.#loop.state === 'working' ? 'draining' : this.#loop.state;
  }

  get isClosed(): boolean {
    return this.#members.every(({ taker }) => taker.isClosed);
  }

  hold(): void {
    for (const taker of this.#takers) taker.hold();
  }

  release(): void {
    for (const taker of this.#takers) if (!taker.isClosed) taker.release();
  }

  busy(): number {
    return [...this.#takers].reduce((sum, taker) => sum + taker.busy(), 0);
  }

  idle(): boolean {
    return [...this.#takers].every((taker) => taker.idle());
  }

  async #finish(taker: MemberTaker, withinMs: number): Promise<Leaving> {
    const sinceMs = performance.now();
    for (;;) {
      taker.close();
      this.#loop.obey();
      const { isAway } = this.#loop;
      if (taker.idle()) return { jobsLeft: 0, isClean: !isAway };
      const waitedMs = performance.now() - sinceMs;
      // A wait that nobody will answer is no job.
      const isInVain = isAway && taker.busy() === 0 && waitedMs >= taker.fetchOutlivesMs;
      if (isInVain || waitedMs >= withinMs) return { jobsLeft: taker.busy(), isClean: false };
      await pause(Math.min(lookMs, withinMs - waitedMs));
    }
  }

  /** Whoever stays longest speaks for all. */
  #speaker(): Member {
    const speaker = this.#members.find(({ taker }) => !taker.isClosed) ?? this.#members[0] ?? this.#last;
    if (speaker === undefined) throw new Error('nobody has joined');
    this.#last = speaker;
    return speaker;
  }

  #tellAll(name: keyof DrainCallbacks): void {
    for (const { settings } of this.#members) {
      try {
        settings[name]?.();
      } catch {
        settings.log(`Spillway: the callback ${name} has thrown.`);
      }
    }
  }
}

/** Registrations do not know of each other, and Redis does not know them apart: so the process remembers them. */
const crews = new Map<string, Crew>();

/** The crew of this member's key, pod and Redis, for it to join at once. */
export function crewOf({ place, settings: { pod, base } }: Member): Crew {
  const name = JSON.stringify([place, base, pod]);
  let crew = crews.get(name);
  if (crew === undefined) {
    crew = new Crew(pod, base, () => crews.delete(name));
    crews.set(name, crew);
  }
  return crew;
}
