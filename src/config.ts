import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { SpillwayError } from './errors.ts';

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
   * watch only speaks about once a minute (bookmarks).
   */
  readonly maxCacheAgeSeconds: number;
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
}

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
});

const schema = z.strictObject({
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
  maxCacheAgeSeconds: z.number().min(120).default(600),
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
  const parsed = schema.safeParse(document.toJS() ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(file, `${issue?.path.join('.') || 'the top level'}: ${issue?.message ?? 'unknown'}`);
  }
  const { lease, virtualPools, ...rest } = parsed.data;
  return {
    ...rest,
    lease: { namespace: lease.namespace, name: lease.name },
    virtualPools:
      virtualPools === undefined
        ? builtInPools
        : virtualPools.map((pool) => ({
            ...pool,
            price: pool.price,
            tolerations: pool.tolerations.map((toleration) => ({
              key: toleration.key,
              operator: toleration.operator,
              value: toleration.value,
              effect: toleration.effect,
            })),
          })),
  };
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
