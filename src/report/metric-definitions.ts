/**
 * What a metric is, in the one place from which the registry (metrics.ts) and docs/metrics.md are made. Names follow
 * https://prometheus.io/docs/practices/naming/: base units, `_total` on counters, no label whose values are unbounded.
 */
export interface MetricDefinition {
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly labels: readonly string[];
  /** One sentence: the HELP line and the meaning in the docs. */
  readonly help: string;
  /** A query that somebody really asks. */
  readonly example: string;
  /** Upper bounds of a histogram, in the unit of its name. */
  readonly buckets?: readonly number[];
}

const ofPolicy = ['namespace', 'policy'] as const;
const ofSource = ['namespace', 'policy', 'source'] as const;

/** Gauges of one source of a policy. Each is absent while its value is not known: missing data is not zero. */
const sourceGauges = {
  spillway_signal_available: {
    type: 'gauge',
    labels: ofSource,
    help: '1 while the source can be read, 0 while its signal is lost.',
    example: 'max_over_time(spillway_signal_available[5m]) == 0',
  },
  spillway_backlog_jobs: {
    type: 'gauge',
    labels: ofSource,
    help: 'Jobs that wait in the source and may start now.',
    example: 'sum by (namespace, policy) (spillway_backlog_jobs)',
  },
  spillway_active_jobs: {
    type: 'gauge',
    labels: ofSource,
    help: 'Jobs of the source that are being worked on.',
    example: 'sum by (namespace, policy) (spillway_active_jobs)',
  },
  spillway_oldest_job_age_seconds: {
    type: 'gauge',
    labels: ofSource,
    help: 'Seconds that the oldest waiting job of the source has waited.',
    example: 'max by (namespace, policy) (spillway_oldest_job_age_seconds) > 300',
  },
  spillway_job_arrivals_per_second: {
    type: 'gauge',
    labels: ofSource,
    help: 'Jobs that arrive per second: the median of the last six buckets of 5 s.',
    example: 'sum by (namespace, policy) (spillway_job_arrivals_per_second)',
  },
  spillway_job_service_seconds: {
    type: 'gauge',
    labels: ofSource,
    help: 'Seconds that one job takes a worker, as measured.',
    example: 'max_over_time(spillway_job_service_seconds[1h])',
  },
} as const satisfies Record<string, MetricDefinition>;

