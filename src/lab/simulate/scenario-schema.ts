import { z } from 'zod';
import { isDuration, parseDuration } from '../../policy/duration.ts';
import { cpuMillicores, memoryBytes, parseQuantity } from '../../policy/quantity.ts';
import { isRecord } from '../../policy/schema-tree.ts';
import type { Distribution } from '../world/distribution.ts';

/** A duration as policies write it, in seconds once parsed. */
const duration = z
  .string()
  .refine(isDuration, 'is not a duration: write one such as 300ms, 10s, 5m or 1h30m')
  .transform(parseDuration);

const positive = (text: z.ZodType<number>) => text.refine((seconds) => seconds > 0, 'must be more than 0s');

const quantity = (what: string, parse: (text: string) => number) =>
  z
    .union([z.string(), z.number().transform(String)])
    .refine(
      (text) => isPositiveQuantity(text, parse),
      `is not an amount of ${what}: write one such as 500m, 2 or 4Gi`,
    );

const cpu = quantity('cpu', cpuMillicores);
const memory = quantity('memory', memoryBytes);
const count = z.int().min(0);
const rate = z.number().min(0);

const objectName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'write small letters, digits and "-", such as thumbnails')
  .max(40);

/** Ways to write how long something takes; each key is a duration but `sigma` and `values`. */
const distributionForms: readonly (readonly string[])[] = [
  ['median', 'sigma'],
  ['mean'],
  ['from', 'to'],
  ['values'],
];
const distributionHelp =
  'write a duration such as 3s, {median: 3s, sigma: 0.5}, {mean: 3s}, {from: 1s, to: 5s} or {values: [1s, 2s]}';

/** How long something takes, in milliseconds once parsed. */
const distribution = z.unknown().transform((value, context): Distribution => {
  const parsed = distributionOf(value);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: `is not a time that something takes: ${distributionHelp}` });
  return z.NEVER;
});

function distributionOf(value: unknown): Distribution | undefined {
  const constant = ms(value);
  if (constant !== undefined) return { kind: 'constant', value: constant };
  if (!isRecord(value)) return undefined;
  const keys = Object.keys(value);
  const form = distributionForms.find((names) => names[0] !== undefined && keys.includes(names[0]));
  if (form === undefined || keys.some((key) => !form.includes(key))) return undefined;
  const { median, sigma = 0.5, mean, from, to, values } = value;
  const [medianMs, meanMs, fromMs, toMs] = [ms(median), ms(mean), ms(from), ms(to)];
  if (medianMs !== undefined && typeof sigma === 'number' && sigma >= 0) {
    return { kind: 'logNormal', median: medianMs, sigma };
  }
  if (meanMs !== undefined) return { kind: 'exponential', mean: meanMs };
  if (fromMs !== undefined && toMs !== undefined && fromMs <= toMs)
    return { kind: 'uniform', from: fromMs, to: toMs };
  if (!Array.isArray(values) || values.length === 0) return undefined;
  const drawn = values.map(ms).filter((each) => each !== undefined);
  return drawn.length === values.length ? { kind: 'empirical', values: drawn } : undefined;
}

function ms(value: unknown): number | undefined {
  return typeof value === 'string' && isDuration(value) ? parseDuration(value) * 1000 : undefined;
}

const shape = z.discriminatedUnion('shape', [
  z.strictObject({
    shape: z.literal('spike'),
    jobs: z.int().min(1),
    at: duration.prefault('0s'),
    over: duration.prefault('0s'),
    every: positive(duration).optional(),
  }),
  z.strictObject({
    shape: z.literal('ramp'),
    fromPerSecond: rate,
    toPerSecond: rate,
    at: duration.prefault('0s'),
    over: duration,
  }),
  z.strictObject({
    shape: z.literal('diurnal'),
    meanPerSecond: rate,
    peakPerSecond: rate,
    peakAt: duration.prefault('14h'),
  }),
  z.strictObject({
    shape: z.literal('onOff'),
    perSecond: rate,
    offPerSecond: rate.default(0),
    on: positive(duration),
    off: positive(duration),
  }),
  z.strictObject({ shape: z.literal('poisson'), perSecond: rate }),
]);

const contenderName = z.string().min(1).max(40);

const hpaFields = {
  minReplicas: z.int().min(1).default(1),
  maxReplicas: z.int().min(1),
  /** Waiting jobs that one replica is there for: the target of the average value. */
  backlogPerReplica: z.number().positive(),
};

