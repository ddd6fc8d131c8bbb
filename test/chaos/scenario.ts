import { seeded } from '../e2e/random.ts';
import type { GateFault } from './fault-gate.ts';

/** Everything that can go wrong in a run. */
export type Fault =
  | GateFault
  /** The API server is killed and started again; etcd lives on. `long`: for longer than a leader may lead without it. */
  | { readonly kind: 'ApiServerDown'; readonly long: boolean }
  /** The Redis is killed and started again with what it had written, before a Sentinel minds. */
  | { readonly kind: 'RedisDown' }
  /** The Redis is killed, and Sentinel makes the replica the primary. */
  | { readonly kind: 'RedisFailover' }
  /** The leader is stopped (SIGSTOP) for longer than its lease, and goes on. */
  | { readonly kind: 'LeaderFrozen' }
  /** The leader is killed (SIGKILL) at a random moment, and started again as another process. */
  | { readonly kind: 'LeaderKilled' };

/** One part of a run: a fault while the load changes. */
export interface Step {
  readonly fault: Fault;
  /** How long the fault lasts. */
  readonly seconds: number;
  /** How many jobs are unfinished from the middle of the fault on. */
  readonly level: number;
}

export type Form = 'short' | 'long';

/** What a lease allows at most until another leads, plus a little: a frozen leader must find that out. */
const pastTheLeaseSeconds = 21;

/** Levels of the load: the lowest wants little more than the VMs carry, the highest more than the policy lets burst. */
export const levels: readonly number[] = [300, 400, 500, 600, 900];
const [lowest = 0] = levels;
const high = levels.slice(-2);

/** Every fault once, as hard as the random numbers say. */
function deck(random: () => number): readonly Omit<Step, 'level'>[] {
  const between = (least: number, most: number): number => least + (most - least) * random();
  return [
    { fault: { kind: 'CutWatches', everyMs: Math.round(between(200, 800)) }, seconds: between(6, 10) },
    { fault: { kind: 'Expire' }, seconds: between(6, 10) },
    { fault: { kind: 'Refuse', share: between(0.3, 0.7) }, seconds: between(6, 10) },
    { fault: { kind: 'Delay', delayMs: Math.round(between(300, 1500)) }, seconds: between(5, 8) },
    { fault: { kind: 'Delay', delayMs: 5000 }, seconds: between(7, 10) },
    { fault: { kind: 'HalfOpen', forgotten: false }, seconds: between(5, 8) },
    { fault: { kind: 'Truncate', share: between(0.2, 0.6) }, seconds: between(6, 10) },
    { fault: { kind: 'ApiServerDown', long: false }, seconds: between(2, 6) },
    { fault: { kind: 'ApiServerDown', long: true }, seconds: between(13, 16) },
    { fault: { kind: 'RedisDown' }, seconds: between(0.5, 1.5) },
    { fault: { kind: 'RedisFailover' }, seconds: between(0.5, 2) },
    { fault: { kind: 'LeaderKilled' }, seconds: between(0, 0.4) },
    { fault: { kind: 'LeaderFrozen' }, seconds: pastTheLeaseSeconds },
  ];
}

/**
 * The run of a seed: each fault in an order of chance, in the long form three times, and at its end connections that are
 * forgotten for good. That comes last, because what was not heard on them would be missing in the next step, and with a
 * load that falls, because to give up burst one has to hear of pods. The same seed gives the same run.
 */
export function scenarioOf(seed: number, form: Form): readonly Step[] {
  const random = seeded(seed);
  const forgotten = { fault: { kind: 'HalfOpen', forgotten: true }, seconds: 5 } as const;
  const drawn =
    form === 'short'
      ? shuffled(deck(random), random)
      : [...shuffled([...deck(random), ...deck(random), ...deck(random)], random), forgotten];
  let level = 0;
  return drawn.map((step, index) => {
    const choice = step === forgotten ? [lowest] : drawn[index + 1] === forgotten ? high : levels;
    const others = choice.filter((one) => one !== level);
    level = others[Math.floor(random() * others.length)] ?? lowest;
    return { ...step, seconds: Math.round(step.seconds * 10) / 10, level };
  });
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const mixed = [...items];
  for (let index = mixed.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    const [a, b] = [mixed[index], mixed[other]];
    if (a === undefined || b === undefined) continue;
    mixed[index] = b;
    mixed[other] = a;
  }
  return mixed;
}

/** A fault in words, for people. */
export function nameOf(fault: Fault): string {
  switch (fault.kind) {
    case 'CutWatches':
      return 'watches cut at random';
    case 'Expire':
      return '410 to every watch and list';
    case 'Refuse':
      return '429, 500 and 503 to a share of calls';
    case 'Delay':
      return fault.delayMs >= 5000 ? 'latency of 5 s' : 'latency of 0.3 to 1.5 s';
    case 'HalfOpen':
      return fault.forgotten ? 'connections dead for good' : 'connections silent for a while';
    case 'Truncate':
      return 'lines of watches cut off';
    case 'ApiServerDown':
      return fault.long ? 'API server away past the lease' : 'API server killed and restarted';
    case 'RedisDown':
      return 'Redis killed and restarted';
    case 'RedisFailover':
      return 'Redis failover under Sentinel';
    case 'LeaderFrozen':
      return 'leader frozen past its lease';
    case 'LeaderKilled':
      return 'leader killed';
  }
}