/** Gauges of one policy, as its latest decision has them. */
const policyGauges = {
  spillway_demand_replicas: {
    type: 'gauge',
    labels: ofPolicy,
    help: 'Replicas wanted now.',
    example: 'spillway_demand_replicas - spillway_placed_pods - spillway_burst_running_replicas',
  },
  spillway_placed_pods: {
    type: 'gauge',
    labels: ofPolicy,
    help: 'Pods of the target that are bound to live VM nodes.',
    example: 'spillway_placed_pods / spillway_demand_replicas',
  },
  spillway_placed_ready_pods: {
    type: 'gauge',
    labels: ofPolicy,
    help: 'Pods of the target on live VM nodes that are Ready, or were given up on: what a reclaim counts on.',
    example: 'spillway_placed_pods - spillway_placed_ready_pods',
  },
  spillway_headroom_pods: {
    type: 'gauge',
    labels: ofPolicy,
    help: 'How many more pods of the target fit on the VM pool now.',
    example: 'spillway_headroom_pods == 0',
  },
  spillway_stuck_pods: {
    type: 'gauge',
    labels: ofPolicy,
    help: 'Pods of the target that the scheduler has called Unschedulable.',
    example: 'min_over_time(spillway_stuck_pods[10m]) > 0',
  },
  spillway_spill_replicas: {
    type: 'gauge',
    labels: ofPolicy,
    help: 'Demand that the VM pool cannot carry.',
    example: 'spillway_spill_replicas - spillway_burst_granted_replicas',
  },
  spillway_burst_wanted_replicas: {
    type: 'gauge',
    labels: ofPolicy,
    help: 'Replicas that should burst, before limits.',
    example: 'spillway_burst_wanted_replicas - spillway_burst_granted_replicas > 0',
  },
  spillway_burst_granted_replicas: {
    type: 'gauge',
    labels: ofPolicy,
    help: 'Replicas that the limits let burst.',
    example: 'sum(spillway_burst_granted_replicas)',
  },
  spillway_burst_running_replicas: {
    type: 'gauge',
    labels: ofPolicy,
    help: 'Burst replicas that are bound to a virtual node.',
    example: 'sum_over_time(spillway_burst_running_replicas[24h:1m]) / 60',
  },
  spillway_burst_draining_pods: {
    type: 'gauge',
    labels: ofPolicy,
    help: 'Burst pods that were chosen to leave and still run.',
    example: 'min_over_time(spillway_burst_draining_pods[15m]) > 0',
  },
  spillway_target_draining_pods: {
    type: 'gauge',
    labels: ofPolicy,
    help: 'Pods of the target that were chosen to leave and still run.',
    example: 'sum by (namespace) (spillway_target_draining_pods)',
  },
  spillway_busy_draining_pods: {
    type: 'gauge',
    labels: ofPolicy,
    help: 'Pods that were chosen to leave and have jobs in work, as far as known.',
    example: 'spillway_busy_draining_pods > 0',
  },
  spillway_burst_rate_per_hour: {
    type: 'gauge',
    labels: ofPolicy,
    help: 'What the burst of the policy costs per hour now, in the configured currency; absent without a price.',
    example: 'sum(spillway_burst_rate_per_hour)',
  },
  spillway_burst_spent_24h: {
    type: 'gauge',
    labels: ofPolicy,
    help: 'What the burst of the policy cost over the last 24 h, in the configured currency; absent without a price.',
    example: 'topk(5, spillway_burst_spent_24h)',
  },
  spillway_burst_budget_left: {
    type: 'gauge',
    labels: ofPolicy,
    help: "What is left of the policy's budget for 24 h, in the configured currency; absent without one.",
    example: 'spillway_burst_budget_left == 0',
  },
  spillway_burst_budget_left_seconds: {
    type: 'gauge',
    labels: ofPolicy,
    help: "Seconds that the policy's budget for 24 h lasts at this rate; absent while nothing is spent.",
    example: 'spillway_burst_budget_left_seconds < 3600',
  },
  spillway_burst_limited: {
    type: 'gauge',
    labels: ['namespace', 'policy', 'limit'],
    help: '1 for each limit that holds the burst of the policy below what is wanted; absent otherwise.',
    example: 'count by (limit) (spillway_burst_limited)',
  },
} as const satisfies Record<string, MetricDefinition>;

/** Gauges of the virtual pools, and of the money of all bursts together; of the leader alone. */
const burstGauges = {
  spillway_breaker_open: {
    type: 'gauge',
    labels: ['pool'],
    help: 'Whether failures keep bursts off the virtual pool: 1 open, 0.5 half-open (one probe is tried), 0 closed.',
    example: 'max_over_time(spillway_breaker_open[10m]) > 0',
  },
  spillway_creation_tokens: {
    type: 'gauge',
    labels: ['pool'],
    help: 'Pods that may be created on the virtual pool now without overrunning the pace of its provider.',
    example: 'min_over_time(spillway_creation_tokens[15m]) == 0',
  },
  spillway_cluster_rate_per_hour: {
    type: 'gauge',
    labels: [],
    help: 'What all bursts cost per hour now, in the configured currency; absent without a price.',
    example: 'max(spillway_cluster_rate_per_hour)',
  },
  spillway_cluster_spent_24h: {
    type: 'gauge',
    labels: [],
    help: 'What all bursts cost over the last 24 h, in the configured currency; absent while that is not known.',
    example: 'max_over_time(spillway_cluster_spent_24h[7d])',
  },
  spillway_cluster_budget_left: {
    type: 'gauge',
    labels: [],
    help: "What is left of the cluster's budget for 24 h, in the configured currency; absent without one.",
    example: 'spillway_cluster_budget_left < 20',
  },
} as const satisfies Record<string, MetricDefinition>;

