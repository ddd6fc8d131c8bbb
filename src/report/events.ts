import type { Decision, LimitName } from '../decide/decision.ts';
import { count } from '../decide/words.ts';
import { type LimitChange, limitChanges, noLimitsTold, type ToldOfLimits } from './limit-events.ts';
import { nothingTold, type SignalChange, signalChanges, type ToldOfSignals } from './signal-events.ts';

/** One thing worth a Kubernetes Event. */
export interface BurstEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason:
    | 'BurstStarted'
    | 'BurstGrown'
    | 'BurstLimited'
    | 'BurstReclaimed'
    | 'BurstEnded'
    | SignalChange['reason']
    | LimitChange['reason'];
  /** What Spillway did, for the `action` field. */
  readonly action: 'Burst' | 'Limit' | 'Reclaim' | 'Watch';
  /** What happened and the summary of the decision. */
  readonly note: string;
  /** The decision that it follows from. */
  readonly decisionId: string;
  readonly atMs: number;
}

/** What was told last: all that `eventsOf` has to remember of a policy. Plain, and lost with the process without harm. */
export interface Told {
  readonly bursting: boolean;
  /** Burst that was granted when it was last told, and when that was. */
  readonly granted: number;
  readonly grantedAtMs: number;
  /** When each limit was last seen to bite, milliseconds since the epoch. */
  readonly limits: Readonly<Partial<Record<LimitName, number>>>;
  readonly ofSignals: ToldOfSignals;
  readonly ofLimits: ToldOfLimits;
}

/** A burst that changes step by step is told at most this often, unless it doubles or halves. */
const changeEveryMs = 60_000;
/** A limit that comes and goes is one story; it is told anew after it was away for so long. */
const limitAwayMs = 600_000;

/**
 * The events of a decision, given what was told before (undefined after a start: a burst that exists by then is
 * not told as a new one).
 */
export function eventsOf(
  told: Told | undefined,
  decision: Decision,
): { readonly events: readonly BurstEvent[]; readonly told: Told } {
  const before = told ?? asFound(decision);
  const change = changeOf(before, decision);
  const newLimits = decision.burst.limitedBy.filter(
    (name) => decision.atMs - (before.limits[name] ?? Number.NEGATIVE_INFINITY) >= limitAwayMs,
  );
  const signals = signalChanges(before.ofSignals, decision);
  const limits = limitChanges(before.ofLimits, decision);
  return {
    events: [
      ...signals.changes.map((one) => signalEvent(one, decision)),
      ...(change === undefined ? [] : [change]),
      ...limits.changes.map((one) => changeEvent(one, decision)),
      ...(newLimits.length === 0 ? [] : [limitEvent(newLimits, decision)]),
    ],
    told: {
      bursting: isBursting(decision),
      granted: change === undefined ? before.granted : decision.burst.granted,
      grantedAtMs: change === undefined ? before.grantedAtMs : decision.atMs,
      limits: {
        ...before.limits,
        ...Object.fromEntries(decision.burst.limitedBy.map((name) => [name, decision.atMs])),
      },
      ofSignals: signals.told,
      ofLimits: limits.told,
    },
  };
}

function asFound({ burst }: Decision): Told {
  const found = Math.max(burst.asked, burst.running);
  return {
    bursting: found > 0,
    granted: found,
    grantedAtMs: Number.NEGATIVE_INFINITY,
    limits: {},
    ofSignals: nothingTold,
    ofLimits: noLimitsTold,
  };
}

function isBursting({ burst }: Decision): boolean {
  return burst.granted > 0 || burst.asked > 0 || burst.running > 0;
}

function changeOf(before: Told, decision: Decision): BurstEvent | undefined {
  const { granted } = decision.burst;
  if (!isBursting(decision)) {
    return before.bursting
      ? event(decision, 'BurstEnded', 'Reclaim', 'The burst is over: no burst replica is left.')
      : undefined;
  }
  if (granted === before.granted) return undefined;
  if (!before.bursting) {
    return event(decision, 'BurstStarted', 'Burst', `${count(granted)} burst onto the virtual pool.`);
  }
  const due = decision.atMs - before.grantedAtMs >= changeEveryMs;
  const steps = `from ${count(before.granted)} to ${count(granted)}`;
  if (granted > before.granted) {
    const doubled = before.granted > 0 && granted >= 2 * before.granted;
    return due || doubled ? event(decision, 'BurstGrown', 'Burst', `The burst grows ${steps}.`) : undefined;
  }
  const halved = 2 * granted <= before.granted;
  return due || halved
    ? event(decision, 'BurstReclaimed', 'Reclaim', `The burst is taken back ${steps}.`)
    : undefined;
}

function limitEvent(limits: readonly LimitName[], decision: Decision): BurstEvent {
  const { wanted, granted } = decision.burst;
  const note = `${count(granted)} of ${count(wanted)} may burst, limited by ${limits.join(', ')}.`;
  const type = limits.every((name) => name === 'Suspended') ? 'Normal' : 'Warning';
  return { ...event(decision, 'BurstLimited', 'Limit', note), type };
}

function changeEvent({ reason, note }: LimitChange, { id, atMs }: Decision): BurstEvent {
  const type = reason === 'BreakerClosed' ? 'Normal' : 'Warning';
  return { type, reason, action: 'Limit', note, decisionId: id, atMs };
}

function signalEvent({ reason, note }: SignalChange, { id, atMs }: Decision): BurstEvent {
  const type = reason === 'SignalBack' ? 'Normal' : 'Warning';
  return { type, reason, action: 'Watch', note, decisionId: id, atMs };
}

function event(
  { id, atMs, summary }: Decision,
  reason: BurstEvent['reason'],
  action: BurstEvent['action'],
  words: string,
): BurstEvent {
  return { type: 'Normal', reason, action, note: `${words} ${summary}`, decisionId: id, atMs };
}
