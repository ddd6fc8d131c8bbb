import type { Budget, CreationPace } from '../config.ts';
import { byPrecedence } from '../decide/claims.ts';
import type { RecordedDecision } from '../decide/decision.ts';
import type { LimitsObservation } from '../decide/observation.ts';
import { comingOf, isKept } from '../decide/promise.ts';
import type { Policy } from '../policy/policy.ts';
import { type Breaker, closedBreaker, probesFromMs, secondsToProbe, stateOf } from './breaker.ts';
import type { Ledger } from './ledger.ts';
import { secondsToToken, tokens } from './pace.ts';
import { bucketMs, spentBy, spentByAll } from './spend.ts';

/** What is asked of the ledger: how far one policy may burst now. */
export interface LimitsQuestion {
  readonly policy: Policy;
  /** The virtual pool that it bursts to. */
  readonly pool: { readonly name: string; readonly pace?: CreationPace | undefined };
  /** The Deployment (`namespace/name`) of the template that bursts; undefined: there is none. */
  readonly template: string | undefined;
  /** Replicas that its companions ask for and that may become pods, and its live pods that are bound to virtual nodes. */
  readonly asked: number;
  readonly running: number;
  /** When the youngest pods that still start were bound; undefined: none starts. */
  readonly startingSinceMs: StartingSince;
  /** The latest decisions on the other policies. */
  readonly others: readonly RecordedDecision[];
  /** Price of one burst replica, per hour; undefined: none is configured. */
  readonly pricePerHour: number | undefined;
  /** What its pods on virtual nodes cost per hour now; undefined: no price is configured. */
  readonly ratePerHour: number | undefined;
  readonly clusterBudget: Budget;
  readonly nowMs: number;
}

/** Of burst pods that are neither Ready nor failed, milliseconds since the epoch. */
export interface StartingSince {
  /** Of all policies, on the pool. */
  readonly pool: number | undefined;
  /** Of the policy's own template. */
  readonly template: number | undefined;
}

/** What is known of limits out of the ledger alone; the provider's and the namespace's quota come from elsewhere. */
export type Outlook = Omit<LimitsObservation, 'freeQuota' | 'namespaceQuota' | 'namespaceQuotaName'>;

/** How far a policy may burst now, what others were promised taken off. */
export function outlook(ledger: Ledger, question: LimitsQuestion): Outlook {
  const { policy, pricePerHour, ratePerHour, nowMs } = question;
  const promised = promisedOf(question);
  return {
    ...paceOf(ledger, question, promised),
    ...breakerOf(ledger, question, promised),
    pricePerHour,
    ratePerHour,
    spentToday: spentBy(ledger.spend, policy.key, nowMs),
    spendUnknown: (ledger.spendUnknownUntilMs ?? nowMs) > nowMs,
    ...budgetsOf(ledger, question, promised),
  };
}

/** Tokens that nobody was promised. */
function paceOf(
  ledger: Ledger,
  question: LimitsQuestion,
  promised: Promised,
): Pick<Outlook, 'creationTokens' | 'tokenSeconds'> {
  const { pool, asked, running, nowMs } = question;
  if (pool.pace === undefined) return { creationTokens: undefined };
  const creations = ledger.creations[pool.name] ?? [];
  const coming = promised.creations + Math.max(0, asked - running);
  const left = Math.max(0, tokens(creations, pool.pace, nowMs) - coming);
  // Only who has none waits for the next one.
  return {
    creationTokens: left,
    tokenSeconds: left === 0 ? secondsToToken(creations, pool.pace, nowMs) : undefined,
  };
}

