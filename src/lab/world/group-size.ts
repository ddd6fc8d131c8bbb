import { cpuMillicores, memoryBytes } from '../../policy/quantity.ts';
import type { Pod } from './kube.ts';

/** What a container group asks for: quota and price count this. */
export interface GroupSize {
  readonly cores: number;
  readonly memoryBytes: number;
}

/**
 * The size of a pod's container group: per container 1 core and 1.5 GB where nothing is requested; cores are floored to a hundredth, memory to
 * 0.1 GB, both to at least that much (azure-aci, getContainers).
 */
export function groupSize(pod: Pod): GroupSize {
  let hundredths = 0;
  let tenthsOfGb = 0;
  for (const { resources } of pod.spec.containers) {
    const { cpu, memory } = { ...resources?.limits, ...resources?.requests };
    hundredths += cpu === undefined ? 100 : Math.max(1, Math.floor(cpuMillicores(String(cpu)) / 10));
    tenthsOfGb += memory === undefined ? 15 : Math.max(1, Math.floor(memoryBytes(String(memory)) / 1e8));
  }
  return { cores: hundredths / 100, memoryBytes: tenthsOfGb * 1e8 };
}
