import type { Policy } from '../policy/policy.ts';
import type { Observation } from './observation.ts';
import type { ReasonCode } from './reasons.ts';

/**
 * A stuck pod asks the cluster autoscaler for a VM only until it tolerates the virtual node (pods that fit on a node
 * that exists are filtered out of scale-up). The autoscaler looks every 10 s, so within this time it has seen the pod.
 */
export const rescuePatienceSeconds = 30;

/** Times in conditions and in the autoscaler's status are whole seconds. */
const clockGrainSeconds = 1;

/** What becomes of the target's pods under the strategy `Rescue`. */
export interface RescueDecision {
  /** Stuck pods to let onto the virtual pool now, oldest first. */
  readonly admit: number;
  /** Why those pods need not wait, or have waited enough. */
  readonly because: Extract<ReasonCode, 'RescueAfterScaleUp' | 'RescueAfterWait' | 'RescueAtOnce'>;
  /** Stuck pods that the limits would let on and that have to wait until a scale-up shows. */
  readonly waiting: number;
  /** Rescued pods that should be emptied, so that they can go: all that a limit or a lower demand takes, else one. */
  readonly leave: number;
  /** Whether one of them may be evicted once it is empty. Not where the target's replicas are being lowered: that takes it. */
  readonly evict: boolean;
  /** Seconds until the next waiting pod has waited long enough; infinite: none waits. */
  readonly secondsToNext: number;
}

/** What the rest of the decision hands on. */
export interface RescueTerms {
  readonly demand: number;
  readonly headroom: number;
  readonly granted: number;
  readonly asked: number;
  /** What is never exceeded. */
  readonly hard: number;
  readonly targetReplicas: number | undefined;
}

/** What becomes of the target's pods; undefined: the policy bursts by companions. */
export function rescueOf(
  policy: Policy,
  observation: Observation,
  terms: RescueTerms,
): RescueDecision | undefined {
  if (observation.rescued === undefined) return undefined;
  return {
    ...admission(policy, observation, Math.max(0, terms.granted - terms.asked)),
    ...givingBack(policy, observation, observation.rescued, terms),
  };
}

/** Whether the policy takes rescued pods back by eviction: only a Deployment makes a replacement that may run on a VM. */
export function givesBack({ target }: Policy): boolean {
  return target.kind === 'Deployment';
}

function admission(
  policy: Policy,
  observation: Observation,
  room: number,
): Pick<RescueDecision, 'admit' | 'because' | 'waiting' | 'secondsToNext'> {
  const { waitingSeconds = [] } = observation.rescued ?? {};
  const { because, patienceSeconds } = patienceOf(policy, observation);
  const ripe = waitingSeconds.filter((seconds) => seconds >= patienceSeconds).length;
  const admit = Math.min(room, ripe);
  const waiting = Math.min(room - admit, waitingSeconds.length - ripe);
  const longest = waitingSeconds.reduce(
    (most, seconds) => (seconds < patienceSeconds ? Math.max(most, seconds) : most),
    0,
  );
  return {
    admit,
    because,
    waiting,
    secondsToNext: waiting > 0 ? rescuePatienceSeconds - longest : Number.POSITIVE_INFINITY,
  };
}

/**
 * One at a time against headroom, and the next only when all that should run is Ready again: what replaces an evicted pod
 * comes after it. Beyond a hard limit all at once are emptied, and room is not asked for.
 */
function givingBack(
  policy: Policy,
  { pods, target }: Observation,
  rescued: NonNullable<Observation['rescued']>,
  { demand, headroom, granted, asked, hard, targetReplicas }: RescueTerms,
): Pick<RescueDecision, 'leave' | 'evict'> {
  // A policy that goes leaves the pods where they run: they are the target's own, and evicting them serves nobody.
  if (!givesBack(policy) || policy.deleting) return { leave: 0, evict: false };
  const lowered = Math.max(0, target.replicas - (targetReplicas ?? target.replicas));
  // A ReplicaSet deletes pods without a node first.
  const taken = Math.max(0, Math.min(rescued.pods, lowered - pods.unbound));
  const beyond = Math.max(0, rescued.pods - hard);
  const missing = demand - pods.placedReady - pods.onVirtualReady - rescued.ready;
  const calm = headroom > 0 && missing <= rescued.pods - rescued.running;
  const reclaimed = granted < asked && (calm || rescued.draining > 0) ? 1 : 0;
  return {
    leave: Math.min(rescued.pods, Math.max(taken, beyond, reclaimed)),
    evict: lowered === 0 && (beyond > 0 || (reclaimed > 0 && calm)),
  };
}

/** How long pods have to be stuck: no longer than since the last scale-up, which has seen those that were stuck by then. */
function patienceOf(
  { burst }: Policy,
  { atMs, vmPool }: Observation,
): Pick<RescueDecision, 'because'> & { readonly patienceSeconds: number } {
  if (vmPool.growth === 'CannotGrow' || burst.vmPool === 'Fixed') {
    return { because: 'RescueAtOnce', patienceSeconds: 0 };
  }
  if (vmPool.growth !== 'Growing') {
    return { because: 'RescueAfterWait', patienceSeconds: rescuePatienceSeconds };
  }
  const scaledUpAtMs = vmPool.growthReason?.sinceMs ?? atMs;
  const sinceSeconds = Math.max(0, (atMs - scaledUpAtMs) / 1000 - clockGrainSeconds);
  return sinceSeconds < rescuePatienceSeconds
    ? { because: 'RescueAfterScaleUp', patienceSeconds: sinceSeconds }
    : { because: 'RescueAfterWait', patienceSeconds: rescuePatienceSeconds };
}
