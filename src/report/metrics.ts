import process from 'node:process';
import type { Decision, SourceDemand } from '../decide/decision.ts';
import type { GaugeName, SourceGaugeName } from './metric-definitions.ts';
import type { Gauge } from 'prom-client';
import type { LimitsTold } from '../limits/burst-limits.ts';
import { createMetricRegistry } from './metric-registry.ts';
import { createPolicySeries, type Labels } from './policy-series.ts';

/** What pods request of the VM pool, or what the pool offers: all nodes that are not virtual, summed up. */
export interface VmPoolAmount {
  readonly cpuMillicores: number;
  readonly memoryBytes: number;
  readonly pods: number;
}

/** One call to the Kubernetes API. Verb and resource are ours, never parts of a URL: labels stay bounded. */
export interface ApiCall {
  readonly verb: string;
  readonly resource: string;
  /** HTTP status; `error`: no answer came. */
  readonly code: string;
}

/** How Azure stands. Times are milliseconds since the epoch, money in the configured currency. */
export interface AzureFigures {
  readonly usages: readonly {
    readonly name: string;
    readonly limit: number;
    readonly used: number;
    readonly free: number;
  }[];
  /** Undefined: no usage was read yet. */
  readonly usageAtMs: number | undefined;
  /** Undefined: nobody looked yet. */
  readonly orphans: number | undefined;
  /** Undefined: no price is configured. */
  readonly orphansPerHour: number | undefined;
}

/** The metrics of one controller. Every function takes plain values; nothing outside report/ knows prom-client. */
export interface Metrics {
  /** The gauges of the decision's policy and sources become this decision's; its reasons are counted. */
  recordDecision(decision: Decision): void;
  /** Removes every series of a policy (`namespace/name`) that is gone. */
  forgetPolicy(key: string): void;
  /** Removes the series of all policies: for a replica that no longer leads and would show old values. */
  forgetPolicies(): void;
  recordVmPool(requested: VmPoolAmount, allocatable: VmPoolAmount): void;
  /** From an event in a queue to the acknowledged write, seconds. */
  observeReaction(seconds: number): void;
  /** A drain of a policy (`namespace/name`) that ended, and how. */
  recordDrain(policy: string, outcome: string, seconds: number): void;
  /** A rescued pod that got its node, seconds after it was called unschedulable. */
  observeRescue(seconds: number): void;
  countApiCall(call: ApiCall): void;
  /** Virtual pools and the money of all bursts, as they stand now; undefined: this replica does not lead and does not know. */
  recordLimits(told: LimitsTold | undefined): void;
  /** A burst pod failed on a virtual pool. */
  countBurstFailure(pool: string, cause: string): void;
  /** Writes of a policy (`namespace/name`) that were planned and not made because the caches were too old. */
  countWithheld(policy: string, writes: number): void;
  /** What Azure tells now; undefined: this replica does not lead and does not ask. */
  recordAzure(told: AzureFigures | undefined): void;
  /** A call to Azure ended; `outcome` is `ok` or a code of errors.ts. */
  countAzureCall(api: string, outcome: string): void;
  /** A container group runs, seconds after its pod was created. */
  observeGroupStart(seconds: number): void;
  countWatchRestart(resource: string): void;
  /** When the watch of a resource last said anything, milliseconds since the epoch. */
  recordWatchEvent(resource: string, atMs: number | undefined): void;
  setLeader(leads: boolean): void;
  setWorkQueueDepth(policies: number): void;
  setPolicies(count: number): void;
  /** Everything in Prometheus' text format 0.0.4. */
  text(): Promise<string>;
  /** The media type of `text()`. */
  readonly contentType: string;
}

