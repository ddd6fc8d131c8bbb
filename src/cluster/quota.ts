import type { PodShape, Resources } from '../decide/observation.ts';
import { cpuMillicores, wholeUnits } from '../policy/quantity.ts';
import type { Quantities, RawObject } from './raw.ts';
import type { SlimObject } from './slim.ts';
import { identity, type Slim } from './slimming.ts';

/** A ResourceQuota, as far as pods go (kubernetes.io/docs/concepts/policy/resource-quotas). */
export interface SlimQuota extends SlimObject {
  /** By name of the resource: cpu in millicores, everything else in whole units. */
  readonly hard: Amounts;
  readonly used: Amounts;
  /** It counts pods that match all of these. */
  readonly scopes: readonly QuotaScope[];
}

export interface QuotaScope {
  readonly name: string;
  readonly operator: string;
  readonly values: readonly string[];
}

type Amounts = Readonly<Record<string, number>>;

interface RawQuota extends RawObject {
  readonly spec?: {
    readonly hard?: Quantities;
    readonly scopes?: readonly string[];
    readonly scopeSelector?: {
      readonly matchExpressions?: readonly {
        readonly scopeName?: string;
        readonly operator?: string;
        readonly values?: readonly string[];
      }[];
    };
  };
  readonly status?: { readonly hard?: Quantities; readonly used?: Quantities };
}

export const slimQuota: Slim<SlimQuota> = (object, interner) => {
  const { metadata = {}, spec = {}, status = {} } = object as RawQuota;
  const selected = spec.scopeSelector?.matchExpressions ?? [];
  return {
    ...identity(metadata, interner),
    hard: amounts(status.hard ?? spec.hard),
    used: amounts(status.used),
    scopes: [
      ...(spec.scopes ?? []).map((name) => ({ name, operator: 'Exists', values: [] })),
      ...selected.map(({ scopeName: name = '', operator = 'Exists', values = [] }) => ({
        name,
        operator,
        values,
      })),
    ],
  };
};

/** Pods that a namespace's quotas still admit, and the quota that admits the fewest. */
export interface QuotaLeft {
  readonly pods: number;
  readonly quota: string;
}

/**
 * How many more pods of this shape the quotas of a namespace admit; undefined: none of them counts such pods. What the pod
 * does not say (limits that a LimitRange fills in) is not held against it: a refusal tells then.
 */
export function quotaLeft(quotas: readonly SlimQuota[], shape: PodShape): QuotaLeft | undefined {
  const asked = askedBy(shape);
  let least: QuotaLeft | undefined;
  for (const { name, hard, used, scopes } of quotas) {
    if (!scopes.every((scope) => isInScope(scope, shape))) continue;
    for (const [resource, most] of Object.entries(hard)) {
      const amount = asked[resource] ?? 0;
      if (amount <= 0) continue;
      const pods = Math.max(0, Math.floor((most - (used[resource] ?? 0)) / amount));
      if (least === undefined || pods < least.pods) least = { pods, quota: name };
    }
  }
  return least;
}

/** Names that need no prefix ask for requests (`cpu`, `memory`, `ephemeral-storage`). */
function askedBy({ requests, quota }: PodShape): Amounts {
  const asked = byName(requests);
  const limits = quota === undefined ? {} : byName(quota.limits);
  return {
    pods: 1,
    'count/pods': 1,
    ...asked,
    ...prefixed('requests.', asked),
    ...prefixed('limits.', limits),
  };
}

function byName({
  cpuMillicores: cpu,
  memoryBytes: memory,
  ephemeralStorageBytes,
  extended,
}: Resources): Amounts {
  return { ...extended, cpu, memory, 'ephemeral-storage': ephemeralStorageBytes };
}

function prefixed(prefix: string, amounts: Amounts): Amounts {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [prefix + name, amount]));
}

/**
 * Whether burst pods are in a scope (pkg/quota/v1/evaluator/core/pods.go, `podMatchesScopeFunc`). They have no affinity to
 * other pods; a scope that is not known counts nothing.
 */
function isInScope({ name, operator, values }: QuotaScope, { quota }: PodShape): boolean {
  switch (name) {
    case 'Terminating':
      return quota?.terminating === true;
    case 'NotTerminating':
      return quota?.terminating !== true;
    case 'BestEffort':
      return quota?.bestEffort === true;
    case 'NotBestEffort':
      return quota?.bestEffort !== true;
    case 'PriorityClass':
      return hasClass(quota?.priorityClass, operator, values);
    default:
      return false;
  }
}

function hasClass(priorityClass: string | undefined, operator: string, values: readonly string[]): boolean {
  switch (operator) {
    case 'In':
      return priorityClass !== undefined && values.includes(priorityClass);
    case 'NotIn':
      return priorityClass === undefined || !values.includes(priorityClass);
    case 'DoesNotExist':
      return priorityClass === undefined;
    default:
      return priorityClass !== undefined;
  }
}

function amounts(quantities: Quantities | undefined): Amounts {
  return Object.fromEntries(
    Object.entries(quantities ?? {}).map(([name, quantity]) => [name, amount(name, String(quantity))]),
  );
}

function amount(name: string, quantity: string): number {
  return /^(?:requests\.|limits\.)?cpu$/.test(name) ? cpuMillicores(quantity) : wholeUnits(quantity);
}
