import { names } from './names.ts';
import type { Order } from './plan-workload.ts';
import type { Standing, StandingPolicy } from './standing.ts';
import type { Write } from './write.ts';

/** The write on the policy itself, before everything else or after it. */
export interface FinalizerWrites {
  readonly first: readonly Write[];
  readonly last: readonly Write[];
}

/**
 * Our finalizer stands on the policy while there is something to drain or to clean up before it may go: it comes before the
 * first burst replica or rescued pod and goes after the last. A policy that is being deleted takes none any more (the API server refuses it).
 */
export function finalizerWrites(
  order: Order,
  {
    policy: object,
    companions,
    target,
    rescues = false,
  }: Pick<Standing, 'policy' | 'companions'> & {
    readonly target: Pick<Standing['target'], 'live'> | undefined;
    /** There are rescued pods to give back or to clean up; left out: none. */
    readonly rescues?: boolean;
  },
  writes: readonly Write[],
): FinalizerWrites {
  const holds = object.finalizers.includes(names.drain);
  const begins = writes.some(
    (write) =>
      write.kind === 'CreateCompanion' ||
      write.kind === 'AdmitPod' ||
      (write.kind === 'SetDrain' && write.drain !== undefined),
  );
  const drains = target?.live.some(({ drain }) => drain !== undefined) === true;
  const needed = begins || drains || rescues || companions.length > 0;
  if (holds === needed || (needed && order.policy.deleting)) return { first: [], last: [] };
  if (!needed) return { first: [], last: releaseOf(order, object) };
  const finalizers = [...object.finalizers, names.drain];
  return { first: [finalizersWrite(order, object, finalizers)], last: [] };
}

/** Lets the policy go, if we hold it. */
export function releaseOf(order: Order, object: StandingPolicy): readonly Write[] {
  const others = object.finalizers.filter((name) => name !== names.drain);
  if (others.length === object.finalizers.length) return [];
  return [finalizersWrite(order, object, others)];
}

function finalizersWrite(
  { policy, decisionId }: Order,
  { resourceVersion }: StandingPolicy,
  finalizers: readonly string[],
): Write {
  return {
    kind: 'SetFinalizers',
    namespace: policy.namespace,
    name: policy.name,
    resourceVersion,
    finalizers,
    holds: finalizers.includes(names.drain),
    decisionId,
  };
}
