import type { Decision } from '../decide/decision.ts';
import type { LostSample, Observation } from '../decide/observation.ts';
import type { ReasonCode } from '../decide/reasons.ts';
import { count, counted } from '../decide/words.ts';
import type { Policy } from '../policy/policy.ts';

/** The conditions of a policy, in the order in which they are shown. */
export const conditionTypes = [
  'Accepted',
  'Eligible',
  'SignalsAvailable',
  'Saturated',
  'Bursting',
  'Limited',
] as const;
export type ConditionType = (typeof conditionTypes)[number];

/** What a condition says now, before it is compared with what it said. */
export interface Finding {
  readonly status: 'True' | 'False' | 'Unknown';
  /** PascalCase. */
  readonly reason: string;
  /** One sentence, ours from end to end: never text that a server answered. */
  readonly message: string;
}

/** Something that keeps Spillway from doing its work: a code of errors.ts and its sentence. */
export interface Problem {
  readonly code: string;
  readonly message: string;
}

/** What the conditions of a decided policy rest on. */
export interface Facts {
  readonly policy: Policy;
  readonly decision: Decision;
  readonly observation: Observation;
  /** Writes of the decision that could not be made. */
  readonly writeErrors: readonly Problem[];
}

/** What every condition says of a policy on which a decision was made. */
export function findingsOf(facts: Facts): Readonly<Record<ConditionType, Finding>> {
  return {
    Accepted: accepted(facts),
    Eligible: eligible(facts),
    SignalsAvailable: signalsAvailable(facts),
    Saturated: saturated(facts),
    Bursting: bursting(facts),
    Limited: limited(facts),
  };
}

/** What every condition says of a policy on which nothing can be decided. */
export function findingsOfProblem(problem: Problem): Readonly<Record<ConditionType, Finding>> {
  const unknown: Finding = {
    status: 'Unknown',
    reason: 'NotAccepted',
    message: 'Nothing is decided while the policy is not accepted.',
  };
  return {
    Accepted: no(pascalCase(problem.code), problem.message),
    Eligible: unknown,
    SignalsAvailable: unknown,
    Saturated: unknown,
    Bursting: unknown,
    Limited: unknown,
  };
}

/** `REDIS_UNREACHABLE` → `RedisUnreachable`; what is PascalCase already stays. */
export function pascalCase(code: string): string {
  if (!/^[A-Z0-9]+(_[A-Z0-9]+)*$/.test(code)) return code;
  return code
    .split('_')
    .map((word) => word.slice(0, 1) + word.slice(1).toLowerCase())
    .join('');
}

function accepted({ policy, decision }: Facts): Finding {
  if (policy.deleting) return yes('Deleting', 'The policy is being deleted and its burst is given up.');
  if (policy.suspend)
    return yes('Suspended', 'The policy is suspended: nothing bursts, and a burst that ran is given up.');
  const scaledByOther = policy.scaling === undefined ? undefined : told(decision, 'ScaledByOther');
  if (scaledByOther !== undefined) return yes('ScaledByOther', scaledByOther);
  if (policy.dryRun) return yes('DryRun', 'The policy is a dry run: all is decided and nothing is written.');
  return yes('Valid', 'The policy is valid and in effect.');
}

function eligible({ decision, observation }: Facts): Finding {
  const [refusal, ...others] = observation.target.refusals;
  if (refusal !== undefined) {
    const more = others.length === 0 ? '' : ` ${counted(others.length, 'more obstacle')} after that.`;
    return no(pascalCase(refusal.code), `${refusal.message}${more}`);
  }
  const noVmNodes = told(decision, 'NoVmNodes');
  if (noVmNodes !== undefined) return no('NoVmNodes', noVmNodes);
  const hpas = told(decision, 'HpaCountsBurst');
  if (hpas !== undefined) return yes('HpaCountsBurst', `${fitting(observation.target.warnings)} ${hpas}`);
  return yes('TemplateFits', fitting(observation.target.warnings));
}

/** That the template can run there; the first warning in full, the others by their codes (docs/eligibility.md). */
function fitting([first, ...others]: Observation['target']['warnings']): string {
  if (first === undefined) return 'The template can run on the virtual pool.';
  const warned = `The template can run on the virtual pool, with ${counted(others.length + 1, 'warning')}. ${first.message}`;
  if (others.length === 0) return warned;
  return `${warned} Then ${others.map(({ code }) => pascalCase(code)).join(', ')}: see docs/eligibility.md.`;
}

