import { constant, type Distribution, logNormal, scaled, uniform } from './distribution.ts';
import type {
  AutoscalerSettings,
  KubeletSettings,
  Scenario,
  SchedulerSettings,
  VirtualNodeSettings,
} from './types.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;

/** What a scenario leaves out. Start times are those of reference pages: a VM boots in 2 to 5 min, ACI starts in 20 to 30 s. */
export const defaults: {
  readonly autoscaler: AutoscalerSettings;
  readonly scheduler: SchedulerSettings;
  readonly kubelet: KubeletSettings;
  readonly virtualNode: VirtualNodeSettings;
  readonly bootMs: Distribution;
  readonly changeLogLength: number;
} = {
  autoscaler: {
    scanMs: 10 * secondMs,
    unneededMs: 10 * minuteMs,
    delayAfterAddMs: 10 * minuteMs,
    provisionMs: 15 * minuteMs,
    backoffMs: 5 * minuteMs,
    maxBackoffMs: 30 * minuteMs,
    vmQuota: Number.POSITIVE_INFINITY,
  },
  scheduler: { perPodMs: 5, backoffMs: secondMs, maxBackoffMs: 10 * secondMs, flushMs: 5 * minuteMs },
  kubelet: {
    startMs: uniform(secondMs, 3 * secondMs),
    pullMs: uniform(5 * secondMs, 15 * secondMs),
  },
  virtualNode: {
    startMs: logNormal(25 * secondMs, 0.2),
    quotaCores: 100,
    createsPer5Minutes: 100,
    createsPerHour: 300,
    createError: undefined,
    stuckCreating: false,
    ready: true,
    deletion: 'kill',
  },
  bootMs: logNormal(150 * secondMs, 0.25),
  changeLogLength: 50_000,
};

/** The scenario with everything that starts slowly (VMs, images, pods) so many times as fast. Intervals of controllers and job durations stay. */
export function withSpeed(scenario: Scenario, speed: number): Scenario {
  const faster = (distribution: Distribution): Distribution => scaled(distribution, 1 / speed);
  const { startMs, pullMs } = { ...defaults.kubelet, ...scenario.kubelet };
  return {
    ...scenario,
    kubelet: { startMs: faster(startMs), pullMs: faster(pullMs) },
    pools: scenario.pools.map((pool) => ({ ...pool, bootMs: faster(pool.bootMs ?? defaults.bootMs) })),
    virtualNodes: (scenario.virtualNodes ?? []).map((node) => ({
      ...node,
      settings: { ...node.settings, startMs: faster(node.settings?.startMs ?? defaults.virtualNode.startMs) },
    })),
  };
}

/** Everything at once: starts take no time at all. For tests of what does not depend on them. */
export const atOnce: Pick<Scenario, 'kubelet'> = {
  kubelet: { startMs: constant(0), pullMs: constant(0) },
};