/** The breaker of the pool or of the template, whichever keeps the policy off for longer; one probe a pool. */
function breakerOf(
  ledger: Ledger,
  question: LimitsQuestion,
  promised: Promised,
): Pick<Outlook, 'breaker' | 'breakerCause' | 'breakerSeconds' | 'probing'> {
  const { pool, template, asked, running, nowMs } = question;
  const ofPool = ledger.poolBreakers[pool.name] ?? closedBreaker;
  const ofTemplate =
    (template === undefined ? undefined : ledger.templateBreakers[template]) ?? closedBreaker;
  const breaker = worse(ofPool, ofTemplate, nowMs);
  const state = stateOf(breaker, nowMs);
  if (breaker.state === 'closed') return { breaker: 'closed' };
  const { startingSinceMs } = question;
  const youngestMs = breaker === ofPool ? startingSinceMs.pool : startingSinceMs.template;
  // Pods that were bound before say nothing, and need not hold the probe up. Binding is told to the second.
  const starts = youngestMs !== undefined && youngestMs + 1000 > (probesFromMs(breaker) ?? nowMs);
  return {
    breaker: state,
    breakerCause: breaker.cause,
    breakerSeconds: state === 'open' ? secondsToProbe(breaker, nowMs) : undefined,
    probing: state === 'half-open' && (starts || asked > running || (breaker === ofPool && promised.probe)),
  };
}

function worse(a: Breaker, b: Breaker, nowMs: number): Breaker {
  if (a.state === 'closed') return b;
  return secondsToProbe(b, nowMs) > secondsToProbe(a, nowMs) ? b : a;
}

function budgetsOf(
  ledger: Ledger,
  { clusterBudget, policy, nowMs }: LimitsQuestion,
  { rateBefore, rateOthers }: Promised,
): Pick<Outlook, 'cluster' | 'budgetSeconds'> {
  const { maxRatePerHour, maxSpendPerDay } = clusterBudget;
  const own = policy.burst.budget.maxSpendPerDay;
  const spentToday = spentByAll(ledger.spend, nowMs);
  const gone =
    (own !== undefined && spentBy(ledger.spend, policy.key, nowMs) >= own) ||
    (maxSpendPerDay !== undefined && spentToday >= maxSpendPerDay);
  // Spend leaves the 24 h bucket by bucket.
  const budgetSeconds = gone ? (bucketMs - (nowMs % bucketMs)) / 1000 : undefined;
  if (maxRatePerHour === undefined && maxSpendPerDay === undefined) return { budgetSeconds };
  return { budgetSeconds, cluster: { ...clusterBudget, spentToday, rateBefore, rateOthers } };
}

/** What the others have or were promised, as far as it may come true; dry runs were promised nothing. */
interface Promised {
  /**
   * Container groups that will be created on the pool: of every policy, what may become pods and is not bound yet; of
   * those that come first and wait for the pace, all that they wait for.
   */
  readonly creations: number;
  /** Another policy's probe is on its way, or it comes first and nothing else keeps it from probing. */
  readonly probe: boolean;
  /** What their bursts cost per hour: of those that come first, and of all. */
  readonly rateBefore: number;
  readonly rateOthers: number;
}

function promisedOf({ policy, pool, others }: LimitsQuestion): Promised {
  let creations = 0;
  let probe = false;
  let rateBefore = 0;
  let rateOthers = 0;
  for (const other of others) {
    if (other.policy.dryRun || other.policy.key === policy.key) continue;
    const before = byPrecedence(other.policy, policy) < 0;
    const coming = comingOf(other);
    const { burst, breaker } = other.decision;
    if (other.observation.virtualPool.name === pool.name) {
      creations += before ? comingOf(other, 'CreationPace') : coming;
      const sent = breaker.state === 'half-open' && coming > 0;
      const only = burst.limitedBy.length > 0 && burst.limitedBy.every((name) => name === 'Breaker');
      probe ||= sent || (before && only && isKept(other));
    }
    const perHour = (burst.running + coming) * (other.observation.limits.pricePerHour ?? 0);
    rateOthers += perHour;
    if (before) rateBefore += perHour;
  }
  return { creations, probe, rateBefore, rateOthers };
}
