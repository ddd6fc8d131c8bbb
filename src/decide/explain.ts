import type { Policy } from '../policy/policy.ts';
import { circumstances, obstacle } from './circumstances.ts';
import type { Decision, LimitName, SourceDemand } from './decision.ts';
import { drainReasons, drainWords } from './drain-words.ts';
import type { Exhausted } from './exhausted.ts';
import type { Observation } from './observation.ts';
import { limitReasons, waitsFor } from './explain-limits.ts';
import type { Reason, ReasonCode } from './reasons.ts';
import { rescueReasons } from './rescue-words.ts';
import { count, counted, seconds } from './words.ts';

/** What a decision's words need beyond the decision itself. */
export interface Background {
  readonly policy: Policy;
  readonly observation: Observation;
  /** Demand before stabilisation. */
  readonly wantedNow: number;
  /** Headroom before stuck pods overruled it. */
  readonly predicted: number;
  readonly up: number;
  readonly keep: number;
  readonly exhausted: Exhausted;
  /** A source has been lost for longer than `onSignalLoss.after`. */
  readonly fallback: boolean;
}

type Facts = Omit<Decision, 'reasons' | 'summary'>;

/** The reasons of a decision, most telling first, and the one sentence that sums it up. */
export function explainDecision(
  decided: Facts,
  background: Background,
): { readonly reasons: readonly Reason[]; readonly summary: string } {
  // Where somebody else sets the replicas the demand does not come from the sources.
  const facts = background.observation.target.scaledBy === undefined ? decided : { ...decided, sources: [] };
  const reasons = [
    demandReason(facts, background),
    ...facts.sources
      .filter((source) => source.state === 'lost')
      .map((source) => lostReason(source, background)),
    headroomReason(facts, background),
    ...conditionReasons(facts, background),
    ...drainReasons(facts),
    ...circumstances(background.policy, background.observation, facts.spill),
    spillReason(facts),
    ...facts.burst.limitedBy.map((name) => limitReason(name, facts, background)),
    ...limitReasons(facts, background),
  ];
  return { reasons, summary: summarise(facts, background) };
}

function reason(code: ReasonCode, message: string, numbers: Record<string, number>): Reason {
  const finite = Object.entries(numbers).filter(([, value]) => Number.isFinite(value));
  return { code, message, numbers: Object.fromEntries(finite) };
}

function demandReason(facts: Facts, { wantedNow, policy }: Background): Reason {
  const held =
    facts.demand > wantedNow
      ? `; ${count(wantedNow)} now, held for ${seconds(policy.scaling?.scaleDownStabilizationSeconds ?? 0)}`
      : '';
  return reason('Demand', `${wantedSentence(facts, policy)}${held}.`, {
    demand: facts.demand,
    wantedNow,
    backlog: total(facts.sources, 'backlog'),
    active: total(facts.sources, 'active'),
  });
}

function lostReason(source: SourceDemand, { policy, fallback }: Background): Reason {
  const { afterSeconds } = policy.scaling?.onSignalLoss ?? { afterSeconds: 0 };
  return fallback
    ? reason(
        'SignalFallback',
        `Source ${source.name} has been lost for more than ${seconds(afterSeconds)}: it counts with ${count(source.replicas)}.`,
        { replicas: source.replicas, afterSeconds },
      )
    : reason(
        'SignalLost',
        `Source ${source.name} is lost: its last known demand of ${count(source.replicas)} is held.`,
        { replicas: source.replicas, afterSeconds },
      );
}

function headroomReason(facts: Facts, { predicted, observation }: Background): Reason {
  const numbers = {
    headroom: facts.headroom,
    predicted,
    placed: facts.placed,
    placedReady: facts.placedReady,
    stuck: facts.stuck,
    claimedByOthers: observation.roomClaims.reduce((sum, claim) => sum + claim.pods, 0),
  };
  return facts.headroom < predicted
    ? reason(
        'HeadroomDistrusted',
        `Room for ${counted(predicted, 'pod')} is left on VMs by the numbers, but ${count(facts.stuck)} stayed unschedulable: counted as none.`,
        numbers,
      )
    : reason(
        'Headroom',
        `VMs carry ${count(facts.placed)} (${count(facts.placedReady)} ready) and have room for ${count(facts.headroom)} more.`,
        numbers,
      );
}

