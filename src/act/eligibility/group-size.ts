import type { V1Container, V1ResourceRequirements } from '@kubernetes/client-node';
import { cpuMillicores, memoryBytes } from '../../policy/quantity.ts';

/** What a container group, or one container of it, asks for, in the steps that Container Instances count in. */
export interface GroupSize {
  readonly cpuHundredths: number;
  readonly memoryTenthsOfGb: number;
}

/**
 * What one container asks for: its requests, its limits where it has none (the API server copies them), else 1 CPU
 * and 1.5 GB; rounded down to 0.01 CPU and 0.1 GB (azure-aci, getContainers). Throws QUANTITY_INVALID.
 */
export function sizeOf({ resources }: V1Container): GroupSize {
  const { cpu, memory } = askedBy(resources);
  return {
    cpuHundredths: cpu === undefined ? 100 : Math.max(1, Math.floor(cpuMillicores(cpu) / 10)),
    memoryTenthsOfGb: memory === undefined ? 15 : Math.max(1, Math.floor(memoryBytes(memory) / 1e8)),
  };
}

/** What a group of these containers asks for. */
export function groupOf(containers: readonly V1Container[]): GroupSize {
  return containers.map(sizeOf).reduce(
    (sum, each) => ({
      cpuHundredths: sum.cpuHundredths + each.cpuHundredths,
      memoryTenthsOfGb: sum.memoryTenthsOfGb + each.memoryTenthsOfGb,
    }),
    { cpuHundredths: 0, memoryTenthsOfGb: 0 },
  );
}

/**
 * The limits of a container that are above what its group asks for. Container Instances take cpu as it is and memory
 * rounded down to 0.1 GB (azure-aci, getContainers). Throws QUANTITY_INVALID.
 */
export function limitsAbove({ resources }: V1Container, group: GroupSize): readonly ('cpu' | 'memory')[] {
  const { cpu, memory } = texts(resources?.limits);
  const above: ('cpu' | 'memory')[] = [];
  if (cpu !== undefined && cpuMillicores(cpu) > group.cpuHundredths * 10) above.push('cpu');
  if (memory !== undefined && Math.floor(memoryBytes(memory) / 1e8) > group.memoryTenthsOfGb) {
    above.push('memory');
  }
  return above;
}

/** What is requested, limits standing in for what is not. */
export function askedBy(resources: V1ResourceRequirements | undefined): Partial<Record<string, string>> {
  return texts({ ...resources?.limits, ...resources?.requests });
}

/** Files write quantities as numbers too. */
function texts(quantities: Readonly<Record<string, unknown>> | undefined): Partial<Record<string, string>> {
  const written = Object.entries(quantities ?? {}).filter(([, quantity]) => quantity !== undefined);
  return Object.fromEntries(written.map(([resource, quantity]) => [resource, String(quantity)]));
}
