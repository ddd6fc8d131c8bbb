import { groupSize } from '../../limits/group-size.ts';
import { pricePerHour } from '../../limits/price.ts';
import { cpuMillicores, memoryBytes } from '../../policy/quantity.ts';
import type { ContenderResult, SimulationResult } from './result.ts';
import type { ScenarioFile } from './scenario-schema.ts';

/** What one replica costs per hour on a VM that is full of them, at best over the pools; infinite: it fits on none. */
export function vmPricePerReplicaHour({ pools, workload, prices }: ScenarioFile): number {
  const { cpu, memory } = workload.requests;
  const most = Math.max(
    0,
    ...pools.map((pool) =>
      Math.min(
        110,
        Math.floor(cpuMillicores(pool.cpu) / cpuMillicores(cpu)),
        Math.floor(memoryBytes(pool.memory) / memoryBytes(memory)),
      ),
    ),
  );
  return most === 0 ? Number.POSITIVE_INFINITY : prices.vmHour / most;
}

/** What one burst replica costs per hour, in the provider's rounding. */
export function burstPricePerReplicaHour({ workload, prices }: ScenarioFile): number {
  const size = groupSize({ containers: [{ resources: { requests: workload.requests } }] });
  return pricePerHour(size, { perCpuHour: prices.cpuHour, perMemoryGbHour: prices.memoryGbHour });
}

/**
 * No way of running it can cost less: the work that was done, at the cheaper price of a replica-hour, on replicas that are
 * never idle. Of contenders that differ in what they did, the one that did least counts, those that left jobs aside.
 */
export function lowerBound(
  scenario: ScenarioFile,
  contenders: readonly ContenderResult[],
): SimulationResult['lowerBound'] {
  const [vm, burst] = [vmPricePerReplicaHour(scenario), burstPricePerReplicaHour(scenario)];
  const perReplicaHour = Math.min(vm, burst);
  const finished = contenders.filter(({ jobs }) => jobs.unfinished === 0);
  const counted = finished.length > 0 ? finished : contenders;
  const workHours = Math.min(...counted.map((each) => each.workHours));
  return {
    cost: (workHours / scenario.workload.concurrency) * perReplicaHour,
    perReplicaHour,
    cheaper: vm <= burst ? 'VM' : 'burst',
  };
}