/** Makes the metrics of a controller of this version, on a registry of their own. */
export function createMetrics({ version }: { readonly version: string }): Metrics {
  const { registry, gauge, counter, histogram } = createMetricRegistry();
  const series = createPolicySeries();
  const reaction = histogram('spillway_reaction_seconds');
  const decisions = counter('spillway_decisions_total');
  gauge('spillway_build_info').set({ version, node_version: process.versions.node }, 1);
  gauge('spillway_leader').set(0);
  gauge('spillway_work_queue_depth').set(0);

  function recordDecision(decision: Decision): void {
    const key = decision.policy;
    const labels = policyLabels(key);
    for (const [name, value] of policyValues(decision)) {
      series.replace(key, gauge(name), [{ labels, value }]);
    }
    for (const [name, valueOf] of sourceValues) {
      const points = decision.sources.map((source) => ({
        labels: { ...labels, source: source.name },
        value: valueOf(source),
      }));
      series.replace(key, gauge(name), points);
    }
    const limits = decision.burst.limitedBy.map((limit) => ({ labels: { ...labels, limit }, value: 1 }));
    series.replace(key, gauge('spillway_burst_limited'), limits);
    for (const reason of new Set(decision.reasons.map(({ code }) => code))) {
      series.count(key, decisions, { ...labels, reason });
    }
  }

  return {
    recordDecision,
    forgetPolicy: series.forget,
    forgetPolicies: series.forgetAll,
    recordVmPool(requested, allocatable) {
      gauge('spillway_vm_pool_requested_cpu_cores').set(requested.cpuMillicores / 1000);
      gauge('spillway_vm_pool_requested_memory_bytes').set(requested.memoryBytes);
      gauge('spillway_vm_pool_requested_pods').set(requested.pods);
      gauge('spillway_vm_pool_allocatable_cpu_cores').set(allocatable.cpuMillicores / 1000);
      gauge('spillway_vm_pool_allocatable_memory_bytes').set(allocatable.memoryBytes);
      gauge('spillway_vm_pool_allocatable_pods').set(allocatable.pods);
    },
    observeReaction: (seconds) => reaction.observe(seconds),
    recordDrain(policy, outcome, seconds) {
      histogram('spillway_drain_duration_seconds').observe(seconds);
      series.count(policy, counter('spillway_drains_total'), { ...policyLabels(policy), outcome });
    },
    observeRescue: (seconds) => histogram('spillway_rescue_wait_seconds').observe(seconds),
    countApiCall({ verb, resource, code }) {
      counter('spillway_api_requests_total').inc({ verb, resource, code });
    },
    countWithheld(policy, writes) {
      if (writes > 0)
        series.count(policy, counter('spillway_writes_withheld_total'), policyLabels(policy), writes);
    },
    recordLimits(told) {
      gauge('spillway_breaker_open').reset();
      gauge('spillway_creation_tokens').reset();
      for (const { name: pool, breaker, creationTokens } of told?.pools ?? []) {
        gauge('spillway_breaker_open').set({ pool }, breakerValues[breaker]);
        if (creationTokens !== undefined) gauge('spillway_creation_tokens').set({ pool }, creationTokens);
      }
      setOrRemove(gauge('spillway_cluster_rate_per_hour'), told?.ratePerHour);
      setOrRemove(gauge('spillway_cluster_spent_24h'), told?.spentToday);
      setOrRemove(gauge('spillway_cluster_budget_left'), told?.leftToday);
    },
    countBurstFailure: (pool, cause) => counter('spillway_burst_failures_total').inc({ pool, cause }),
    recordAzure(told) {
      const [limits, used, free] = [
        gauge('spillway_azure_quota_limit'),
        gauge('spillway_azure_quota_used'),
        gauge('spillway_azure_quota_free'),
      ];
      for (const each of [limits, used, free]) each.reset();
      for (const { name, ...usage } of told?.usages ?? []) {
        limits.set({ name }, usage.limit);
        used.set({ name }, usage.used);
        free.set({ name }, usage.free);
      }
      const { usageAtMs, orphans, orphansPerHour } = told ?? {};
      setOrRemove(
        gauge('spillway_azure_usage_timestamp_seconds'),
        usageAtMs === undefined ? undefined : usageAtMs / 1000,
      );
      setOrRemove(gauge('spillway_azure_orphans'), orphans);
      setOrRemove(gauge('spillway_azure_orphans_rate_per_hour'), orphansPerHour);
    },
    countAzureCall: (api, outcome) => counter('spillway_azure_calls_total').inc({ api, outcome }),
    observeGroupStart: (seconds) => histogram('spillway_azure_group_start_seconds').observe(seconds),
    countWatchRestart: (resource) => counter('spillway_watch_restarts_total').inc({ resource }),
    recordWatchEvent(resource, atMs) {
      const last = gauge('spillway_watch_last_event_timestamp_seconds');
      if (atMs === undefined) last.remove({ resource });
      else last.set({ resource }, atMs / 1000);
    },
    setLeader: (leads) => gauge('spillway_leader').set(leads ? 1 : 0),
    setWorkQueueDepth: (policies) => gauge('spillway_work_queue_depth').set(policies),
    setPolicies: (count) => gauge('spillway_policies').set(count),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

const breakerValues = { closed: 0, 'half-open': 0.5, open: 1 } as const;

/** A value that is not known is absent: a gauge without labels has no other way to say so. */
function setOrRemove(gauge: Gauge, value: number | undefined): void {
  if (value === undefined) gauge.remove();
  else gauge.set(value);
}

function policyLabels(key: string): Labels {
  const [namespace = '', policy = ''] = key.split('/', 2);
  return { namespace, policy };
}

function policyValues(decision: Decision): readonly (readonly [GaugeName, number | undefined])[] {
  return [
    ['spillway_demand_replicas', decision.demand],
    ['spillway_placed_pods', decision.placed],
    ['spillway_placed_ready_pods', decision.placedReady],
    ['spillway_headroom_pods', decision.headroom],
    ['spillway_stuck_pods', decision.stuck],
    ['spillway_spill_replicas', decision.spill],
    ['spillway_burst_wanted_replicas', decision.burst.wanted],
    ['spillway_burst_granted_replicas', decision.burst.granted],
    ['spillway_burst_running_replicas', decision.burst.running],
    ['spillway_burst_rate_per_hour', decision.cost?.ratePerHour],
    ['spillway_burst_spent_24h', decision.cost?.spentToday],
    ['spillway_burst_budget_left', decision.cost?.leftToday],
    ['spillway_burst_budget_left_seconds', decision.cost?.exhaustedInSeconds],
    ['spillway_burst_draining_pods', decision.draining.burst],
    ['spillway_target_draining_pods', decision.draining.target],
    ['spillway_busy_draining_pods', decision.draining.busy],
  ];
}

const sourceValues: readonly (readonly [SourceGaugeName, (source: SourceDemand) => number | undefined])[] = [
  ['spillway_signal_available', (source) => (source.state === 'ok' ? 1 : 0)],
  ['spillway_backlog_jobs', (source) => source.backlog],
  ['spillway_active_jobs', (source) => source.active],
  ['spillway_oldest_job_age_seconds', (source) => source.oldestAgeSeconds],
  ['spillway_job_arrivals_per_second', (source) => source.arrivalsPerSecond],
  ['spillway_job_service_seconds', (source) => source.serviceSeconds],
];