/** Gauges of the VM pool. Absent until the caches are synced. */
const vmPoolGauges = {
  spillway_vm_pool_requested_cpu_cores: {
    type: 'gauge',
    labels: [],
    help: 'CPU that the pods on the VM pool request, in cores.',
    example: 'spillway_vm_pool_requested_cpu_cores / spillway_vm_pool_allocatable_cpu_cores',
  },
  spillway_vm_pool_requested_memory_bytes: {
    type: 'gauge',
    labels: [],
    help: 'Memory that the pods on the VM pool request, in bytes.',
    example: 'spillway_vm_pool_requested_memory_bytes / spillway_vm_pool_allocatable_memory_bytes',
  },
  spillway_vm_pool_requested_pods: {
    type: 'gauge',
    labels: [],
    help: 'Pod slots that are taken on the VM pool.',
    example: 'spillway_vm_pool_requested_pods / spillway_vm_pool_allocatable_pods',
  },
  spillway_vm_pool_allocatable_cpu_cores: {
    type: 'gauge',
    labels: [],
    help: 'CPU that the VM pool offers to pods, in cores.',
    example: 'spillway_vm_pool_allocatable_cpu_cores - spillway_vm_pool_requested_cpu_cores',
  },
  spillway_vm_pool_allocatable_memory_bytes: {
    type: 'gauge',
    labels: [],
    help: 'Memory that the VM pool offers to pods, in bytes.',
    example: 'spillway_vm_pool_allocatable_memory_bytes - spillway_vm_pool_requested_memory_bytes',
  },
  spillway_vm_pool_allocatable_pods: {
    type: 'gauge',
    labels: [],
    help: 'Pod slots that the VM pool offers.',
    example: 'spillway_vm_pool_allocatable_pods - spillway_vm_pool_requested_pods',
  },
} as const satisfies Record<string, MetricDefinition>;

/** The controller itself. */
const controllerGauges = {
  spillway_watch_last_event_timestamp_seconds: {
    type: 'gauge',
    labels: ['resource'],
    help: 'When the watch of a resource last told an event or a bookmark, or it was listed, in seconds since the epoch.',
    example: 'time() - spillway_watch_last_event_timestamp_seconds > 180',
  },
  spillway_leader: {
    type: 'gauge',
    labels: [],
    help: '1 while this replica of the controller leads and writes, else 0.',
    example: 'sum(spillway_leader) != 1',
  },
  spillway_work_queue_depth: {
    type: 'gauge',
    labels: [],
    help: 'Policies that wait for a decision.',
    example: 'max_over_time(spillway_work_queue_depth[5m])',
  },
  spillway_policies: {
    type: 'gauge',
    labels: [],
    help: 'Policies that the controller looks after.',
    example: 'max(spillway_policies)',
  },
  spillway_build_info: {
    type: 'gauge',
    labels: ['version', 'node_version'],
    help: 'Always 1; the labels say which Spillway runs on which Node.js.',
    example: 'count by (version) (spillway_build_info)',
  },
} as const satisfies Record<string, MetricDefinition>;

/** Gauges of what Azure tells; absent without the key `azure` in the configuration. */
const azureGauges = {
  spillway_azure_quota_limit: {
    type: 'gauge',
    labels: ['name'],
    help: 'Limit of the subscription in the region, by the name of the quota.',
    example: 'spillway_azure_quota_limit{name="StandardCores"}',
  },
  spillway_azure_quota_used: {
    type: 'gauge',
    labels: ['name'],
    help: 'What the subscription uses of the quota, as Azure counts it.',
    example: 'spillway_azure_quota_used / spillway_azure_quota_limit > 0.8',
  },
  spillway_azure_quota_free: {
    type: 'gauge',
    labels: ['name'],
    help: 'What is left of the quota when pods that Azure does not count yet are taken off.',
    example: 'spillway_azure_quota_free{name="StandardCores"} == 0',
  },
  spillway_azure_usage_timestamp_seconds: {
    type: 'gauge',
    labels: [],
    help: 'When the usage was last read, in seconds since the epoch.',
    example: 'time() - spillway_azure_usage_timestamp_seconds > 600',
  },
  spillway_azure_orphans: {
    type: 'gauge',
    labels: [],
    help: 'Container groups whose pod is gone and that still cost.',
    example: 'min_over_time(spillway_azure_orphans[30m]) > 0',
  },
  spillway_azure_orphans_rate_per_hour: {
    type: 'gauge',
    labels: [],
    help: 'What these groups cost per hour, in the configured currency; absent without a price.',
    example: 'spillway_azure_orphans_rate_per_hour * 24',
  },
} as const satisfies Record<string, MetricDefinition>;

