import { readDrainNote } from '../act/drain-note.ts';
import { rescuedAnnotation } from '../cluster/rescued.ts';
import type { FailureCause } from '../decide/observation.ts';
import type { ReasonCode } from '../decide/reasons.ts';
import { count, counted, seconds } from '../decide/words.ts';
import { sentence } from '../errors.ts';
import type { BurstPolicy } from '../policy/schema.ts';
import type { PodFacts } from './explain-pod-facts.ts';

/** The pod as a person would tell it: whose it is, how it stands, and why. Sentences, the first ones matter most. */
export function storyOf(facts: PodFacts, nowMs: number): readonly string[] {
  const { pod, role } = facts;
  const burst = role !== 'target' || facts.onVirtualNode;
  return [
    whose(facts),
    ...standing(facts, nowMs),
    ...leaving(facts, nowMs),
    ...(burst ? whyItBurst(facts) : pod.nodeName === undefined ? whyItDoesNotBurst(facts) : []),
    ...numbers(facts),
  ];
}

function whose({ pod, owners, role, policy }: PodFacts): string {
  const owner = owners.length === 0 ? 'nobody' : owners.join(' of ');
  const key = `${policy?.metadata.namespace ?? ''}/${policy?.metadata.name ?? ''}`;
  if (role === 'companion') {
    return `${pod.key} is a burst pod: it belongs to ${owner}${policy === undefined ? ', whose policy is gone' : ` and stands in for pods of the target of policy ${key}`}.`;
  }
  if (role === 'rescued')
    return `${pod.key} belongs to ${owner} and was let onto the virtual node by policy ${key}.`;
  return policy === undefined
    ? `${pod.key} belongs to ${owner}, which no BurstPolicy of its namespace is about.`
    : `${pod.key} belongs to ${owner}, the target of policy ${key}.`;
}

function standing(facts: PodFacts, nowMs: number): readonly string[] {
  const { pod, scheduler, onVirtualNode, virtualNodes } = facts;
  const where = `${onVirtualNode ? 'the virtual node' : 'node'} ${pod.nodeName ?? ''}`;
  if (pod.failure !== undefined) return failed(facts, pod.failure, where);
  if (pod.phase === 'Succeeded' || pod.phase === 'Failed')
    return [`It has ended (${pod.phase}) on ${where}.`];
  if (pod.nodeName !== undefined) {
    const since = pod.ready ? pod.readySinceMs : (pod.boundAtMs ?? pod.createdAtMs);
    const state = pod.ready
      ? 'is Ready'
      : pod.phase === 'Running'
        ? 'runs and is not Ready'
        : 'is being started';
    return [`It ${state} on ${where} since ${ago(nowMs - since)}.`];
  }
  if (pod.stuckSinceMs === undefined)
    return [
      `It is pending since ${ago(nowMs - pod.createdAtMs)}, and the scheduler has not said anything of it yet.`,
    ];
  const told = scheduler === undefined ? '' : `: ${scheduler}`;
  const none =
    facts.role !== 'target' && virtualNodes?.usable === 0
      ? ['No virtual node can be used now: spillway doctor says why.']
      : [];
  return [
    `It is pending since ${ago(nowMs - pod.createdAtMs)}: the scheduler finds no node for it${ended(told)}`,
    ...none,
  ];
}

function failed({ provider, virtualNodes }: PodFacts, cause: FailureCause, where: string): readonly string[] {
  const [what, remedy] = causes[cause];
  return [
    `It has failed on ${where}: ${what}.`,
    ...(provider === undefined ? [] : [`The provider says: ${provider.slice(0, 500)}`]),
    remedy,
    ...(virtualNodes?.usable === 0 ? ['No virtual node can be used now: spillway doctor says why.'] : []),
  ];
}

function leaving({ pod }: PodFacts, nowMs: number): readonly string[] {
  const note = readDrainNote(pod.annotations);
  if (pod.endsAtMs !== undefined) return ['It is being deleted.'];
  if (note === undefined) return [];
  const done =
    note.stage === 'drained' ? 'it has no work left and goes next' : 'it finishes its work and takes no more';
  return [`It was chosen to leave ${ago(nowMs - note.sinceMs)} ago: ${done}.`];
}

function whyItBurst({ pod, policy, role }: PodFacts): readonly string[] {
  if (role === 'target') return ['Spillway did not put it there: it tolerates the virtual node by itself.'];
  const id = pod.annotations[rescuedAnnotation];
  return [
    ...(id === undefined ? [] : [`Decision ${id} let it on.`]),
    ...(policy?.status?.lastDecision === undefined
      ? []
      : [`Why there is a burst: ${policy.status.lastDecision.summary}`]),
  ];
}

