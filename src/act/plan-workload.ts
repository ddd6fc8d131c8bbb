import type { Policy } from '../policy/policy.ts';
import { type DrainPlan, planDrain } from './drain.ts';
import type { StandingPod } from './drain-order.ts';
import type { StandingCompanion } from './standing.ts';
import type { Write } from './write.ts';

/** The writes that bring one Deployment to its size, in three parts: each has its place in the order of a plan. */
export interface WorkloadWrites {
  /** Pods that were to leave and may stay. */
  readonly takenBack: readonly Write[];
  readonly growth: readonly Write[];
  /** Pods chosen to leave, and replicas given up by those that are empty. */
  readonly giving: readonly Write[];
}

export const nothingToDo: WorkloadWrites = { takenBack: [], growth: [], giving: [] };

/** What a scaling write needs to know of its decision. */
export interface Order {
  readonly policy: Policy;
  readonly decisionId: string;
  /** When it was decided, milliseconds since the epoch. */
  readonly atMs: number;
}

interface Scaled {
  readonly name: string;
  readonly resourceVersion: string;
  readonly replicas: number;
  readonly live: readonly StandingPod[];
}

/** Brings a Deployment to the replicas that are wanted, drained where it shrinks. */
export function resized(
  kind: 'ScaleTarget' | 'ScaleCompanion',
  order: Order,
  workload: Scaled,
  wanted: number,
): WorkloadWrites {
  const { policy, decisionId, atMs } = order;
  const { replicas, live } = workload;
  const drain = planDrain(
    { pods: live, replicas, wanted },
    { atMs, timeoutSeconds: policy.burst.drain.timeoutSeconds },
  );
  const scale: Write = {
    kind,
    namespace: policy.namespace,
    name: workload.name,
    resourceVersion: workload.resourceVersion,
    from: replicas,
    to: drain.replicas,
    decisionId,
  };
  return {
    takenBack: takenBack(order, drain.takenBack),
    growth: drain.replicas > replicas ? [scale] : [],
    giving: [...noted(order, drain), ...(drain.replicas < replicas ? [scale] : [])],
  };
}

/** Takes these pods back: both annotations go. */
export function takenBack(
  { policy, decisionId }: Order,
  pods: readonly Pick<StandingPod, 'name' | 'resourceVersion'>[],
): readonly Write[] {
  return pods.map(({ name, resourceVersion }) => ({
    kind: 'SetDrain',
    namespace: policy.namespace,
    name,
    resourceVersion,
    drain: undefined,
    ended: undefined,
    decisionId,
  }));
}

/** Writes what is to stand on the pods that leave. */
export function noted({ policy, decisionId }: Order, drain: DrainPlan): readonly Write[] {
  return drain.noted.map(({ pod, note, cost, ended }) => ({
    kind: 'SetDrain',
    namespace: policy.namespace,
    name: pod.name,
    resourceVersion: pod.resourceVersion,
    drain: { note, cost },
    ended,
    decisionId,
  }));
}

/** A companion that is to have nothing: emptied first, deleted when its last pod is gone. */
export function givenUp(order: Order, companion: StandingCompanion): WorkloadWrites {
  if (companion.replicas > 0) return resized('ScaleCompanion', order, companion, 0);
  const { policy, decisionId } = order;
  // Who deletes the policy does not have to wait for the last grace period.
  const left = policy.deleting ? companion.live.length : companion.pods;
  if (left > 0) return nothingToDo;
  const { name, uid, resourceVersion } = companion;
  const { namespace } = policy;
  return {
    ...nothingToDo,
    giving: [{ kind: 'DeleteCompanion', namespace, name, uid, resourceVersion, decisionId }],
  };
}
