import { z } from 'zod';
import { amount, atomic, duration, map, objectName, text, whole } from './fields.ts';
import { scalingSchema } from './scaling-schema.ts';
import { statusSchema } from './status-schema.ts';

/** The API of the policy object. */
export const apiGroup = 'spillway.dev';
export const apiVersion = 'spillway.dev/v1alpha1';
export const policyKind = 'BurstPolicy';

const targetRef = z
  .object({
    apiVersion: text('API version of the target: apps/v1.', 63),
    kind: text('Kind of the target: Deployment or StatefulSet.', 63),
    name: objectName("Name of the target, in the policy's own namespace."),
  })
  .meta(atomic)
  .describe(
    'The Deployment or StatefulSet that the policy is about. Write this or jobSelector. It cannot be changed.',
  );

const jobSelector = z
  .object({
    matchLabels: map(
      'Labels that a Job must carry, all of them.',
      z.string().max(63).describe('The value of the label.'),
      16,
    ),
  })
  .meta(atomic)
  .describe('The Jobs that the policy is about. Write this or targetRef. It cannot be changed.');

const burst = z
  .object({
    strategy: z
      .enum(['Companion', 'Rescue'])
      .describe(
        'Companion: a second Deployment beside the target runs the burst. Rescue: stuck pods are let onto the virtual node; for Jobs and StatefulSets.',
      )
      .default('Companion'),
    vmPool: z
      .enum(['Grow', 'Fixed'])
      .describe(
        'Grow: some replicas stay pending so that an autoscaler adds VMs, and the burst bridges the time. Fixed: nothing is left pending; needs scaling.',
      )
      .default('Grow'),
    delay: z
      .object({
        always: duration('Burst only what has spilled for this long.').default('0s'),
        whilePoolGrows: duration('The same, while the VM pool is growing.').default('0s'),
      })
      .describe('How long to wait before bursting.')
      .prefault({}),
    maxReplicas: whole('Never more burst replicas than this. 0: none.', 0),
    reclaim: z
      .object({
        after: duration('Give burst up only after VMs could carry it for this long.').default('1m'),
        readyTimeout: duration(
          'A VM pod that is still not Ready after this long no longer holds the burst. At least 1s.',
        ).default('10m'),
      })
      .describe('When burst replicas are given up because VMs carry the load.')
      .prefault({}),
    withoutVmNodes: z
      .enum(['Forbid', 'Allow'])
      .describe(
        "What to do where the template's selector and affinity match no VM node at all: Forbid burst, or Allow it.",
      )
      .default('Forbid'),
    budget: z
      .object({
        maxRatePerHour: amount(
          'The burst never costs more per hour than this, in the configured currency. Left out: no limit.',
        ).optional(),
        maxSpendPerDay: amount(
          'No new burst once this much was spent in the last 24 h, in the configured currency. Left out: no limit.',
        ).optional(),
        onExhausted: z
          .enum(['Keep', 'Drain'])
          .describe("What happens to running burst when the day's budget is gone: Keep it, or Drain it.")
          .default('Keep'),
      })
      .describe('What the burst may cost; prices are in the configuration of Spillway.')
      .prefault({}),
    drain: z
      .object({
        timeout: duration(
          'How long a busy burst worker may finish its jobs before its pod is deleted. 0s: at once.',
        ).default('10m'),
      })
      .describe('How burst workers are emptied before their pods are deleted.')
      .prefault({}),
  })
  .describe('How the workload may burst onto the virtual pool.');

/** What a person writes: one workload, what drives it, how it may burst. */
export const specSchema = z
  .object({
    targetRef: targetRef.optional(),
    jobSelector: jobSelector.optional(),
    suspend: z
      .boolean()
      .describe('true: no new burst, and a running one is given up; replicas are left alone.')
      .default(false),
    dryRun: z
      .boolean()
      .describe('true: everything is computed and reported, and nothing is written but status and Events.')
      .default(false),
    priority: z
      .int32()
      .meta({ format: 'int32' })
      .describe('Who gets room and quota first among policies: higher wins, then the older policy.')
      .default(0),
    scaling: scalingSchema.optional(),
    burst,
  })
  .describe('One workload, what drives it, and how it may burst.');

/** The whole object but its metadata, which belongs to the API server. */
export const policySchema = z
  .object({ spec: specSchema, status: statusSchema.describe('What Spillway reports.').optional() })
  .describe('A policy that bursts one workload onto the virtual pool when the VM pool is full.');

/** The spec as it may stand in an object: what has a default may be missing. */
export type BurstPolicySpec = z.input<typeof specSchema>;
/** The spec with every default filled in. */
export type CompleteSpec = z.output<typeof specSchema>;
export type BurstPolicyStatus = z.input<typeof statusSchema>;

/** The object as it is read from the API server, or from a file (then only a name is sure to be there). */
export interface BurstPolicy {
  readonly apiVersion: typeof apiVersion;
  readonly kind: typeof policyKind;
  readonly metadata: PolicyMetadata;
  readonly spec: BurstPolicySpec;
  readonly status?: BurstPolicyStatus | undefined;
}

/** What Spillway reads of an object's metadata; times as RFC 3339 text, as JSON has them. */
export interface PolicyMetadata {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
  readonly generation?: number | undefined;
  readonly resourceVersion?: string | undefined;
  readonly creationTimestamp?: string | undefined;
  readonly deletionTimestamp?: string | undefined;
  readonly finalizers?: readonly string[] | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}
