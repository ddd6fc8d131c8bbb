import { SpillwayError } from '../errors.ts';
import { parseDuration } from './duration.ts';
import { parseAmount } from './money.ts';
import type { Burst, Feed, Policy, RedisRef, Scaling, Sizing, Source, Target } from './policy.ts';
import type { BurstPolicy, CompleteSpec } from './schema.ts';
import { checkSpec } from './validate.ts';

type ScalingSpec = NonNullable<CompleteSpec['scaling']>;
type SourceSpec = ScalingSpec['sources'][number];
type RedisSpec = Pick<NonNullable<SourceSpec['redisList']>, 'urlFrom' | 'caFrom'>;

/**
 * The policy of an object in the cluster or in a file: defaults filled in, durations in seconds, amounts as numbers.
 * Fields that this version does not know are passed over, as the API server does. Throws POLICY_INVALID with the
 * first problem: the CRD that is installed may be older than this program and have let it through.
 */
export function resolvePolicy(object: BurstPolicy): Policy {
  const { metadata } = object;
  const namespace = metadata.namespace ?? 'default';
  const key = `${namespace}/${metadata.name}`;
  const { problems, spec } = checkSpec({ spec: object.spec });
  if (spec === undefined) throw invalid(key, problems[0]);
  return {
    key,
    namespace,
    name: metadata.name,
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    createdAtMs: metadata.creationTimestamp === undefined ? 0 : Date.parse(metadata.creationTimestamp),
    deleting: metadata.deletionTimestamp !== undefined,
    target: target(spec, key),
    suspend: spec.suspend,
    dryRun: spec.dryRun,
    priority: spec.priority,
    scaling: spec.scaling === undefined ? undefined : scaling(spec.scaling, key),
    burst: burst(spec.burst),
  };
}

function target(spec: CompleteSpec, key: string): Target {
  if (spec.jobSelector !== undefined) return { kind: 'Jobs', matchLabels: spec.jobSelector.matchLabels };
  const { kind, name } = spec.targetRef ?? {};
  if ((kind !== 'Deployment' && kind !== 'StatefulSet') || name === undefined) throw invalid(key, undefined);
  return { kind, name };
}

function scaling(spec: ScalingSpec, key: string): Scaling {
  return {
    minReplicas: spec.minReplicas,
    maxReplicas: spec.maxReplicas,
    combine: spec.combine,
    scaleDownStabilizationSeconds: parseDuration(spec.scaleDownStabilization),
    sources: spec.sources.map(
      (source): Source => ({
        name: source.name,
        sizing: sizing(source, key),
        workerConcurrency: source.workerConcurrency,
        feed: feed(source, key),
      }),
    ),
    onSignalLoss: {
      afterSeconds: parseDuration(spec.onSignalLoss.after),
      replicas: spec.onSignalLoss.replicas,
      behavior: spec.onSignalLoss.behavior,
    },
  };
}

function sizing(spec: SourceSpec, key: string): Sizing {
  if (spec.backlogPerReplica !== undefined)
    return { rule: 'backlogPerReplica', jobs: spec.backlogPerReplica };
  if (spec.drainWithin === undefined) throw invalid(key, undefined);
  return {
    rule: 'drainWithin',
    drainWithinSeconds: parseDuration(spec.drainWithin),
    expectedJobSeconds: optional(spec.expectedJobDuration, parseDuration),
  };
}

function feed(spec: SourceSpec, key: string): Feed {
  const { bullmq, redisList, redisStream, prometheus } = spec;
  if (bullmq !== undefined) {
    return { type: 'BullMQ', queue: bullmq.queue, prefix: bullmq.prefix, redis: redis(bullmq) };
  }
  if (redisList !== undefined) return { type: 'RedisList', key: redisList.key, redis: redis(redisList) };
  if (redisStream !== undefined) {
    return { type: 'RedisStream', key: redisStream.key, group: redisStream.group, redis: redis(redisStream) };
  }
  if (prometheus === undefined) throw invalid(key, undefined);
  const { connection, query, arrivalRateQuery } = prometheus;
  return { type: 'Prometheus', connection, query, arrivalRateQuery };
}

function redis({ urlFrom, caFrom }: RedisSpec): RedisRef {
  return {
    secretName: urlFrom.secretKeyRef.name,
    urlKey: urlFrom.secretKeyRef.key,
    caKey: caFrom?.secretKeyRef.key,
  };
}

function burst(spec: CompleteSpec['burst']): Burst {
  return {
    strategy: spec.strategy,
    vmPool: spec.vmPool,
    delay: {
      alwaysSeconds: parseDuration(spec.delay.always),
      whilePoolGrowsSeconds: parseDuration(spec.delay.whilePoolGrows),
    },
    maxReplicas: spec.maxReplicas,
    reclaim: {
      afterSeconds: parseDuration(spec.reclaim.after),
      readyTimeoutSeconds: parseDuration(spec.reclaim.readyTimeout),
    },
    withoutVmNodes: spec.withoutVmNodes,
    budget: {
      maxRatePerHour: optional(spec.budget.maxRatePerHour, parseAmount),
      maxSpendPerDay: optional(spec.budget.maxSpendPerDay, parseAmount),
      onExhausted: spec.budget.onExhausted,
    },
    drain: { timeoutSeconds: parseDuration(spec.drain.timeout) },
  };
}

function optional(text: string | undefined, parse: (text: string) => number): number | undefined {
  return text === undefined ? undefined : parse(text);
}

function invalid(
  policy: string,
  found: { readonly path: string; readonly message: string } | undefined,
): SpillwayError {
  // The rules of rules.ts leave no other way here than a problem; `found` is missing only for the type checker.
  const { path, message } = found ?? { path: 'spec', message: 'it names no target or no way to size it' };
  return new SpillwayError('POLICY_INVALID', { policy, path, problem: message });
}
