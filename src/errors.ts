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
  DURATION_INVALID: '"{value}" is not a duration. Write one such as 300ms, 10s, 5m or 1h30m.',
  QUANTITY_INVALID: '"{value}" is not a quantity. Write one such as 100m, 2, 1.5Gi or 1e3.',
  AMOUNT_INVALID:
    '"{value}" is not an amount. Write a plain decimal that is not negative, such as 20 or 0.0405.',
  POLICY_INVALID: 'The policy {policy} is not valid at {path}: {problem}. Mend it and apply it again.',
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
  SECRET_NOT_FOUND:
    'The Secret {secret} does not exist in namespace {namespace}. Create it, or name another in the source.',
  SECRET_UNREADABLE:
    'The Secret {secret} in namespace {namespace} cannot be read. Allow the ServiceAccount of Spillway to get and watch it.',
  SECRET_KEY_MISSING:
    'The Secret {secret} has no text under a key that the source names. Add the key or name another.',
  REDIS_URL_INVALID:
    'The key {urlKey} of Secret {secret} is not a Redis URL. Write redis://user:password@host:port/database (or rediss:// for TLS), special characters percent-encoded.',
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
    'The Redis of Secret {secret} forbids its user a command or key that Spillway reads with. Grant +@read +eval +evalsha +client|id +client|unblock on the keys of the source.',
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
  PROMETHEUS_UNAVAILABLE:
    'Sources of type Prometheus are not available in this version. Use BullMQ, RedisList or RedisStream.',
  TEMPLATE_PINNED:
    'The template is pinned to the virtual pool {pool} already, so there is no VM pool to spill from. Take that selector out of the target to let Spillway burst it.',
  TEMPLATE_NODE_NAME:
    'The template names its node ({node}). Take nodeName out of the target: such a pod cannot burst.',
  TEMPLATE_POD_AFFINITY:
    'The template requires to run next to other pods, which a virtual node cannot promise. Make that pod affinity preferred instead of required.',
  TEMPLATE_VOLUME:
    'The virtual node cannot mount the volumes {volumes}. Use ConfigMaps, Secrets, emptyDir or Azure Files for what burst pods need.',
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
  PROMETHEUS_UNREACHABLE:
    'The Prometheus at {url} does not answer. Check the address, and that it can be reached from here.',
  PROMETHEUS_REFUSED:
    'The Prometheus at {url} answered {status} to the range query. Check the query there, and who may ask it.',
  PROMETHEUS_EMPTY:
    'The query has no values in this time at {url}. Check it there, or ask for other days with --days.',
  PROMETHEUS_VALUE:
    'The query gave {value} at {time}. Write one that gives arrivals per second, never negative.',
  TARGET_NOT_FOUND: 'There is no {kind} {name} in this namespace. Create it, or name another in targetRef.',
  TARGET_SHARED:
    'The older policy {policy} has the same target, so this one does nothing. Keep one policy a target.',
  TARGET_UNSUPPORTED:
    'This version bursts Deployments with the strategy Companion only. Name a Deployment, or wait for Rescue.',
  VIRTUAL_POOL_MISSING:
    'No virtual pool is configured. Name at least one under virtualPools, or leave the key out.',
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