function conditionReasons(facts: Facts, background: Background): readonly Reason[] {
  const { policy, observation, up, keep } = background;
  const { target, vmPool } = observation;
  const found: (Reason | false)[] = [
    policy.scaling !== undefined &&
      target.scaledBy !== undefined &&
      reason(
        'ScaledByOther',
        `${target.scaledBy} sets the replicas, so Spillway does not: its own count is the demand.`,
        { replicas: target.replicas },
      ),
    policy.suspend &&
      reason('Suspended', 'The policy is suspended: no new burst, the running one is given up.', {}),
    target.refusals.length > 0 &&
      reason('NotEligible', target.refusals.map((refusal) => refusal.message).join(' '), {
        refusals: target.refusals.length,
      }),
    vmPool.matchingNodes === 0 &&
      policy.burst.withoutVmNodes === 'Forbid' &&
      reason(
        'NoVmNodes',
        "No VM node matches the template's selector, affinity and tolerations: nothing bursts unless burst.withoutVmNodes is Allow.",
        {},
      ),
    up < facts.spill &&
      reason(
        'Delayed',
        `The spill has to last before it bursts (burst.delay): ${count(up)} of ${count(facts.spill)}.`,
        {
          up,
          spill: facts.spill,
        },
      ),
    keep > facts.spill &&
      reason(
        'HeldForReady',
        `${count(keep)} stay until VMs carry the load with ready pods (burst.reclaim).`,
        {
          keep,
          spill: facts.spill,
        },
      ),
    ...rescueReasons(facts, observation),
    facts.burst.pendingForGrowth > 0 &&
      reason(
        'PoolGrows',
        `${counted(facts.burst.pendingForGrowth, 'pod')} stay pending so that the VM pool grows.`,
        {
          pendingForGrowth: facts.burst.pendingForGrowth,
        },
      ),
  ];
  return found.filter((one): one is Reason => one !== false);
}

function spillReason(facts: Facts): Reason {
  const { burst, spill } = facts;
  const numbers = {
    spill,
    wanted: burst.wanted,
    granted: burst.granted,
    asked: burst.asked,
    running: burst.running,
  };
  return spill === 0 && burst.wanted === 0
    ? reason('Steady', 'Nothing spills over.', numbers)
    : reason('Spill', `${count(spill)} do not fit on VMs; ${count(burst.granted)} burst.`, numbers);
}

function wordsOf(name: LimitName, background: Background): string {
  return obstacle(name, background.observation) ?? waitsFor(name, background);
}

function limitReason(name: LimitName, facts: Facts, background: Background): Reason {
  const { policy } = background;
  const { wanted, granted } = facts.burst;
  const { limits } = background.observation;
  return reason(
    'Limited',
    `${count(wanted - granted)} of ${count(wanted)} wait for ${wordsOf(name, background)}; ${count(granted)} are granted.`,
    {
      wanted,
      granted,
      maxReplicas: policy.burst.maxReplicas,
      ...(limits.freeQuota === undefined ? {} : { freeQuota: limits.freeQuota }),
      ...(limits.creationTokens === undefined ? {} : { creationTokens: limits.creationTokens }),
    },
  );
}

/** "200 wanted for 20 000 jobs within 5 min; VMs carry 12; 188 burst, 40 more wait for …". */
function summarise(facts: Facts, background: Background): string {
  const { burst } = facts;
  const carried = Math.min(facts.demand, facts.placed + facts.headroom);
  const waiting = burst.wanted - burst.granted;
  const [limit] = burst.limitedBy;
  const parts = [
    wantedSentence(facts, background.policy),
    `VMs carry ${count(carried)}`,
    burst.granted > 0 || waiting > 0 ? `${count(burst.granted)} burst` : 'nothing bursts',
  ];
  const drains = drainWords(facts);
  const waits =
    waiting > 0 && limit !== undefined
      ? `, ${count(waiting)} more wait for ${wordsOf(limit, background)}`
      : '';
  return `${parts.join('; ')}${waits}${drains === undefined ? '' : `; ${drains}`}.`;
}

function wantedSentence(facts: Facts, policy: Policy): string {
  const wanted = `${count(facts.demand)} wanted`;
  if (facts.sources.length === 0) return `${wanted} by the target's owner`;
  if (facts.sources.every((source) => source.state === 'lost')) return `${wanted} as last known`;
  const jobs = total(facts.sources, 'backlog') + total(facts.sources, 'active');
  const deadlines = (policy.scaling?.sources ?? []).flatMap((source) =>
    source.sizing.rule === 'drainWithin' ? [source.sizing.drainWithinSeconds] : [],
  );
  const within = deadlines.length > 0 ? ` within ${seconds(Math.min(...deadlines))}` : '';
  return `${wanted} for ${counted(jobs, 'job')}${within}`;
}

function total(sources: readonly SourceDemand[], field: 'backlog' | 'active'): number {
  return sources.reduce((sum, source) => sum + (source[field] ?? 0), 0);
}
