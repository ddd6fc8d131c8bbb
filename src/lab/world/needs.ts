import type { NodeSelectorTerm, PodShape, Resources } from '../../decide/observation.ts';
import { cpuMillicores, memoryBytes, wholeUnits } from '../../policy/quantity.ts';
import type { Container, PodSpec, Quantities, NodeSelectorTerm as RawTerm } from './kube.ts';

type Amounts = Readonly<Record<string, number>>;

const known = new WeakMap<PodSpec, PodShape>();

/**
 * What a pod asks of a node. Spread and anti-affinity are not in it: they depend on the other pods and are looked at by the scheduler
 * itself. Requests are counted as the scheduler does: all containers and sidecars together, or the largest init container
 * with the sidecars before it, whichever is more; plus overhead (k8s.io/component-helpers, `resource.PodRequests`).
 */
export function needsOf(spec: PodSpec): PodShape {
  const before = known.get(spec);
  if (before !== undefined) return before;
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const needs: PodShape = {
    requests: requestsOf(spec),
    priority: spec.priority ?? 0,
    preempts: spec.preemptionPolicy !== 'Never',
    nodeSelector: spec.nodeSelector ?? {},
    nodeAffinity: (terms?.nodeSelectorTerms ?? []).map(term),
    tolerations: (spec.tolerations ?? []).map(({ key, operator, value, effect }) => ({
      key,
      // The API server admits these only; empty means Equal.
      operator: (operator ?? 'Equal') as PodShape['tolerations'][number]['operator'],
      value,
      effect,
    })),
    hostPorts: spec.containers.flatMap(({ ports = [] }) =>
      ports.flatMap(({ hostPort = 0, hostIP = '0.0.0.0', protocol = 'TCP' }) =>
        hostPort > 0 ? [`${protocol}:${hostIP}:${hostPort}`] : [],
      ),
    ),
    spread: [],
    exclusiveBy: [],
  };
  known.set(spec, needs);
  return needs;
}

/** Amounts of a list such as `status.allocatable`; `pods` is not among them. */
export function resourcesOf(quantities: Quantities | undefined): Resources {
  return toResources(amounts(quantities));
}

/** A selector term as decide's `admits` reads it. */
export function term(raw: RawTerm): NodeSelectorTerm {
  const requirement = ({ key, operator, values = [] }: NonNullable<RawTerm['matchFields']>[number]) => ({
    key,
    operator: operator as NodeSelectorTerm['matchFields'][number]['operator'],
    values,
  });
  return {
    matchExpressions: (raw.matchExpressions ?? []).map(requirement),
    matchFields: (raw.matchFields ?? []).map(requirement),
  };
}

function requestsOf({ containers, initContainers = [], overhead }: PodSpec): Resources {
  let sidecars: Amounts = {};
  let peak: Amounts = {};
  for (const container of initContainers) {
    const asked = askedBy(container);
    if (container.restartPolicy === 'Always') sidecars = plus(sidecars, asked);
    peak = larger(peak, container.restartPolicy === 'Always' ? sidecars : plus(sidecars, asked));
  }
  const running = containers.reduce<Amounts>((sum, container) => plus(sum, askedBy(container)), sidecars);
  return toResources(plus(larger(running, peak), amounts(overhead)));
}

function askedBy({ resources }: Container): Amounts {
  return amounts({ ...resources?.limits, ...resources?.requests });
}

function amounts(quantities: Quantities = {}): Amounts {
  return Object.fromEntries(
    Object.entries(quantities).map(([name, quantity]) => [name, amount(name, String(quantity))]),
  );
}

function amount(name: string, quantity: string): number {
  if (name === 'cpu') return cpuMillicores(quantity);
  return name === 'memory' || name === 'ephemeral-storage' ? memoryBytes(quantity) : wholeUnits(quantity);
}

function toResources(amounts: Amounts): Resources {
  const { cpu = 0, memory = 0, 'ephemeral-storage': storage = 0, pods: _, ...extended } = amounts;
  return { cpuMillicores: cpu, memoryBytes: memory, ephemeralStorageBytes: storage, extended };
}

function plus(a: Amounts, b: Amounts): Amounts {
  const sum: Record<string, number> = { ...a };
  for (const [name, value] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + value;
  return sum;
}

function larger(a: Amounts, b: Amounts): Amounts {
  const peak: Record<string, number> = { ...a };
  for (const [name, value] of Object.entries(b)) peak[name] = Math.max(peak[name] ?? 0, value);
  return peak;
}
