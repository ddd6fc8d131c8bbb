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
  if (shape.hostPorts.length > 0) return refusal('RESCUE_HOST_PORT', { pool: pool.name });
  if (shape.spread.length > 0) {
    return refusal('RESCUE_SPREAD', { keys: listed(shape.spread.map((each) => each.topologyKey)) });
  }
  if (shape.exclusiveBy.length > 0) return refusal('RESCUE_EXCLUSIVE', { keys: listed(shape.exclusiveBy) });
  const tolerant = { ...shape, tolerations: longerList(spec, pool).map(known) };
  return nodes.length > 0 && !nodes.some((node) => admits(tolerant, node))
    ? refusal('RESCUE_SELECTOR', { pool: pool.name })
    : undefined;
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

type RescueCode = 'RESCUE_HOST_PORT' | 'RESCUE_SPREAD' | 'RESCUE_EXCLUSIVE' | 'RESCUE_SELECTOR';

function refusal(code: RescueCode, details: Record<string, string>): Refusal {
  return { code, message: sentence(code, details) };
}
