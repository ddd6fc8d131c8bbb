import { cpuMillicores, memoryBytes, wholeUnits } from '../policy/quantity.ts';
import type { Resources } from './observation.ts';

/** What of a pod's spec says what it requests, as Kubernetes JSON has it. */
export interface Requesting {
  readonly containers?: readonly RequestingContainer[];
  readonly initContainers?: readonly RequestingContainer[];
  readonly overhead?: Quantities;
  readonly resources?: ResourceList;
}

interface RequestingContainer {
  readonly restartPolicy?: string;
  readonly resources?: ResourceList;
}

interface ResourceList {
  readonly requests?: Quantities;
  readonly limits?: Quantities;
}

type Quantities = Readonly<Record<string, string | number>>;
type Amounts = Readonly<Record<string, number>>;

/**
 * What a pod asks of a node, as the scheduler counts it (k8s.io/component-helpers `resource.PodRequests`):
 * per resource the larger of
 * - all containers plus all restartable init containers (sidecars, KEP-753), and
 * - the largest init container plus the sidecars started before it;
 * requests of the pod itself (KEP-2837) replace that sum for cpu, memory and huge pages; overhead comes on top.
 * A container without a request but with a limit asks for its limit, as the API server fills it in for pods.
 */
export function podRequests(spec: Requesting): Resources {
  const ownRequests = amounts(requestsOf(spec.resources));
  const total = { ...containerRequests(spec), ...podLevelOnly(ownRequests) };
  return toResources(plus(total, amounts(spec.overhead)));
}

/** Amounts of the four kinds out of a list like `status.allocatable`; `pods` is left out, huge pages count as extended. */
export function resourcesOf(quantities: Quantities | undefined): Resources {
  return toResources(amounts(quantities));
}

function containerRequests(spec: Requesting): Amounts {
  let sidecars: Amounts = {};
  let startingPeak: Amounts = {};
  for (const container of spec.initContainers ?? []) {
    const asked = amountsOf(container);
    if (container.restartPolicy === 'Always') {
      sidecars = plus(sidecars, asked);
      startingPeak = larger(startingPeak, sidecars);
    } else {
      startingPeak = larger(startingPeak, plus(sidecars, asked));
    }
  }
  const running = (spec.containers ?? []).reduce<Amounts>(
    (sum, container) => plus(sum, amountsOf(container)),
    sidecars,
  );
  return larger(running, startingPeak);
}

function amountsOf(container: RequestingContainer): Amounts {
  return amounts(requestsOf(container.resources));
}

function requestsOf(resources: ResourceList | undefined): Quantities | undefined {
  if (resources?.limits === undefined) return resources?.requests;
  return { ...resources.limits, ...resources.requests };
}

function podLevelOnly(own: Amounts): Amounts {
  return Object.fromEntries(
    Object.entries(own).filter(
      ([name]) => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-'),
    ),
  );
}

function amounts(quantities: Quantities | undefined): Amounts {
  if (quantities === undefined) return {};
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