function signalsAvailable({ policy, decision, observation }: Facts): Finding {
  if (policy.scaling === undefined || observation.target.scaledBy !== undefined) {
    return yes('NotNeeded', 'No source is needed: the demand is what the target asks for.');
  }
  const lost = decision.sources.filter(({ state }) => state === 'lost').map(({ name }) => name);
  const [first] = lost;
  if (first === undefined) return yes('AllRead', 'Every source can be read.');
  const sample = lostSample(observation, first);
  const names = lost.length === 1 ? `Source ${first}` : `${count(lost.length)} sources, ${first} among them,`;
  return no(
    sample === undefined ? 'SignalLost' : pascalCase(sample.code),
    `${names} cannot be read: ${sample?.message ?? 'there is no reading yet.'}`,
  );
}

function lostSample(observation: Observation, source: string): LostSample | undefined {
  const sample = observation.sources.find(({ name }) => name === source)?.sample;
  return sample?.state === 'lost' ? sample : undefined;
}

function saturated({ decision }: Facts): Finding {
  const { spill, demand } = decision;
  if (spill === 0) return no('DemandCarried', 'Nothing that is wanted spills over.');
  const distrusted = told(decision, 'HeadroomDistrusted');
  if (distrusted !== undefined) return yes('HeadroomDistrusted', distrusted);
  const full = `${count(spill)} of ${count(demand)} wanted do not fit on VMs.`;
  const growth = told(decision, 'PoolGrowth');
  return yes('VmPoolFull', growth === undefined ? full : `${full} ${growth}`);
}

function bursting({ policy, decision, observation }: Facts): Finding {
  const { granted, asked, running } = decision.burst;
  const ready = observation.pods.burstReady;
  const there = Math.max(asked, running);
  if (there === 0 && granted > 0 && policy.dryRun) {
    return no('DryRun', `${count(granted)} would burst, but a dry run writes nothing.`);
  }
  if (there === 0 && granted === 0) return notBursting(decision);
  if (policy.dryRun) {
    return yes(
      'DryRun',
      `${counted(there, 'burst replica')} stay as they are, because a dry run writes nothing.`,
    );
  }
  if (granted < there) return yes('Reclaiming', reclaiming(decision, there - granted, there));
  const unusable = told(decision, 'BurstOnUnusableNode');
  if (unusable !== undefined) return yes('OnUnusableNode', unusable);
  if (ready < granted) {
    return yes(
      'Starting',
      `${count(ready)} of ${counted(granted, 'burst replica')} are ready on the virtual pool.`,
    );
  }
  return yes('Running', `${counted(granted, 'burst replica')} are ready on the virtual pool.`);
}

/** How many are given up, how far that has come, and whether it is sure that no work is lost. */
function reclaiming(decision: Decision, givenUp: number, there: number): string {
  const sentences = [
    `${count(givenUp)} of ${counted(there, 'burst replica')} are given up.`,
    told(decision, 'Draining'),
    told(decision, 'DrainGuessed'),
    told(decision, 'DrainForbidden'),
  ];
  return sentences.filter((one) => one !== undefined).join(' ');
}

function notBursting(decision: Decision): Finding {
  const limit = told(decision, 'Limited');
  if (limit !== undefined) return no('Limited', limit);
  const delayed = told(decision, 'Delayed');
  if (delayed !== undefined) return no('Delayed', delayed);
  return no('NothingSpills', 'Nothing has to burst.');
}

function limited({ decision, writeErrors }: Facts): Finding {
  const [error] = writeErrors;
  if (error !== undefined) return yes(pascalCase(error.code), error.message);
  const refused = told(decision, 'PodsRefused');
  if (refused !== undefined) return yes('PodsRefused', refused);
  const [limit] = decision.burst.limitedBy;
  if (limit === undefined) return no('NotLimited', 'No limit holds the burst back.');
  return yes(limit, told(decision, 'Limited') ?? 'A limit of the policy holds the burst back.');
}

function told(decision: Decision, code: ReasonCode): string | undefined {
  return decision.reasons.find((reason) => reason.code === code)?.message;
}

function yes(reason: string, message: string): Finding {
  return { status: 'True', reason, message };
}

function no(reason: string, message: string): Finding {
  return { status: 'False', reason, message };
}
