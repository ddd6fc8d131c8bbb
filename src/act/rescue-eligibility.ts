import type { V1PodSpec, V1Toleration } from '@kubernetes/client-node';
import type { VirtualPool } from '../config.ts';
import { admits, tolerates } from '../decide/admits.ts';
import type { NodeClass, PodShape, Refusal, Toleration } from '../decide/observation.ts';
import { sentence } from '../errors.ts';
import { refusalsOfPod } from './eligibility/judge.ts';

/** A pod that may be let onto the virtual pool, as it is in the cluster. */
export interface RescueCandidate {
  readonly spec: V1PodSpec;
  readonly shape: PodShape;
}

/** Which wish about its place keeps a pod off. */
export type RescueCode = 'RESCUE_HOST_PORT' | 'RESCUE_SPREAD' | 'RESCUE_EXCLUSIVE' | 'RESCUE_SELECTOR';

/** Why a pod cannot be let on, by its code. */
export interface PlaceRefusal extends Refusal {
  readonly code: RescueCode;
}

/**
 * The first thing that keeps a pod off the virtual pool; undefined: it can be let on. A pod cannot be changed but for more
 * tolerations, so what is dropped from a companion's template is refused here: besides what would fail there, selectors of
 * VMs, and required anti-affinity or hard spread, because all burst pods share one node. `nodes`: the usable virtual
 * nodes; without any, only the pod itself is looked at.
 */
export function refusalOfRescue(
  { spec, shape }: RescueCandidate,
  pool: VirtualPool,
  nodes: readonly NodeClass[],
): Refusal | undefined {
  const [unfit] = refusalsOfPod({ spec }, pool);
  if (unfit !== undefined) return unfit;
  const [unplaced] = refusalsOfPlace({ spec, shape }, pool, nodes);
  return unplaced;
}

/** Everything about where the pod wants to run that keeps it off the virtual pool. */
export function refusalsOfPlace(
  { spec, shape }: RescueCandidate,
  pool: VirtualPool,
  nodes: readonly NodeClass[],
): readonly PlaceRefusal[] {
  const { hostPorts, spread, exclusiveBy } = shape;
  const tolerant = { ...shape, tolerations: longerList(spec, pool).map(known) };
  const keepsOff = nodes.length > 0 && !nodes.some((node) => admits(tolerant, node));
  return [
    ...(hostPorts.length > 0 ? [refusal('RESCUE_HOST_PORT', { pool: pool.name })] : []),
    ...(spread.length > 0
      ? [refusal('RESCUE_SPREAD', { keys: listed(spread.map((each) => each.topologyKey)) })]
      : []),
    ...(exclusiveBy.length > 0 ? [refusal('RESCUE_EXCLUSIVE', { keys: listed(exclusiveBy) })] : []),
    ...(keepsOff ? [refusal('RESCUE_SELECTOR', { pool: pool.name })] : []),
  ];
}

/**
 * The tolerations of the pod with those of the pool at the end. Existing ones stay as they are and where they are: the
 * API server takes additions alone.
 */
export function longerList(spec: V1PodSpec, pool: VirtualPool): readonly V1Toleration[] {
  const own = spec.tolerations ?? [];
  const shapes = own.map(known);
  const missing = pool.tolerations.filter(
    ({ key, value = '', effect = 'NoSchedule' }) => !tolerates(shapes, { key, value, effect }),
  );
  return [
    ...own,
    ...missing.map(({ key, operator, value, effect }) => ({
      key,
      operator,
      ...(value === undefined ? {} : { value }),
      ...(effect === undefined ? {} : { effect }),
    })),
  ];
}

function known({ key, operator, value, effect }: V1Toleration): Toleration {
  // Empty means Equal; the API server admits no others.
  return { key, operator: (operator ?? 'Equal') as Toleration['operator'], value, effect };
}

function listed(keys: readonly string[]): string {
  return [...new Set(keys)].join(', ');
}

function refusal(code: RescueCode, details: Record<string, string>): PlaceRefusal {
  return { code, message: sentence(code, details) };
}
