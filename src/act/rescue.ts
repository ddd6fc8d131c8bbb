import type { V1Toleration } from '@kubernetes/client-node';
import type { Decision } from '../decide/decision.ts';
import type { Policy } from '../policy/policy.ts';
import { byChoice, type DrainTerms, mayLeave, planDrain } from './drain.ts';
import type { StandingPod } from './drain-order.ts';
import { finalizerWrites } from './plan-finalizer.ts';
import {
  givenUp,
  noted,
  nothingToDo,
  type Order,
  resized,
  takenBack,
  type WorkloadWrites,
} from './plan-workload.ts';
import type { Standing } from './standing.ts';
import type { Write } from './write.ts';

/** What a rescue starts from: the target's pods as they are, own writes included. */
export interface RescueStanding extends Pick<Standing, 'policy' | 'companions'> {
  /** Undefined: the target has no replicas that Spillway sets. */
  readonly target: Pick<Standing['target'], 'name' | 'resourceVersion' | 'replicas'> | undefined;
  /** The target's live pods. */
  readonly live: readonly RescuePod[];
  /** Stuck pods that can be let on, those that wait longest first. */
  readonly stuck: readonly StuckPod[];
  /** An eviction was asked for and does not show on its pod yet. */
  readonly evicting: boolean;
}

export interface RescuePod extends StandingPod {
  readonly uid: string;
  /** It was let onto the virtual pool, and runs or waits to run there. */
  readonly rescued: boolean;
  /** It was let on, wherever it runs; left out: as `rescued`. */
  readonly admitted?: boolean;
  /** A PodDisruptionBudget has forbidden its eviction for so long that another is to leave; left out: none has. */
  readonly kept?: boolean;
}

export interface StuckPod {
  readonly name: string;
  readonly resourceVersion: string;
  /** All that it is to have, those that it has first. */
  readonly tolerations: readonly V1Toleration[];
}

/**
 * The deletion cost of a rescued pod: a scale-in by whoever owns the replicas takes it before any pod on a VM, and after
 * any that is being emptied.
 */
export const rescuedCost = -500;

/**
 * From a decision to the writes of a rescue, in the order in which they are safe: stuck pods are let on, the target's
 * replicas are set, and then at most one pod that is empty is evicted, after the one before it is seen to go. Companions of
 * the time before the policy said `Rescue` are given up, drained.
 */
export function planRescue(policy: Policy, decision: Decision, standing: RescueStanding): readonly Write[] {
  const order: Order = { policy, decisionId: decision.id, atMs: decision.atMs };
  const { target, live } = standing;
  const wanted = decision.targetReplicas;
  const lowers = target !== undefined && wanted !== undefined && wanted < target.replicas;
  const rescued = live.filter((pod) => pod.rescued);
  // Lower replicas take pods by themselves: then their drains are those of the target.
  const own = lowers ? live : live.filter((pod) => !pod.rescued);
  const scaled =
    target === undefined || wanted === undefined
      ? nothingToDo
      : resized('ScaleTarget', order, { ...target, live: own }, wanted);
  const back = lowers ? nothingToDo : givingBack(order, decision, rescued, standing.evicting);
  const companions = standing.companions
    .filter(({ deleting }) => !deleting)
    .map((one) => givenUp(order, one));
  const parts = [scaled, back, ...companions];
  const writes = [
    ...parts.flatMap((part) => part.takenBack.map((write) => resting(write, rescued))),
    ...admissions(order, decision, standing),
    ...parts.flatMap((part) => part.growth),
    ...parts.flatMap((part) => part.giving),
  ];
  // A suspended policy is held no longer than it has pods to give back: who uninstalls waits for that.
  const gives = !policy.suspend || (decision.rescue?.leave ?? 0) > 0;
  const rescues = !policy.deleting && rescued.length > 0 && gives;
  const { first, last } = finalizerWrites(order, { ...standing, target: { live }, rescues }, writes);
  // The pods stay where they run; what was written on them goes with the policy, asked for once and not waited for.
  const released = last.length > 0 && policy.deleting ? releases(order, live) : [];
  return [...first, ...writes, ...released, ...last];
}

/** Takes off rescued pods what can be taken off; a toleration cannot. */
function releases(order: Order, live: readonly RescuePod[]): readonly Write[] {
  const admitted = live.filter((pod) => pod.admitted ?? pod.rescued);
  return takenBack(order, admitted).map((write) =>
    write.kind === 'SetDrain' ? { ...write, released: true } : write,
  );
}

function admissions(
  { policy, decisionId }: Order,
  { rescue }: Decision,
  { stuck }: RescueStanding,
): readonly Write[] {
  return stuck.slice(0, rescue?.admit ?? 0).map((pod) => ({
    kind: 'AdmitPod',
    namespace: policy.namespace,
    name: pod.name,
    resourceVersion: pod.resourceVersion,
    tolerations: pod.tolerations,
    cost: rescuedCost,
    decisionId,
  }));
}

/** Empties the pods that are to leave, takes the others back, and evicts one that is empty. */
function givingBack(
  order: Order,
  { rescue }: Decision,
  rescued: readonly RescuePod[],
  evicting: boolean,
): WorkloadWrites {
  const { policy, decisionId, atMs } = order;
  const terms: DrainTerms = { atMs, timeoutSeconds: policy.burst.drain.timeoutSeconds };
  // One workload, whatever their ReplicaSets: no ReplicaSet chooses here.
  const pods = rescued.filter(({ kept }) => kept !== true).map((pod) => ({ ...pod, set: '' }));
  const keptBack = rescued.filter(({ kept, drain }) => kept === true && drain !== undefined);
  const leave = Math.min(pods.length, rescue?.leave ?? 0);
  const drain = planDrain({ pods, replicas: pods.length, wanted: pods.length - leave }, terms);
  const leaver = pods
    .toSorted(byChoice)
    .slice(0, leave)
    .find((pod) => mayLeave(pod, terms));
  const evicted: Write[] =
    leaver === undefined || evicting || rescue?.evict !== true
      ? []
      : [
          {
            kind: 'EvictPod',
            namespace: policy.namespace,
            name: leaver.name,
            uid: leaver.uid,
            resourceVersion: leaver.resourceVersion,
            decisionId,
          },
        ];
  // A pod whose annotations change now has another version then: it goes in the next pass.
  const writes = noted(order, drain);
  const changed = new Set(writes.map(({ name }) => name));
  return {
    takenBack: takenBack(order, [...keptBack, ...drain.takenBack]),
    growth: [],
    giving: [...writes, ...evicted.filter(({ name }) => !changed.has(name))],
  };
}

/** A pod that was let on keeps its own cost when it is taken back. */
function resting(write: Write, rescued: readonly RescuePod[]): Write {
  return write.kind === 'SetDrain' && rescued.some(({ name }) => name === write.name)
    ? { ...write, restCost: rescuedCost }
    : write;
}
