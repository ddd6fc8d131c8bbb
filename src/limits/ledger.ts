import type { CreationPace } from '../config.ts';
import type { FailureCause } from '../decide/observation.ts';
import { type Breaker, closedBreaker, failed, faultOf, isIdle, succeeded } from './breaker.ts';
import { type Failing, type FailureSettings, failureOf } from './failure-cause.ts';
import { type Creations, created, shortId } from './pace.ts';
import { noSpend, type Spend } from './spend.ts';

/** Everything that limits have to remember, of all policies and pools. Plain and pure; kept in the cluster as it is. */
export interface Ledger {
  readonly spend: Spend;
  /** By virtual pool. */
  readonly creations: Readonly<Record<string, Creations>>;
  /** By virtual pool; one that is not named is closed. */
  readonly poolBreakers: Readonly<Record<string, Breaker>>;
  /** By the template (see `templateKey`), for failures that are its own fault, or may be. */
  readonly templateBreakers: Readonly<Record<string, Breaker>>;
  /** Beginnings of the UIDs of failed pods that are counted already, oldest first. */
  readonly counted: readonly string[];
  /** Until then what was spent before is not known: an earlier ledger could not be read; undefined: it is known. */
  readonly spendUnknownUntilMs: number | undefined;
}

export const emptyLedger: Ledger = {
  spend: noSpend,
  creations: {},
  poolBreakers: {},
  templateBreakers: {},
  counted: [],
  spendUnknownUntilMs: undefined,
};

/** Before the ledger is read nobody knows what was spent. */
export const unreadLedger: Ledger = { ...emptyLedger, spendUnknownUntilMs: Number.POSITIVE_INFINITY };

/** A pod on a node of a virtual pool, as it is now. */
export interface VirtualPod extends Failing {
  readonly uid: string;
  /** Name of the pool. */
  readonly pool: string;
  /** Its template (see `templateKey`); undefined: nobody's that is known. */
  readonly template: string | undefined;
  /** Its owner pays for a failure (a Job by its `backoffLimit`): one that is the template's fault is one too many. */
  readonly costly: boolean;
  /** It has just become Ready, for the first time. */
  readonly becameReady: boolean;
}

export interface LedgerSettings extends FailureSettings {
  /** Of a pool; undefined: as fast as anybody wants. */
  readonly paceOf: (pool: string) => CreationPace | undefined;
}

/** A failure that was counted now, for the first time. */
export interface CountedFailure {
  readonly pool: string;
  readonly cause: FailureCause;
}

/** So many failed pods are told apart; they are deleted within seconds, and a pool that fails is not tried often. */
const longestCounted = 2000;

/**
 * Takes one pod on a virtual node: its creation and its failure count once, its becoming Ready is a success. Pods of
 * somebody else's take part in the pool's pace, but their failures say nothing of ours.
 */
export function sawPod(
  ledger: Ledger,
  pod: VirtualPod,
  nowMs: number,
  settings: LedgerSettings,
): { readonly ledger: Ledger; readonly failure: CountedFailure | undefined } {
  const paced = withCreation(ledger, pod, nowMs, settings.paceOf(pod.pool));
  if (pod.template === undefined) return { ledger: paced, failure: undefined };
  const cause = failureOf(pod, nowMs, settings);
  if (cause === undefined) {
    return {
      ledger: pod.becameReady ? withSuccess(paced, pod, pod.template, nowMs) : paced,
      failure: undefined,
    };
  }
  const id = shortId(pod.uid);
  if (paced.counted.includes(id)) return { ledger: paced, failure: undefined };
  const counted = [...paced.counted, id].slice(-longestCounted);
  return {
    ledger: withFailure({ ...paced, counted }, pod, pod.template, cause, nowMs),
    failure: { pool: pod.pool, cause },
  };
}

/** Without what says nothing any more: pods that are gone, breakers that are closed and quiet. */
export function tidied(ledger: Ledger, existing: (id: string) => boolean, nowMs: number): Ledger {
  const busy = (breakers: Ledger['poolBreakers']): Ledger['poolBreakers'] =>
    Object.fromEntries(Object.entries(breakers).filter(([, breaker]) => !isIdle(breaker, nowMs)));
  const known = ledger.spendUnknownUntilMs === undefined || ledger.spendUnknownUntilMs <= nowMs;
  return {
    ...ledger,
    poolBreakers: busy(ledger.poolBreakers),
    templateBreakers: busy(ledger.templateBreakers),
    counted: ledger.counted.filter(existing),
    spendUnknownUntilMs: known ? undefined : ledger.spendUnknownUntilMs,
  };
}

/** How many of its breakers are not closed. */
export function openBreakers({ poolBreakers, templateBreakers }: Ledger): number {
  return [...Object.values(poolBreakers), ...Object.values(templateBreakers)].filter(
    ({ state }) => state === 'open',
  ).length;
}

function withCreation(
  ledger: Ledger,
  { uid, pool, boundAtMs }: VirtualPod,
  nowMs: number,
  pace: CreationPace | undefined,
): Ledger {
  if (pace === undefined || boundAtMs === undefined) return ledger;
  const before = ledger.creations[pool] ?? [];
  // Binding is told to the second: the end of that second is late enough for sure.
  const after = created(before, [{ uid, atMs: Math.min(nowMs, boundAtMs + 999) }], pace, nowMs);
  return after === before ? ledger : { ...ledger, creations: { ...ledger.creations, [pool]: after } };
}

function withSuccess(ledger: Ledger, pod: VirtualPod, template: string, nowMs: number): Ledger {
  const well = (breakers: Ledger['poolBreakers'], key: string): Ledger['poolBreakers'] => {
    const before = breakers[key];
    const after = before && succeeded(before, pod.boundAtMs, nowMs);
    return after === undefined || after === before ? breakers : { ...breakers, [key]: after };
  };
  const poolBreakers = well(ledger.poolBreakers, pod.pool);
  const templateBreakers = well(ledger.templateBreakers, template);
  const same = poolBreakers === ledger.poolBreakers && templateBreakers === ledger.templateBreakers;
  return same ? ledger : { ...ledger, poolBreakers, templateBreakers };
}

/**
 * A failure that may be the template's or the pool's counts for both, but while the template is kept off already, what
 * fails of it says nothing of a pool that works for others.
 */
function withFailure(
  ledger: Ledger,
  { pool, boundAtMs, costly }: VirtualPod,
  template: string,
  cause: FailureCause,
  nowMs: number,
): Ledger {
  const fault = faultOf(cause);
  const failure = { cause, boundAtMs };
  const { poolBreakers, templateBreakers } = ledger;
  const ofPool = poolBreakers[pool] ?? closedBreaker;
  const ofTemplate = templateBreakers[template] ?? closedBreaker;
  const decisive = costly && fault === 'template';
  const known = fault === 'either' && ofTemplate.state === 'open' && ofPool.state === 'closed';
  return {
    ...ledger,
    templateBreakers:
      fault === 'pool'
        ? templateBreakers
        : { ...templateBreakers, [template]: failed(ofTemplate, { ...failure, decisive }, nowMs) },
    poolBreakers:
      fault === 'template' || known
        ? poolBreakers
        : { ...poolBreakers, [pool]: failed(ofPool, failure, nowMs) },
  };
}
