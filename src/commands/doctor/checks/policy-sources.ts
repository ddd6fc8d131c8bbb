import type { OkSample, Sample } from '../../../decide/observation.ts';
import { count } from '../../../decide/words.ts';
import { endpointOf } from '../../../demand/redis/endpoint.ts';
import type { WatchRequest } from '../../../demand/source.ts';
import { SpillwayError } from '../../../errors.ts';
import type { Source } from '../../../policy/policy.ts';
import { type Found, fail, ok, skipped, warn } from '../finding.ts';
import type { LookedPolicy, PolicyCheck } from '../look.ts';
import { checkWorkers } from './policy-workers.ts';

/** Codes that tell more of where the doctor runs than of what it asks, which may be there for the cluster alone. */
const aboutPlace: ReadonlySet<string> = new Set([
  'REDIS_UNREACHABLE',
  'REDIS_SENTINEL_UNREACHABLE',
  'REDIS_TLS_FAILED',
  // Connections and their files are those of the pod that Spillway runs in.
  'PROMETHEUS_CONNECTION_UNKNOWN',
  'PROMETHEUS_FILE_UNUSABLE',
  'PROMETHEUS_UNREACHABLE',
  'PROMETHEUS_TLS_FAILED',
]);

/** For each source: its Secret, its Redis, its queue, and the names of its workers; or what its queries give. */
export const checkSources: PolicyCheck = async (about) => {
  const { policy } = about;
  const sources = policy.scaling?.sources ?? [];
  return (await Promise.all(sources.map((source) => checkSource(about, source)))).flat();
};

async function checkSource(about: LookedPolicy, source: Source): Promise<readonly Found[]> {
  const { policy, look } = about;
  const { feed } = source;
  const request: WatchRequest = { policy: policy.key, namespace: policy.namespace, source };
  if (feed.type === 'Prometheus') return [told(about, source, await look.queues.sample(request))];
  const secret = await secretOf(about, source);
  if (secret.state !== 'ok') return [secret];
  const sample = await look.queues.sample(request);
  const read = told(about, source, sample);
  if (sample?.state !== 'ok') return [secret, read];
  return [secret, read, ...(await checkWorkers(about, request, sample))];
}

async function secretOf({ policy, look }: LookedPolicy, { name, feed }: Source): Promise<Found> {
  const id = 'source.secret';
  if (feed.type === 'Prometheus') return skipped(id, `Source ${name} has no Secret.`);
  const { redis } = feed;
  try {
    const signal = AbortSignal.timeout(15_000);
    endpointOf(redis, await look.queues.secrets.read(policy.namespace, redis.secretName, signal));
    return ok(
      id,
      `Source ${name}: Secret ${redis.secretName} is there, with a usable URL under ${redis.urlKey}.`,
    );
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    const what = `Source ${name}: `;
    if (error.code === 'SECRET_UNREADABLE') {
      return skipped(
        id,
        `${what}your kubeconfig may not read Secret ${redis.secretName}, so its queue is not looked into.`,
        "Whether Spillway may is told by its rights; whether it can, by the policy's condition SignalsAvailable.",
      );
    }
    if (error.code === 'SECRET_NOT_FOUND') {
      const create = `kubectl create secret generic ${redis.secretName} -n ${policy.namespace} --from-literal=${redis.urlKey}=redis://<host>:6379`;
      return fail(id, `${what}there is no Secret ${redis.secretName}.`, `${error.message}\n${create}`);
    }
    if (error.code === 'SECRET_KEY_MISSING') {
      const key = redis.caKey === undefined ? redis.urlKey : `${redis.urlKey} or ${redis.caKey}`;
      return fail(id, `${what}Secret ${redis.secretName} has nothing under ${key}.`, error.message);
    }
    return fail(id, `${what}the Secret ${redis.secretName} cannot be used.`, error.message);
  }
}

function told(about: LookedPolicy, { name, feed }: Source, sample: Sample | undefined): Found {
  const id = 'source.queue';
  const server = feed.type === 'Prometheus' ? 'Prometheus' : 'Redis';
  if (sample === undefined) {
    return elsewhere(about, name, server, server === 'Redis' ? 'REDIS_UNREACHABLE' : 'PROMETHEUS_TIMEOUT');
  }
  if (sample.state === 'ok') {
    return ok(id, `Source ${name}: ${feed.type === 'Prometheus' ? measured(sample) : jobs(sample)}.`);
  }
  if (aboutPlace.has(sample.code)) return elsewhere(about, name, server, sample.code);
  return fail(id, `Source ${name} cannot be read (${sample.code}).`, sample.message);
}

function jobs({ backlog, active, paused }: OkSample): string {
  return `${count(backlog)} jobs wait and ${count(active)} are in work${paused ? '; the queue is paused' : ''}`;
}

function measured({ backlog, arrivalsPerSecond }: OkSample): string {
  const rate = arrivalsPerSecond === undefined ? '' : `, and ${count(arrivalsPerSecond)} arrive per second`;
  return `${count(backlog)} jobs wait by its query${rate}`;
}

/** What the controller says of a source that cannot be reached from here. */
function elsewhere({ object, policy }: LookedPolicy, name: string, server: string, code: string): Found {
  const id = 'source.queue';
  const here = `Source ${name}: its ${server} does not answer from here (${code})`;
  const signals = object.status?.conditions?.find(({ type }) => type === 'SignalsAvailable');
  if (signals?.status === 'True') {
    return ok(id, `${here}, which is a matter of where the doctor runs: the controller reads it.`);
  }
  if (signals?.status === 'False' && signals.message.includes(name)) {
    return fail(id, `${here}, and the controller cannot read it either.`, signals.message);
  }
  return warn(
    id,
    `${here}. That may be a matter of where the doctor runs, and no controller has said that it reads it.`,
    [
      'Ask from inside the cluster:',
      'kubectl -n spillway exec deploy/spillway -- node dist/cli.js doctor ' + policy.key,
      `or see what the controller says: kubectl get bp ${policy.name} -n ${policy.namespace} -o jsonpath='{.status.conditions[?(@.type=="SignalsAvailable")].message}'`,
    ].join('\n'),
  );
}
