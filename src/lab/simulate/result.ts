import type { Costs } from './account.ts';
import type { Contender } from './contender.ts';
import type { Series } from './series.ts';

/** How one contender fared. */
export interface ContenderResult {
  readonly name: string;
  readonly type: Contender['type'];
  readonly jobs: {
    readonly added: number;
    readonly completed: number;
    /** Ended badly: out of attempts, or killed too often. */
    readonly failed: number;
    /** Neither when the simulation gave up waiting. */
    readonly unfinished: number;
    /** Starts beyond the first: killed with their worker, or failed and tried again. */
    readonly restarted: number;
    readonly startedInTime: number;
  };
  /** Seconds from arrival to first start, within 1 %; undefined: nothing has started. */
  readonly waitSeconds: {
    readonly p50: number | undefined;
    readonly p95: number | undefined;
    readonly p99: number | undefined;
  };
  /** Part of all jobs that started within the objective, and whether that is enough. */
  readonly shareInTime: number;
  readonly keepsObjective: boolean;
  readonly costs: Costs & { readonly total: number };
  readonly peaks: { readonly vmReplicas: number; readonly burstReplicas: number; readonly vms: number };
  /** Changes of the replicas asked for, of the workload and its companions. */
  readonly scaleEvents: number;
  /** Hours of work that were done. */
  readonly workHours: number;
  readonly series: Series;
}

/** A whole simulation. */
export interface SimulationResult {
  readonly seed: string;
  readonly origin: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly jobs: number;
  readonly objective: { readonly startWithinSeconds: number; readonly share: number };
  readonly currency: string;
  /** What the work would cost if nothing were ever idle, at the cheaper price; and that price. */
  readonly lowerBound: {
    readonly cost: number;
    readonly perReplicaHour: number;
    readonly cheaper: 'VM' | 'burst';
  };
  /** Jobs that arrive in each part of the time. */
  readonly arrivals: { readonly startMs: number; readonly stepMs: number; readonly jobs: readonly number[] };
  readonly contenders: readonly ContenderResult[];
}
