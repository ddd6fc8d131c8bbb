import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import type { RuleSetting } from './act/eligibility/rule.ts';
import { ruleSettings } from './act/eligibility/rule-settings.ts';
import type { RuleCode } from './act/eligibility/rules.ts';
import { type AzureSettings, azureSchema, azureSettingsOf } from './azure/settings.ts';
import {
  type PrometheusSettings,
  prometheusSchema,
  prometheusSettingsOf,
} from './demand/prometheus-settings.ts';
import { SpillwayError } from './errors.ts';
import {
  type ExternalMetricsSettings,
  externalMetricsSchema,
  externalMetricsSettingsOf,
} from './external-metrics/settings.ts';

/** What the operator of Spillway configures once for a cluster (see docs/configuration.md). */
export interface Config {
  /** Namespaces to look after; `all`: the whole cluster. */
  readonly namespaces: 'all' | readonly string[];
  readonly lease: {
    /** Undefined: the namespace that Spillway runs in. */
    readonly namespace: string | undefined;
    readonly name: string;
  };
  /** Where health, metrics and decisions are served. */
  readonly http: { readonly host: string; readonly port: number };
  /** The first whose nodes exist is where policies burst to; at least one. */
  readonly virtualPools: readonly VirtualPool[];
  /**
   * No write rests on a cache that heard nothing for longer than this, seconds; at least 120, because a quiet
   * watch only speaks about once a minute (bookmarks). A dead watch is found after 100 s and listed anew within
   * seconds, so 180 s mean that listing has failed for a minute and more.
   */
  readonly maxCacheAgeSeconds: number;
  /** What all bursts of the cluster together may cost (see docs/budget.md). */
  readonly budget: Budget;
  readonly breaker: {
    /** A burst pod that is bound and not Running for longer than this has failed, seconds. */
    readonly stuckCreatingAfterSeconds: number;
  };
  /** The Prometheus servers that sources may name. */
  readonly prometheus: readonly PrometheusSettings[];
  /** Left out: nothing is asked of Azure (see docs/azure.md). */
  readonly azure?: AzureSettings;
  /** Left out: HPAs are not served (see docs/hpa.md). */
  readonly externalMetrics?: ExternalMetricsSettings;
}

/** Money in the operator's currency; undefined: no limit. */
export interface Budget {
  readonly maxRatePerHour: number | undefined;
  readonly maxSpendPerDay: number | undefined;
  /** What happens to running bursts when the day's budget is gone. */
  readonly onExhausted: 'Keep' | 'Drain';
}

/** Container groups that a provider lets be created in any 5 min and in any hour. */
export interface CreationPace {
  readonly per5Minutes: number;
  readonly perHour: number;
}

/** A set of virtual nodes: how to tell them, how to get onto them, what they cost. */
export interface VirtualPool {
  readonly name: string;
  readonly kind: 'AksAddon' | 'AciHelm' | 'AksV2' | 'Generic';
  /** Labels that make a node one of this pool, and the selector of burst pods. */
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Added to burst pods. */
  readonly tolerations: readonly VirtualToleration[];
  /** In the operator's currency; undefined: burst has no price, and budgets do not bite. */
  readonly price: { readonly perCpuHour: number; readonly perMemoryGbHour: number } | undefined;
  /** Undefined or left out: as fast as anybody wants. */
  readonly pace?: CreationPace | undefined;
  /** What is done about rules of docs/eligibility.md, where not what the table says. */
  readonly rules?: Readonly<Partial<Record<RuleCode, RuleSetting>>> | undefined;
  /** Of azure-aci, such as `1.4.0`; undefined: what the node tells, else the newest that is known. */
  readonly providerVersion?: string | undefined;
  /** What one burst pod may ask for at most; undefined: 31 vCPU and 240 GB on Azure, no limit elsewhere. */
  readonly largestGroup?: { readonly cpu: number; readonly memoryGb: number } | undefined;
}

/** What Azure Container Instances lets a subscription create in a region (Azure: quotas and limits of the service). */
export const aciPace: CreationPace = { per5Minutes: 100, perHour: 300 };

export interface VirtualToleration {
  readonly key: string;
  readonly operator: 'Exists' | 'Equal';
  readonly value: string | undefined;
  readonly effect: 'NoSchedule' | 'NoExecute' | undefined;
}

const name = z.string().min(1).max(63);

