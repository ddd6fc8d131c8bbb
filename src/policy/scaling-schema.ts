import { z } from 'zod';
import { atomic, duration, listMapBy, objectName, ofKind, text, whole } from './fields.ts';

const secretKeyRef = z
  .object({
    name: objectName("Name of the Secret, in the policy's own namespace."),
    key: z.string().max(253).meta(ofKind('SecretKey')).describe('Key within the Secret.'),
  })
  .meta(atomic)
  .describe('A key of a Secret.');

const redis = {
  urlFrom: z
    .object({ secretKeyRef })
    .describe(
      'Where the URL of the Redis is kept: redis://, rediss://, or redis+sentinel:// and rediss+sentinel://, with user and password if need be.',
    ),
  caFrom: z
    .object({ secretKeyRef })
    .describe(
      "Where a PEM bundle is kept that a server with TLS (rediss://, rediss+sentinel://) must chain to, in the same Secret as the URL. Left out: the system's authorities.",
    )
    .optional(),
};

const redisKey = (what: string) => text(`Key of the ${what}.`, 512);

const source = z.object({
  name: z
    .string()
    .max(63)
    .meta(ofKind('Name'))
    .describe('Name of the source, unique within the policy; metrics and reasons carry it.'),
  type: z.enum(['BullMQ', 'RedisList', 'RedisStream', 'Prometheus']).describe('What kind of source it is.'),
  bullmq: z
    .object({
      queue: text('Name of the queue.', 256),
      prefix: text('Prefix of the keys of the queue, as its workers set it.', 256).default('bull'),
      ...redis,
    })
    .meta(ofKind('Redis'))
    .describe('A BullMQ queue; for type BullMQ.')
    .optional(),
  redisList: z
    .object({ key: redisKey('list'), ...redis })
    .meta(ofKind('Redis'))
    .describe('A Redis list, one element a job; for type RedisList.')
    .optional(),
  redisStream: z
    .object({
      key: redisKey('stream'),
      group: text('Consumer group whose lag is the backlog.', 256),
      ...redis,
    })
    .meta(ofKind('Redis'))
    .describe('A Redis stream, one entry a job; for type RedisStream.')
    .optional(),
  prometheus: z
    .object({
      connection: text("Name of a Prometheus connection in the operator's configuration.", 253),
      query: text('PromQL whose one value is the number of waiting jobs.', 4096),
      arrivalRateQuery: text(
        'PromQL whose one value is the number of jobs that arrive per second.',
        4096,
      ).optional(),
    })
    .describe('A Prometheus query; for type Prometheus.')
    .optional(),
  drainWithin: duration(
    'Size by time: every job starts within that long of its arrival. At least 1s. Write this or backlogPerReplica.',
  ).optional(),
  backlogPerReplica: whole(
    'Size by count: one replica for so many jobs, waiting and active. Write this or drainWithin.',
    1,
  ).optional(),
  expectedJobDuration: duration(
    'How long a job takes, until it has been measured; for drainWithin. Left out: 1s for BullMQ. The other types need it: only RedisStream measures it too, from Redis 7.0.',
  ).optional(),
  workerConcurrency: whole('How many jobs one replica runs at once.', 1).default(1),
});

const onSignalLoss = z
  .object({
    after: duration('How long a source may be lost before the fallback takes over.').default('2m'),
    replicas: whole('Replicas for a lost source. Left out: its last known demand is held.', 0).optional(),
    behavior: z
      .enum(['CurrentIfHigher', 'Static'])
      .describe('CurrentIfHigher: never fewer than the last known demand. Static: exactly replicas.')
      .default('CurrentIfHigher'),
  })
  .describe('What to do while a source cannot be read.');

/** What drives the replicas of the target. */
export const scalingSchema = z
  .object({
    minReplicas: whole('Never fewer replicas than this, VM and burst together.', 0).default(0),
    maxReplicas: whole('Never more replicas than this, VM and burst together.', 1),
    combine: z
      .enum(['Sum', 'Max'])
      .describe('How sources add up: Sum where the same workers serve them, Max where the largest counts.')
      .default('Sum'),
    scaleDownStabilization: duration(
      'Scale down only to the highest demand of this long: short dips do not remove replicas.',
    ).default('1m'),
    sources: z
      .array(source)
      .min(1)
      .max(16)
      .meta(listMapBy('name'))
      .describe('What drives the replicas: queues or queries, at most 16.'),
    onSignalLoss: onSignalLoss.prefault({}),
  })
  .describe(
    'How many replicas the target needs. Leave out where an HPA, KEDA or a person sets the replicas, and for StatefulSets and Jobs.',
  );
