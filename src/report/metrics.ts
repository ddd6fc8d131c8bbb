import process from 'node:process';
import type { Decision, SourceDemand } from '../decide/decision.ts';
import type { GaugeName, SourceGaugeName } from './metric-definitions.ts';
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
  countApiCall(call: ApiCall): void;
  countWatchRestart(resource: string): void;
  /** When the watch of a resource last said anything, milliseconds since the epoch. */
  recordWatchEvent(resource: string, atMs: number): void;
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
    countApiCall({ verb, resource, code }) {
      counter('spillway_api_requests_total').inc({ verb, resource, code });
    },
    countWatchRestart: (resource) => counter('spillway_watch_restarts_total').inc({ resource }),
    recordWatchEvent(resource, atMs) {
      gauge('spillway_watch_last_event_timestamp_seconds').set({ resource }, atMs / 1000);
    },
    setLeader: (leads) => gauge('spillway_leader').set(leads ? 1 : 0),
    setWorkQueueDepth: (policies) => gauge('spillway_work_queue_depth').set(policies),
    setPolicies: (count) => gauge('spillway_policies').set(count),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function policyLabels(key: string): Labels {
  const [namespace = '', policy = ''] = key.split('/', 2);
  return { namespace, policy };
}

function policyValues(decision: Decision): readonly (readonly [GaugeName, number])[] {
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