const contender = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('policy'),
      name: contenderName.optional(),
      /** A file with a BurstPolicy, beside the scenario. */
      file: z.string().min(1).optional(),
      /** The `spec` of a BurstPolicy; what names the target and the queue may be left out. */
      spec: z.record(z.string(), z.unknown()).optional(),
    })
    .refine(
      ({ file, spec }) => (file === undefined) !== (spec === undefined),
      'write file or spec, one of them',
    ),
  z.strictObject({ type: z.literal('static'), name: contenderName.optional(), replicas: count }),
  z.strictObject({ type: z.literal('hpa-cluster-autoscaler'), name: contenderName.optional(), ...hpaFields }),
  z.strictObject({
    type: z.literal('keda'),
    name: contenderName.optional(),
    ...hpaFields,
    minReplicas: count.default(0),
    pollingInterval: positive(duration).prefault('30s'),
    cooldownPeriod: duration.prefault('300s'),
    /** More waiting jobs than this wake it up from nothing. */
    activationBacklog: rate.default(0),
  }),
]);

/** What a person writes: a cluster, prices, a workload, what it must keep, and who contends. */
export const scenarioSchema = z.strictObject({
  /** Same seed, same bytes out. */
  seed: z.union([z.string(), z.number().transform(String)]).default('spillway'),
  /** When the arrivals begin; left out: when the trace begins. */
  start: z.iso
    .datetime({ offset: true, error: 'write a time such as 2026-03-02T00:00:00Z' })
    .transform((text) => Date.parse(text))
    .optional(),
  /** How long arrivals of shapes go on. */
  duration: positive(duration).prefault('24h'),
  /** The cluster runs for so long before the first job; not counted. */
  warmUp: duration.prefault('5m'),
  /** It is watched for so long after the last arrival; counted. */
  coolDown: duration.prefault('30m'),
  /** Decisions are at most so far apart, and figures are taken so often. */
  resolution: positive(duration).prefault('5s'),
  slo: z.strictObject({ startWithin: positive(duration), share: z.number().min(0).max(1).default(0.95) }),
  prices: z.strictObject({
    vmHour: rate,
    cpuHour: rate,
    memoryGbHour: rate,
    currency: z.string().max(8).default(''),
  }),
  workload: z.strictObject({
    name: objectName.default('worker'),
    namespace: objectName.default('default'),
    /** At the start. */
    replicas: count.default(1),
    requests: z.strictObject({ cpu, memory }),
    /** Jobs that one replica runs at once. */
    concurrency: z.int().min(1).default(1),
    /** How long a job takes. */
    service: distribution,
    /** From the container's start to its first job. */
    workerStart: distribution.optional(),
    /** How long a worker may finish its jobs when its pod on a VM is deleted. */
    gracePeriod: duration.prefault('30s'),
    /** Share of attempts that fail and are made again. */
    failureShare: z.number().min(0).max(0.9).default(0),
  }),
  queue: z.string().min(1).max(256).default('jobs'),
  pools: z
    .array(
      z
        .strictObject({
          name: objectName,
          nodes: count,
          minNodes: count.optional(),
          maxNodes: count.optional(),
          cpu,
          memory,
          boot: distribution.optional(),
        })
        .refine(
          ({ nodes, minNodes = nodes, maxNodes = nodes }) => minNodes <= nodes && nodes <= maxNodes,
          'minNodes ≤ nodes ≤ maxNodes must hold',
        ),
    )
    .min(1),
  autoscaler: z
    .strictObject({
      enabled: z.boolean().default(true),
      scanInterval: positive(duration).optional(),
      unneeded: duration.optional(),
      delayAfterAdd: duration.optional(),
      vmQuota: count.optional(),
    })
    .prefault({}),
  virtualPool: z
    .strictObject({
      start: distribution.optional(),
      quotaCores: rate.default(100),
      createsPer5Minutes: z.int().min(1).default(100),
      createsPerHour: z.int().min(1).default(300),
      /** The controller is told quota, pace and prices; without that it finds out by failing, and budgets do not bite. */
      limitsKnown: z.boolean().default(true),
    })
    .prefault({}),
  arrivals: z.array(shape).min(1).optional(),
  /** A file with arrivals, beside the scenario; --trace names another. */
  trace: z.string().min(1).optional(),
  contenders: z.array(contender).min(1),
});

export type ScenarioFile = z.output<typeof scenarioSchema>;
export type ContenderFile = ScenarioFile['contenders'][number];

function isPositiveQuantity(text: string, parse: (text: string) => number): boolean {
  try {
    return parseQuantity(text) > 0 && parse(text) > 0;
  } catch {
    return false;
  }
}
