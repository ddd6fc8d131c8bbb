import { cpuMillicores, memoryBytes } from '../policy/quantity.ts';

/** What a container group asks for: quota and price count this. */
export interface GroupSize {
  readonly cores: number;
  readonly memoryBytes: number;
}

/** As much of a pod's spec as the size of its group follows from, as Kubernetes JSON has it. */
export interface Grouped {
  readonly containers?: readonly {
    readonly resources?: { readonly requests?: Quantities; readonly limits?: Quantities };
  }[];
}

type Quantities = Readonly<Record<string, string | number>>;

/**
 * The size of a pod's container group: per container 1 core and 1.5 GB where nothing is requested; cores are floored to
 * a hundredth, memory to 0.1 GB (decimal), both to at least that much (azure-aci, getContainers). Init containers add
 * nothing: the provider refuses those that request something, and drops sidecars among them.
 */
export function groupSize(spec: Grouped): GroupSize {
  let hundredths = 0;
  let tenthsOfGb = 0;
  for (const { resources } of spec.containers ?? []) {
    const { cpu, memory } = { ...resources?.limits, ...resources?.requests };
    hundredths += cpu === undefined ? 100 : Math.max(1, Math.floor(cpuMillicores(String(cpu)) / 10));
    tenthsOfGb += memory === undefined ? 15 : Math.max(1, Math.floor(memoryBytes(String(memory)) / 1e8));
  }
  return { cores: hundredths / 100, memoryBytes: tenthsOfGb * 1e8 };
}