const virtualPool = z.strictObject({
  name,
  kind: z.enum(['AksAddon', 'AciHelm', 'AksV2', 'Generic']),
  nodeSelector: z
    .record(z.string(), z.string())
    .refine((selector) => Object.keys(selector).length > 0, 'name at least one label'),
  tolerations: z
    .array(
      z.strictObject({
        key: z.string().min(1),
        operator: z.enum(['Exists', 'Equal']).default('Exists'),
        value: z.string().optional(),
        effect: z.enum(['NoSchedule', 'NoExecute']).optional(),
      }),
    )
    .default([{ key: 'virtual-kubelet.io/provider', operator: 'Exists', effect: 'NoSchedule' }]),
  price: z
    .strictObject({ perCpuHour: z.number().nonnegative(), perMemoryGbHour: z.number().nonnegative() })
    .optional(),
  pace: z.strictObject({ per5Minutes: z.int().min(1), perHour: z.int().min(1) }).optional(),
  rules: ruleSettings.optional(),
  providerVersion: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/, 'write a version such as 1.6.4')
    .optional(),
  largestGroup: z.strictObject({ cpu: z.number().positive(), memoryGb: z.number().positive() }).optional(),
});

const budget = z.strictObject({
  maxRatePerHour: z.number().nonnegative().optional(),
  maxSpendPerDay: z.number().nonnegative().optional(),
  onExhausted: z.enum(['Keep', 'Drain']).default('Keep'),
});

/** An hour, the longest wait that is worth configuring: pods that start take minutes at most. */
const longestStart = 3600;
const breaker = z.strictObject({
  stuckCreatingAfterSeconds: z.number().min(60).max(longestStart).default(900),
});

/** The configuration file as people write it. */
export const configSchema = z.strictObject({
  namespaces: z.union([z.literal('all'), z.array(name).min(1)]).default('all'),
  lease: z
    .strictObject({ namespace: name.optional(), name: name.default('spillway') })
    .default({ name: 'spillway' }),
  http: z
    .strictObject({
      host: z.string().min(1).default('0.0.0.0'),
      port: z.int().min(0).max(65_535).default(8080),
    })
    .default({ host: '0.0.0.0', port: 8080 }),
  virtualPools: z.array(virtualPool).min(1).optional(),
  maxCacheAgeSeconds: z.number().min(120).default(180),
  budget: budget.prefault({}),
  breaker: breaker.prefault({}),
  prometheus: prometheusSchema,
  azure: azureSchema.optional(),
  externalMetrics: externalMetricsSchema,
});

/**
 * The configuration of a YAML file; without one, the defaults. `builtInPools`: the virtual pools of a configuration
 * that names none. Throws CONFIG_INVALID naming what is wrong.
 */
export function loadConfig(file: string | undefined, builtInPools: readonly VirtualPool[]): Config {
  return parseConfig(file === undefined ? '' : read(file), file ?? 'defaults', builtInPools);
}

/** The configuration in a YAML text. `file` is named in errors. */
export function parseConfig(text: string, file: string, builtInPools: readonly VirtualPool[]): Config {
  const document = parseDocument(text);
  const [broken] = document.errors;
  if (broken !== undefined) throw invalid(file, `it is not YAML (line ${broken.linePos?.[0].line ?? 1})`);
  const parsed = configSchema.safeParse(document.toJS() ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(file, `${issue?.path.join('.') || 'the top level'}: ${issue?.message ?? 'unknown'}`);
  }
  const { lease, virtualPools, budget: cluster, prometheus, azure, externalMetrics, ...rest } = parsed.data;
  const served = externalMetricsSettingsOf(externalMetrics);
  return {
    ...rest,
    ...(azure === undefined ? {} : { azure: azureSettingsOf(azure) }),
    ...(served === undefined ? {} : { externalMetrics: served }),
    lease: { namespace: lease.namespace, name: lease.name },
    budget: {
      maxRatePerHour: cluster.maxRatePerHour,
      maxSpendPerDay: cluster.maxSpendPerDay,
      onExhausted: cluster.onExhausted,
    },
    prometheus: prometheusSettingsOf(prometheus),
    virtualPools:
      virtualPools === undefined
        ? builtInPools
        : virtualPools.map((pool) => ({
            ...pool,
            price: pool.price,
            ...paceOf(pool),
            tolerations: pool.tolerations.map((toleration) => ({
              key: toleration.key,
              operator: toleration.operator,
              value: toleration.value,
              effect: toleration.effect,
            })),
          })),
  };
}

/** Kinds on Azure have its pace unless told. */
function paceOf({ kind, pace }: z.infer<typeof virtualPool>): Pick<VirtualPool, 'pace'> {
  if (pace !== undefined) return { pace };
  return kind === 'Generic' ? {} : { pace: aciPace };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(file, 'it cannot be read', error);
  }
}

function invalid(file: string, problem: string, cause?: unknown): SpillwayError {
  return new SpillwayError('CONFIG_INVALID', { file, problem }, cause);
}
