import type { Random } from './random.ts';

/** What a queue needs of its world: the time, and to say that its own has come. */
export interface QueueHost {
  now(): number;
  /** The time is `ms` now: called before anything outside hears of what happens in the queue. */
  enter(ms: number): void;
  /** Something happened from outside that may be due before anything else. */
  touched(): void;
  readonly random: Random;
}