function whyItDoesNotBurst(facts: PodFacts): readonly string[] {
  const { policy, recorded } = facts;
  if (policy === undefined) {
    return [
      'So nothing bursts it. Write a BurstPolicy whose targetRef or jobSelector names its owner (docs/policy.md).',
    ];
  }
  const off = switchedOff(policy);
  if (off.length > 0) return off;
  if (recorded === undefined && policy.status?.lastDecision === undefined) {
    const key = `${policy.metadata.namespace ?? ''}/${policy.metadata.name}`;
    return [sentence('EXPLAIN_UNDECIDED', { key })];
  }
  return [...byStrategy(facts, policy), ...heldBack(facts, policy)];
}

/** What lets nothing burst at all, the first thing that does. */
function switchedOff({ spec, status }: BurstPolicy): readonly string[] {
  if (spec.suspend === true) return ['The policy is suspended, so nothing bursts.'];
  if (spec.dryRun === true) return ['The policy is a dry run: it only reports what would burst.'];
  if (spec.burst.maxReplicas === 0) return ['The policy bursts nothing: burst.maxReplicas is 0.'];
  for (const type of ['Accepted', 'Eligible']) {
    const found = status?.conditions?.find((one) => one.type === type);
    if (found?.status === 'False') return [`It does not burst (${found.reason}): ${found.message}`];
  }
  return [];
}

function byStrategy({ unrescuable, owners }: PodFacts, { spec, status }: BurstPolicy): readonly string[] {
  if (spec.burst.strategy === 'Rescue') {
    return unrescuable === undefined
      ? []
      : [`It cannot be let onto the virtual node. ${unrescuable.message}`];
  }
  const { granted = 0, running = 0 } = status?.burst ?? {};
  const stays =
    spec.burst.vmPool === 'Fixed'
      ? 'It waits for room on VMs.'
      : 'It stays pending, so that an autoscaler brings a VM for it.';
  const substitutes =
    granted === 0
      ? 'No substitute runs now.'
      : `${counted(granted, 'substitute')} ${granted === 1 ? 'is' : 'are'} granted and ${count(running)} run on the virtual node (kubectl get pods -l spillway.dev/burst=true).`;
  return [
    `This pod itself never moves: under strategy Companion substitutes run beside ${owners.at(-1) ?? 'it'}. ${substitutes} ${stays}`,
  ];
}

/** Reasons of the decision that tell why less bursts than spills, in its own words. */
const holding: ReadonlySet<string> = new Set<ReasonCode>([
  'Limited',
  'Delayed',
  'SignalLost',
  'SignalFallback',
  'NotEligible',
  'NoVmNodes',
  'PodsRefused',
  'RescueWaits',
  'NotRescuable',
  'BreakerOpen',
  'BreakerProbes',
  'Budget',
  'SpendUnknown',
  'PoolGrowth',
]);

function heldBack({ recorded }: PodFacts, { status }: BurstPolicy): readonly string[] {
  const reasons = recorded?.decision.reasons ?? status?.lastDecision?.reasons ?? [];
  const told = reasons
    .filter(({ code }) => holding.has(code))
    .map(({ code, message }) => `${code}: ${message}`);
  const limited = status?.conditions?.find(({ type }) => type === 'Limited');
  return told.length > 0 || limited?.status !== 'True' ? told : [`${limited.reason}: ${limited.message}`];
}

/** The numbers of the decision, and how it put them. */
function numbers({ recorded, policy }: PodFacts): readonly string[] {
  const { status } = policy ?? {};
  const { decision } = recorded ?? {};
  const last = decision ?? status?.lastDecision;
  if (last === undefined) return [];
  const { demand = 0, placed = 0, headroom = 0, stuck = 0 } = decision ?? status ?? {};
  const { wanted = 0, granted = 0, running = 0 } = decision?.burst ?? status?.burst ?? {};
  return [
    `${count(demand)} wanted, ${count(placed)} on VMs, room for ${count(headroom)} more, ${count(stuck)} stuck; burst: ${count(wanted)} wanted, ${count(granted)} granted, ${count(running)} running.`,
    `The last decision: ${last.summary}`,
  ];
}

const causes: Readonly<Record<FailureCause, readonly [what: string, remedy: string]>> = {
  Quota: ["the provider's quota is used up", 'Ask for more quota, or lower burst.maxReplicas.'],
  Capacity: [
    'the provider has no capacity in this region now',
    'It comes back by itself; another region or size helps sooner.',
  ],
  Image: [
    'its image cannot be pulled',
    'Check the name of the image and imagePullSecrets: the virtual node does not pull by identity.',
  ],
  Network: [
    'its network is not ready',
    'Look at the subnet of the virtual node and its delegation: spillway doctor.',
  ],
  Throttled: ['the provider is asked too much', 'It is tried again more slowly.'],
  Rejected: [
    'the provider does not take such a pod',
    'spillway doctor and docs/eligibility.md say what a pod may not have there.',
  ],
  StuckCreating: ['it has not started in time', 'It is given up and replaced.'],
  Vanished: ['its container group is gone', 'It is given up and replaced.'],
  Unknown: ['for a reason that is not known here', 'kubectl describe pod shows what its provider says.'],
};

function ago(elapsedMs: number): string {
  return seconds(Math.max(0, Math.round(elapsedMs / 1000)));
}

function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
