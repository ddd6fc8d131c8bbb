import type { Clock } from '../clock.ts';
import type { Growth } from '../cluster/autoscaler.ts';
import type { ClusterClient } from '../cluster/client.ts';
import type { Fence } from '../cluster/lease.ts';
import type { SlimPolicy } from '../cluster/slim.ts';
import type { Kind } from '../cluster/store.ts';
import type { ClusterView } from '../cluster/view.ts';
import type { RecordedDecision } from '../decide/decision.ts';
import type { Memory } from '../decide/memory.ts';
import type { Sample } from '../decide/observation.ts';
import type { DrainPort } from '../demand/drain.ts';
import type { WatchRequest } from '../demand/source.ts';
import { Drains } from './drains.ts';
import type { BurstLimits } from '../limits/burst-limits.ts';
import type { Policy } from '../policy/policy.ts';
import type { BurstPolicyStatus } from '../policy/schema.ts';
import type { Told } from '../report/events.ts';
import type { Logger } from '../report/log.ts';
import type { Metrics } from '../report/metrics.ts';
import type { Reporter } from '../report/reporter.ts';
import { writeDueInMs } from '../report/status-writes.ts';
import { Refusals } from './refusals.ts';
import { Rescues } from './rescues.ts';

/** What is kept of a policy between two passes; made by the controller, changed by `reconcile` alone. */
export interface PolicyState {
  readonly policy: Policy;
  /** When this process began to look after it, milliseconds since the epoch. */
  readonly sinceMs: number;
  /** The latest reading of each source. */
  readonly samples: Map<string, Sample>;
  /** How each source that can be read is asked for. */
  readonly requests: readonly WatchRequest[];
  readonly drains: Drains;
  readonly rescues: Rescues;
  readonly refusals: Refusals;
  /** This process has asked for marks, and has to lift them when they are not wanted any more. */
  marked: boolean;
  /** Some source lets nobody be marked, and the log says so. */
  forbidden: boolean;
  /** `clock.elapsed()` of the earliest reading that no pass has seen yet; undefined: none. */
  unseenSinceMs: number | undefined;
  memory: Memory | undefined;
  last: RecordedDecision | undefined;
  told: Told | undefined;
  /** Kinds whose caches were too old to write on at the last pass. */
  stale: readonly Kind[];
}

/** The state of a policy that is looked after from now on; `known`: as it was before its sources changed. */
export function newState(policy: Policy, sinceMs: number, known: PolicyState | undefined): PolicyState {
  const { key, namespace, scaling } = policy;
  return {
    policy,
    sinceMs,
    samples: new Map(),
    requests: (scaling?.sources ?? []).map((source) => ({ policy: key, namespace, source })),
    drains: new Drains(),
    rescues: new Rescues(),
    refusals: new Refusals(),
    marked: false,
    forbidden: false,
    unseenSinceMs: undefined,
    memory: known?.memory,
    last: known?.last,
    told: known?.told,
    stale: [],
  };
}

export interface ReconcileParts {
  readonly view: ClusterView;
  /** Whether more VMs can come, as the cluster's autoscaler tells. */
  readonly growth: () => Growth;
  readonly drain: DrainPort;
  readonly limits: BurstLimits;
  readonly client: ClusterClient;
  readonly fence: Fence;
  readonly reporter: Reporter;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  /** See `withhold.ts`, seconds. */
  readonly maxCacheAgeSeconds: number;
}

/** When to look at the policy again. `retry`: something failed, back off. */
export type Next = { readonly after: 'retry' } | { readonly after: 'seconds'; readonly seconds: number };

/** Writes the status if it is due; resolves to the milliseconds until it is. */
export async function report(
  parts: ReconcileParts,
  policy: Policy,
  object: SlimPolicy,
  status: BurstPolicyStatus,
): Promise<number> {
  const dueInMs = writeDueInMs(statusIn(object), status, parts.clock.now());
  if (dueInMs === undefined) return Number.POSITIVE_INFINITY;
  if (dueInMs > 0) return dueInMs;
  const written = await parts.reporter.status(object.raw, policy, status);
  if (written !== undefined) parts.view.applied('policies', written);
  return Number.POSITIVE_INFINITY;
}

/** The status as it stands in the cluster; undefined: there is none yet. */
export function statusIn(object: SlimPolicy): BurstPolicyStatus | undefined {
  return (object.raw as { readonly status?: BurstPolicyStatus }).status;
}