const counters = {
  spillway_drains_total: {
    type: 'counter',
    labels: ['namespace', 'policy', 'outcome'],
    help: 'Drains that ended: "drained" the worker said so, "idle_guess" its queue named no job of it, "timeout" burst.drain.timeout was over first.',
    example: 'sum by (namespace, policy) (increase(spillway_drains_total{outcome="timeout"}[1h]))',
  },
  spillway_decisions_total: {
    type: 'counter',
    labels: ['namespace', 'policy', 'reason'],
    help: 'Decisions that carried the reason; a decision with several reasons counts once for each.',
    example: 'sum by (reason) (rate(spillway_decisions_total[5m]))',
  },
  spillway_api_requests_total: {
    type: 'counter',
    labels: ['verb', 'resource', 'code'],
    help: 'Calls to the Kubernetes API by verb, resource and HTTP status; code is "error" where no answer came.',
    example: 'sum by (verb, code) (rate(spillway_api_requests_total{code!~"2.."}[5m]))',
  },
  spillway_writes_withheld_total: {
    type: 'counter',
    labels: ofPolicy,
    help: 'Writes that were planned and not made because the caches were too old; each pass counts its own again.',
    example: 'sum by (namespace, policy) (increase(spillway_writes_withheld_total[5m])) > 0',
  },
  spillway_burst_failures_total: {
    type: 'counter',
    labels: ['pool', 'cause'],
    help: 'Burst pods that a virtual node failed, by cause.',
    example: 'sum by (cause) (increase(spillway_burst_failures_total[1h]))',
  },
  spillway_azure_calls_total: {
    type: 'counter',
    labels: ['api', 'outcome'],
    help: 'Calls to Azure Resource Manager by what was asked; outcome is "ok" or the code of the failure (docs/errors.md).',
    example: 'sum by (outcome) (rate(spillway_azure_calls_total{outcome!="ok"}[15m]))',
  },
  spillway_watch_restarts_total: {
    type: 'counter',
    labels: ['resource'],
    help: 'Watches that ended otherwise than planned and were opened anew.',
    example: 'sum by (resource) (increase(spillway_watch_restarts_total[1h]))',
  },
} as const satisfies Record<string, MetricDefinition>;

const histograms = {
  spillway_azure_group_start_seconds: {
    type: 'histogram',
    labels: [],
    help: 'Seconds from the creation of a burst pod until all containers of its container group ran, as Azure tells.',
    example: 'histogram_quantile(0.9, sum by (le) (rate(spillway_azure_group_start_seconds_bucket[1h])))',
    buckets: [5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600],
  },
  spillway_rescue_wait_seconds: {
    type: 'histogram',
    labels: [],
    help: 'Seconds from the scheduler calling a pod unschedulable until it was bound to a virtual node, of pods that were rescued.',
    example: 'histogram_quantile(0.9, sum by (le) (rate(spillway_rescue_wait_seconds_bucket[1h])))',
    buckets: [1, 2, 5, 10, 20, 30, 45, 60, 120, 300, 600],
  },
  spillway_drain_duration_seconds: {
    type: 'histogram',
    labels: [],
    help: 'Seconds from choosing a pod to leave until it was empty, or until its time was over.',
    example: 'histogram_quantile(0.9, sum by (le) (rate(spillway_drain_duration_seconds_bucket[1h])))',
    buckets: [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600],
  },
  spillway_reaction_seconds: {
    type: 'histogram',
    labels: [],
    help: 'Seconds from an event in a queue until the API server acknowledged the write that followed from it.',
    example: 'histogram_quantile(0.99, sum by (le) (rate(spillway_reaction_seconds_bucket[5m])))',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
} as const satisfies Record<string, MetricDefinition>;

/** All gauges by name. */
export const gaugeDefinitions = {
  ...azureGauges,
  ...policyGauges,
  ...sourceGauges,
  ...burstGauges,
  ...vmPoolGauges,
  ...controllerGauges,
};
/** All counters by name. */
export const counterDefinitions = counters;
/** All histograms by name. */
export const histogramDefinitions = histograms;

/** Every metric by name, in the order of the docs. */
export const metricDefinitions: Readonly<Record<string, MetricDefinition>> = {
  ...gaugeDefinitions,
  ...counterDefinitions,
  ...histogramDefinitions,
};

export type GaugeName = keyof typeof gaugeDefinitions;
export type CounterName = keyof typeof counterDefinitions;
export type HistogramName = keyof typeof histogramDefinitions;
export type SourceGaugeName = keyof typeof sourceGauges;
export type VmPoolGaugeName = keyof typeof vmPoolGauges;
