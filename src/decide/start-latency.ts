/** Pods whose start counts, of each kind. */
const samples = 20;

/** How long the latest pods took from being bound to Ready, seconds, oldest first: those on VMs, and those that burst. */
export interface Starts {
  readonly vm: readonly number[];
  readonly virtual: readonly number[];
}

export const noStarts: Starts = { vm: [], virtual: [] };

/** Takes in one pod that has become Ready for the first time. */
export function started(starts: Starts, where: keyof Starts, seconds: number): Starts {
  return { ...starts, [where]: [...starts[where], seconds].slice(-samples) };
}

/**
 * What the next replica will take (L): the median of the slower kind, since what spills over starts there, and a mixture
 * of both would be too short for exactly those. Undefined: no pod has been seen to start.
 */
export function startLatencySeconds({ vm, virtual }: Starts): number | undefined {
  const medians = [median(vm), median(virtual)].filter((one) => one !== undefined);
  return medians.length === 0 ? undefined : Math.max(...medians);
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  const upper = sorted[Math.floor(sorted.length / 2)];
  return lower === undefined || upper === undefined ? undefined : (lower + upper) / 2;
}
