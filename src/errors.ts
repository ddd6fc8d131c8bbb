/**
 * Every error that a user can meet, in one table: a code to search for and a sentence that says what to do.
 * `{name}` is filled from the details. Sentences never carry text that a server answered, nor a URL with its password.
 */
export const errorTable = {
  CONFIG_INVALID: 'The configuration {file} is not valid: {problem}. Mend it and start again.',
  KUBECONFIG_INVALID:
    'The kubeconfig {file} cannot be used: {problem}. Mend it or name another with --kubeconfig.',
  NOT_IN_CLUSTER:
    'Spillway does not run in a pod of a cluster here. Name the cluster with --kubeconfig <file>.',
  CLUSTER_UNREACHABLE:
    'The API server did not answer. Check that it runs and that the address in the kubeconfig can be reached from here.',
  CLUSTER_UNAUTHORIZED:
    'The API server does not know these credentials. Renew the token or certificate of the kubeconfig or ServiceAccount.',
  CLUSTER_FORBIDDEN:
    'The API server forbids to {verb} {resource}. Grant it to the ServiceAccount (see docs/permissions.md).',
  CLUSTER_REFUSED:
    'The API server answered {status} to {verb} {resource}. Look at its log or try again later.',
  CACHES_STALE:
    'Nothing is written: for more than {seconds} s nobody knows what became of {kinds}. Look at the API server, and at what lies between it and Spillway.',
  DURATION_INVALID: '"{value}" is not a duration. Write one such as 300ms, 10s, 5m or 1h30m.',
  QUANTITY_INVALID: '"{value}" is not a quantity. Write one such as 100m, 2, 1.5Gi or 1e3.',
  AMOUNT_INVALID:
    '"{value}" is not an amount. Write a plain decimal that is not negative, such as 20 or 0.0405.',
  POLICY_INVALID: 'The policy {policy} is not valid at {path}: {problem}. Mend it and apply it again.',
  CHECK_TEMPLATE_BROKEN:
    'Something in the pod template is not of the type that the API server takes there, such as a text instead of a list. Mend it: kubectl apply --dry-run=server says what it is.',
  CHECK_NO_FILES: 'No file is named. Write -f policy.yaml, or -f - to read from standard input.',
  CHECK_UNREADABLE: '{file} cannot be read ({problem}). Name a file that exists and that you may read.',
  CHECK_NOT_TEXT: '{file} is not text in UTF-8. Name a YAML or JSON file.',
  CHECK_EMPTY: '{file} holds no object. Name a file with a BurstPolicy in it.',
  CHECK_NOT_YAML: '{file}:{line}:{column} is not valid YAML: {problem}. Mend it and check again.',
  HTTP_NOT_FOUND: 'There is nothing at this path. See docs/metrics.md for what Spillway serves.',
  HTTP_METHOD_NOT_ALLOWED: 'This path is only read. Use GET.',
  HTTP_BAD_REQUEST: 'The request cannot be understood. Check its path and send it again.',
  HTTP_FAILED: 'The request failed inside Spillway. Its log says why.',
  HTTP_LISTEN_FAILED:
    'Spillway cannot listen on {host}:{port} ({problem}). Choose another http.host or http.port.',
  DECISION_NOT_FOUND:
    'No decision on this policy is known here. Check the name, or ask the replica that leads.',
  EXPLAIN_KEY_INVALID: '"{key}" does not name a policy. Write namespace/name.',
  EXPLAIN_NOT_FOUND: 'There is no BurstPolicy {key} in the cluster. List them with kubectl get bp -A.',
  EXPLAIN_UNDECIDED:
    'No decision on {key} has been made yet. Check that the controller runs: kubectl get lease -A, kubectl get pods.',
  EXPLAIN_URL_FAILED: 'The controller at {url} gave no decision ({problem}). Check --url, or leave it out.',
  EXPLAIN_POD_INVALID: '"{key}" does not name a pod. Write: spillway explain pod namespace/name.',
  EXPLAIN_POD_NOT_FOUND: 'There is no pod {key} in the cluster. List them with kubectl get pods -A.',
  READY_NOT:
    'The Spillway at {url} is not ready after {timeout} ({problem}). Look at its log and at /readyz.',
  UNINSTALL_NAME_INVALID: '"{value}" names no object. Write namespace/name.',
  UNINSTALL_BUSY:
    '{count} companions are still busy after {timeout}, and they go on draining. Uninstall again later, or set uninstall.onTimeout to Delete.',
  DOCTOR_ACCOUNT_INVALID: '"{value}" does not name a ServiceAccount. Write namespace/name.',
  SECRET_NOT_FOUND:
    'The Secret {secret} does not exist in namespace {namespace}. Create it, or name another in the source.',
  SECRET_UNREADABLE:
    'The Secret {secret} in namespace {namespace} cannot be read. Allow the ServiceAccount of Spillway to get and watch it.',
  SECRET_KEY_MISSING:
    'The Secret {secret} has no text under a key that the source names. Add the key or name another.',
  REDIS_URL_INVALID:
    'The key {urlKey} of Secret {secret} is not a Redis URL. Write redis://user:password@host:port/database (rediss:// for TLS; with Sentinel see docs/sources.md), special characters percent-encoded.',
  REDIS_CA_INVALID:
    'The key {caKey} of Secret {secret} holds no certificate. Put the authority of the Redis there as PEM.',
  REDIS_ADDRESS_REFUSED:
    'The URL in Secret {secret} leads to a link-local or cloud metadata address, and Spillway does not connect to these. Name the address of a Redis.',
  REDIS_UNREACHABLE:
    'The Redis of Secret {secret} does not answer. Check that it runs, its host and port, and that network policies let Spillway reach it.',
  REDIS_TLS_FAILED:
    'The Redis of Secret {secret} and Spillway do not agree on TLS. Check rediss:// or redis://, the host name in its certificate, and the CA in the Secret.',
  REDIS_AUTH_FAILED:
    'The Redis of Secret {secret} refuses the user or password. Put the right ones into the URL.',
  REDIS_FORBIDDEN:
    'The Redis of Secret {secret} forbids its user a command or key that Spillway reads with. Grant +@read +eval +evalsha +client|id +client|unblock (with Sentinel +role too) on the keys of the source.',
  REDIS_SENTINEL_UNREACHABLE:
    'No Sentinel of Secret {secret} answers. Check that they run, their hosts and ports, and that network policies let Spillway reach them.',
  REDIS_SENTINEL_REFUSED:
    'The Sentinels of Secret {secret} refuse the login or the question where the master is. Put sentinelUsername and sentinelPassword into the URL, and grant +sentinel|master.',
  REDIS_SENTINEL_MASTER_UNKNOWN:
    'The Sentinels of Secret {secret} watch no master of that name. Write its name after their hosts, as SENTINEL MASTERS shows it.',
  REDIS_DRAIN_FORBIDDEN:
    'The Redis of Secret {secret} forbids its user to mark workers for a drain. Grant +hset +hdel +pexpire +time on ~{drainKeys}* (see docs/sources.md).',
  REDIS_WRITE_REFUSED:
    'The Redis of Secret {secret} takes no writes now, so workers cannot be told to drain. See whether its memory or disk is full, its replicas are gone, or the URL leads to a replica.',
  REDIS_NOT_READY:
    'The Redis of Secret {secret} is loading, busy or without its primary. Wait, or look at its log.',
  REDIS_CLUSTER_UNSUPPORTED:
    'The Redis of Secret {secret} runs in cluster mode, which this version does not read. Use a Redis without cluster mode.',
  REDIS_FAILED:
    'The Redis of Secret {secret} refuses what Spillway reads with. Use Redis 6.2 or newer, and look at its log.',
  QUEUE_NOT_FOUND:
    'There is no BullMQ queue {queue} with prefix {prefix} in this Redis database. Check the queue, the prefix and the database; a queue is there once its producer has started.',
  QUEUE_WRONG_TYPE:
    'The keys of queue {queue} with prefix {prefix} are not those of a BullMQ queue. Check the queue and the prefix.',
  LIST_WRONG_TYPE:
    'The key {redisKey} is not a Redis list. Name a list, or use the source type that fits the key.',
  STREAM_NOT_FOUND: 'There is no stream {redisKey} in this Redis database. Check the key and the database.',
  STREAM_WRONG_TYPE:
    'The key {redisKey} is not a Redis stream. Name a stream, or use the source type that fits the key.',
  STREAM_GROUP_NOT_FOUND:
    'The stream {redisKey} has no consumer group {group}. Create it, or name the one that the workers read with.',
  PROMETHEUS_CONNECTION_UNKNOWN:
    'The configuration of Spillway has no Prometheus connection {prometheus}. Name one that it has, or let its operator add this one under the key prometheus.',
  PROMETHEUS_FILE_UNUSABLE:
    'The file that {key} of the Prometheus connection {prometheus} names cannot be read, is empty, or holds something else. Mount it where the configuration says.',
  PROMETHEUS_UNREACHABLE:
    'The Prometheus {prometheus} does not answer. Check the address, and that it can be reached from here.',
  PROMETHEUS_TIMEOUT:
    'The Prometheus {prometheus} does not answer the {field} in time. Make it cheaper, by a recording rule for instance, or raise timeoutSeconds of the connection.',
  PROMETHEUS_TLS_FAILED:
    'The Prometheus {prometheus} and Spillway do not agree on TLS. Check https:// or http:// in its url, the host name in its certificate, and caFile.',
  PROMETHEUS_AUTH_FAILED:
    'The Prometheus {prometheus} does not let Spillway ask. Mend the bearerTokenFile, basicAuth or headers of the connection.',
  PROMETHEUS_FAILED:
    'The Prometheus {prometheus} answered {status} with nothing that can be used. Check that the url of the connection leads to a Prometheus, path prefix included, and look at its log.',
  PROMETHEUS_PARTIAL:
    'The Prometheus {prometheus} answered the {field} from a part of its data. Look which of its stores is missing.',
  PROMETHEUS_QUERY_INVALID:
    'The Prometheus {prometheus} does not understand the {field} or cannot run it. Try it there, and mend it in the policy.',
  PROMETHEUS_SEVERAL_SERIES:
    'The {field} gives several series at the Prometheus {prometheus}. Write one that gives one number, with sum(…) around it for instance.',
  PROMETHEUS_NO_DATA:
    'The {field} gives nothing at the Prometheus {prometheus}. Check names and labels in it, and whether what it counts is scraped.',
  PROMETHEUS_NUMBER_INVALID:
    'The {field} gives {value} at the Prometheus {prometheus}. Write one that gives one number, neither negative nor endless.',
  PROMETHEUS_STALE:
    'The answer of the Prometheus {prometheus} to the {field} is more than {seconds} s old. Check the clocks, and whether something in between keeps answers.',
  RESCUE_SELECTOR:
    'The pod asks for nodes that are not those of the virtual pool {pool} (selector, required affinity or another taint), and a pod cannot be changed there. Prefer such nodes instead of requiring them, or, for a Deployment, use strategy: Companion.',
  RESCUE_HOST_PORT:
    'The pod asks for a port of its node, which the virtual pool {pool} does not give. Take hostPort and hostNetwork out of the template.',
  RESCUE_SPREAD:
    'The pod has a hard topology spread over {keys}, and all burst pods share one node. Write whenUnsatisfiable: ScheduleAnyway, or, for a Deployment, use strategy: Companion.',
  RESCUE_EXCLUSIVE:
    'The pod refuses its own like by required anti-affinity over {keys}, and all burst pods share one node. Make it preferred, or, for a Deployment, use strategy: Companion.',
  RESCUE_LAST_ATTEMPT:
    'The pod is the last attempt of its Job: one more failure uses up backoffLimit. It waits for a VM, because what a virtual node refuses fails at once. Raise backoffLimit to let it on.',
  RESCUE_FAILED:
    'The virtual node failed pods of Jobs, and a Job counts a pod that is deleted for its backoffLimit. Spillway deletes one at a time, and only of a Job that has no failure yet and may have two or more. Mend what the virtual node refuses, then delete the others yourself.',
  EVICTION_FORBIDDEN:
    'A PodDisruptionBudget forbids to evict the pod {name} for now, so it stays on the virtual node and is tried again. Let the budget allow one disruption.',
  TARGET_STATEFULSET_SCALING:
    'Spillway does not set the replicas of a StatefulSet: it deletes its pods by number, at work or not. Leave scaling out of the policy.',
  COMPANION_NAME_TAKEN:
    'A Deployment {name} exists already and does not belong to this policy, so nothing is touched. Rename or delete it.',
  REDIS_SERVER_MISSING:
    'The program redis-server is needed and not installed. Get it with: apt-get install redis-server (macOS: brew install redis).',
  REDIS_SERVER_FAILED: 'The redis-server did not start on port {port}. Start it by hand to see why.',
  SPEED_INVALID: '"{value}" is not a speed. Write a number from 1 to 1000.',
  DEMO_POLICY:
    'The demo has one target and one queue. Write namespace {namespace}, targetRef.name {target}, and a BullMQ source with queue {queue} and the key url of Secret redis.',
  SCENARIO_INVALID: '{file}:{line}:{column} {path}: {problem}. Mend the scenario and simulate again.',
  SCENARIO_EMPTY: '{file} holds no scenario. See docs/simulate.md for what to write.',
  SIMULATE_POLICY: '{file}:{line}:{column} {path}: {problem}. Mend the policy and simulate again.',
  SIMULATE_OPTION: '{option} {value}: {problem}. See spillway simulate --help.',
  SIMULATE_REPORT: 'The report {file} cannot be written ({problem}). Name a file in a folder that exists.',
  TRACE_UNREADABLE: 'The trace {file} cannot be read ({problem}). Name a CSV file that exists.',
  TRACE_INVALID: '{file}:{line}: {problem}. Mend the trace and simulate again.',
  SIMULATE_NO_JOBS:
    'No job arrives at all. Write arrivals or trace into the scenario, or name a trace with --trace.',
  PROMETHEUS_REFUSED:
    'The Prometheus at {url} answered {status} to the range query. Check the query there, and who may ask it.',
  PROMETHEUS_EMPTY:
    'The query has no values in this time at {url}. Check it there, or ask for other days with --days.',
  PROMETHEUS_VALUE:
    'The query gave {value} at {time}. Write one that gives arrivals per second, never negative.',
  TARGET_NOT_FOUND: 'There is no {kind} {name} in this namespace. Create it, or name another in targetRef.',
  TARGET_SHARED:
    'The older policy {policy} has the same target, so this one does nothing. Keep one policy a target.',
  VIRTUAL_POOL_MISSING:
    'No virtual pool is configured. Name at least one under virtualPools, or leave the key out.',
  LEDGER_UNREADABLE:
    'The ledger in ConfigMap {name} of namespace {namespace} is damaged or of a newer version. It is kept aside there, and nothing more bursts on a budget for the day until 24 h have passed or you delete the ConfigMap.',
  AZURE_UNAUTHORIZED:
    'Azure does not know the identity of Spillway, or its token is not for this cloud. Check azure.credential, clientId, tenantId and cloud, and the federated credential (docs/azure.md).',
  AZURE_FORBIDDEN:
    'Azure forbids the identity of Spillway to read this. Assign it the role of docs/azure.md on the subscription and the resource group.',
  AZURE_THROTTLED: 'Azure asks to wait before the next call. Nothing is to be done: Spillway waits.',
  AZURE_UNREACHABLE:
    'Azure does not answer. Check that the endpoint and the authority of azure.cloud can be reached from the pod, proxies and network policies included.',
  AZURE_REGION_UNKNOWN:
    'Azure has no Container Instances in region {region}. Write a region as az account list-locations names it into azure.region.',
  AZURE_NOT_REGISTERED:
    'The subscription does not use Container Instances yet. Run az provider register --namespace Microsoft.ContainerInstance.',
  AZURE_NOT_FOUND:
    'The subscription or the resource group does not exist for this identity. Check azure.subscriptionId and azure.resourceGroup.',
  AZURE_FAILED:
    'Azure answered {status} ({azureCode}), or something that cannot be read. It is tried again; look at the health of the service in the region if it lasts.',
  AZURE_BREAKER_OPEN:
    'The last calls of this kind to Azure failed, so the next is made later. The log says why they failed.',
  AZURE_CREDENTIAL_MISSING:
    'The credential {credential} needs the environment variable {variable}, which is empty. Set it, or label the pod and the ServiceAccount for workload identity (docs/azure.md).',
  AZURE_POOL_UNKNOWN:
    'No virtual pool {pool} on Container Instances is configured. Name one of virtualPools in azure.pool, or leave it out.',
  EXTERNAL_METRICS_TAKEN:
    'The APIService v1beta1.external.metrics.k8s.io leads to Service {owner}, not to {service}, and is left alone. Keep that provider and set externalMetrics.enabled: false, or remove it first (docs/hpa.md).',
  EXTERNAL_METRICS_NOT_REGISTERED:
    'There is no APIService v1beta1.external.metrics.k8s.io, so no HPA finds the metrics. Apply the one of docs/hpa.md.',
  EXTERNAL_METRICS_CERTIFICATE_INVALID:
    'The certificate in {where} cannot be used: {problem}. Put tls.crt and tls.key there, as cert-manager writes them.',
  EXTERNAL_METRICS_LISTEN_FAILED:
    'Spillway cannot listen on {host}:{port} ({problem}). Choose another externalMetrics.host or externalMetrics.port.',
  EXTERNAL_METRICS_PROXY_UNKNOWN:
    'Only the API server may ask here, with the certificate of its front proxy. Ask it: kubectl get --raw /apis/external.metrics.k8s.io/v1beta1.',
  EXTERNAL_METRICS_PATH_UNKNOWN:
    'There is nothing at this path. Ask /apis/external.metrics.k8s.io/v1beta1/namespaces/NAMESPACE/METRIC.',
  EXTERNAL_METRICS_METHOD: 'External metrics are only read. Use GET.',
  EXTERNAL_METRICS_REQUEST_INVALID: 'The address is too long. Write a shorter selector.',
  EXTERNAL_METRICS_BODY: 'A question for a metric has no body. Leave it out.',
  EXTERNAL_METRICS_SELECTOR_INVALID:
    'The label selector cannot be read: {problem}. Write one such as policy=thumbnails,source in (a,b).',
  EXTERNAL_METRICS_METRIC_UNKNOWN: 'There is no metric of this name. Ask for one of {metrics}.',
  EXTERNAL_METRICS_NO_SERIES:
    'No policy in namespace {namespace} has {metric} with these labels. See kubectl get bp and the labels in docs/hpa.md.',
  EXTERNAL_METRICS_LOST:
    'Policy {policy} cannot be read, so there is no number and the HPA keeps its replicas. See SignalsAvailable of the policy.',
  EXTERNAL_METRICS_VALUE_UNKNOWN:
    '{metric} of policy {policy} is not known now. See the conditions of the policy, and docs/hpa.md for what each source can tell.',
  EXTERNAL_METRICS_NO_LEADER:
    'No replica of Spillway has led for a minute, so nobody knows the numbers. Look at its Lease and its pods.',
  EXTERNAL_METRICS_SYNCING:
    'This replica of Spillway has just started and does not know the cluster yet. Ask again.',
  NAMESPACE_TERMINATING:
    'The namespace {namespace} is being deleted and takes nothing new, so nothing more bursts there. Wait until it is gone.',
  WRITE_REFUSED:
    'The API server refused a write on {object} ({status} {reason}). Look at quotas, admission policies and the rights of Spillway.',
} as const;

export type ErrorCode = keyof typeof errorTable;

/** An error of the table. `details` fill the sentence; `cause` keeps what was caught, for the log alone. */
export class SpillwayError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, details: Readonly<Record<string, string | number>> = {}, cause?: unknown) {
    super(sentence(code, details), cause === undefined ? {} : { cause });
    this.name = 'SpillwayError';
    this.code = code;
  }
}

/** The sentence of a code with its details filled in. */
export function sentence(code: ErrorCode, details: Readonly<Record<string, string | number>> = {}): string {
  return errorTable[code].replaceAll(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? `{${name}}`));
}
