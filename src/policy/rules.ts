import { isDeepStrictEqual } from 'node:util';
import { durationPattern, isDuration, parseDuration } from './duration.ts';
import { amountPattern, isAmount } from './money.ts';
import type { CompleteSpec } from './schema.ts';
import { pathsOf } from './schema-tree.ts';

type Scaling = NonNullable<CompleteSpec['scaling']>;
type Source = Scaling['sources'][number];
type RedisBody = NonNullable<Source['redisList']>;
type BullMqBody = NonNullable<Source['bullmq']>;
type Labels = NonNullable<CompleteSpec['jobSelector']>['matchLabels'];

/**
 * One validation rule, written once: `cel` is what the API server runs, `check` is the same in TypeScript. Both see
 * a value that has passed the schema and has its defaults, and never disagree (test/unit/policy/specs.ts).
 */
export interface Rule {
  /** Schema path of what is checked: `self` in CEL, the value of `check`. */
  readonly path: string;
  /** Field below `path` that the sentence is about; undefined: what stands at `path` itself. */
  readonly about: string | undefined;
  readonly cel: string;
  /** Says what to write instead. */
  readonly message: string;
  /** Whether the value is good. */
  readonly check: (value: unknown) => boolean;
}

/** A rule about a change, which only the API server sees: `oldSelf` in CEL is what stood there before. */
export interface ChangeRule extends Omit<Rule, 'check'> {
  readonly check: (value: unknown, old: unknown) => boolean;
}

interface Words<T> {
  readonly about?: string;
  readonly cel: string;
  readonly message: string;
  readonly check: (value: T) => boolean;
}

const duration = matcher(durationPattern);
const name = matcher('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$');
const secretKey = matcher('^[-._a-zA-Z0-9]+$');
const labelKey = matcher(
  '^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$',
);
const labelValue = matcher('^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$');

/** All rules, in the order in which they are reported. */
export const rules: readonly Rule[] = [
  ...at<string>(pathsOf('Duration'), {
    cel: `self != '' && ${duration.cel('self')}`,
    message: 'write a duration in hours, minutes, seconds and milliseconds, such as 300ms, 10s, 5m or 1h30m',
    check: isDuration,
  }),
  ...at<string>(['spec.scaling.sources[].drainWithin', 'spec.burst.reclaim.readyTimeout'], {
    cel: `!(self != '' && ${duration.cel('self')}) || duration(self) >= duration('1s')`,
    message: 'write at least 1s: nothing can be done in less',
    check: (value) => !isDuration(value) || parseDuration(value) >= 1,
  }),
  ...at<string>(['spec.scaling.sources[].expectedJobDuration'], {
    cel: `!(self != '' && ${duration.cel('self')}) || duration(self) > duration('0s')`,
    message: 'write how long a job takes, more than 0s, such as 50ms or 3s',
    check: (value) => !isDuration(value) || parseDuration(value) > 0,
  }),
  ...at<string>(pathsOf('Amount'), {
    cel: matcher(amountPattern).cel('self'),
    message: 'write a plain amount that is not negative and has no currency, such as "20" or "0.0405"',
    check: isAmount,
  }),
  ...at<string>(pathsOf('Name'), {
    cel: name.cel('self'),
    message:
      'write a name of small letters, digits, "-" and ".", that begins and ends with a letter or digit',
    check: name.test,
  }),
  ...at<string>(pathsOf('SecretKey'), {
    cel: secretKey.cel('self'),
    message: 'write a key of the Secret: letters, digits, "-", "_" and "."',
    check: secretKey.test,
  }),

  ...at<CompleteSpec>(['spec'], {
    cel: 'has(self.targetRef) != has(self.jobSelector)',
    message:
      'name one target: write either targetRef (a Deployment or a StatefulSet) or jobSelector (Jobs), not both and not neither',
    check: (spec) => (spec.targetRef === undefined) !== (spec.jobSelector === undefined),
  }),
  ...at<CompleteSpec>(['spec'], {
    about: 'scaling',
    cel: '!has(self.jobSelector) || !has(self.scaling)',
    message: 'Jobs have no replicas to set: leave out scaling, or name a Deployment in targetRef',
    check: (spec) => spec.jobSelector === undefined || spec.scaling === undefined,
  }),
  ...at<CompleteSpec>(['spec'], {
    about: 'scaling',
    cel: "!has(self.targetRef) || self.targetRef.kind != 'StatefulSet' || !has(self.scaling)",
    message: 'the pods of a StatefulSet go by number, so its replicas are not set: leave out scaling',
    check: (spec) => spec.targetRef?.kind !== 'StatefulSet' || spec.scaling === undefined,
  }),
  ...at<CompleteSpec>(['spec'], {
    about: 'burst.vmPool',
    cel: "self.burst.vmPool != 'Fixed' || has(self.scaling)",
    message:
      'vmPool: Fixed needs scaling, for Spillway must set the replicas: add scaling, or write vmPool: Grow',
    check: (spec) => spec.burst.vmPool !== 'Fixed' || spec.scaling !== undefined,
  }),
  ...at<CompleteSpec>(['spec'], {
    about: 'burst.strategy',
    // Both targets at once have a sentence of their own.
    cel: "self.burst.strategy != 'Companion' || (has(self.targetRef) ? self.targetRef.kind != 'StatefulSet' : !has(self.jobSelector))",
    message:
      'a companion can only be cloned from a Deployment: write strategy: Rescue for Jobs and StatefulSets',
    check: ({ burst, targetRef, jobSelector }) =>
      burst.strategy !== 'Companion' ||
      (targetRef === undefined ? jobSelector === undefined : targetRef.kind !== 'StatefulSet'),
  }),
  ...at<string>(['spec.targetRef.apiVersion'], {
    cel: "self == 'apps/v1'",
    message: 'write apiVersion: apps/v1, the only API whose targets Spillway can burst',
    check: (apiVersion) => apiVersion === 'apps/v1',
  }),
  ...at<string>(['spec.targetRef.kind'], {
    cel: "self == 'Deployment' || self == 'StatefulSet'",
    message:
      'write kind: Deployment or kind: StatefulSet; for Jobs leave out targetRef and write jobSelector',
    check: (kind) => kind === 'Deployment' || kind === 'StatefulSet',
  }),
  ...at<Labels>(['spec.jobSelector.matchLabels'], {
    cel: 'size(self) > 0',
    message: 'write at least one label: without one, the policy would be about every Job of the namespace',
    check: (labels) => Object.keys(labels).length > 0,
  }),
  ...at<Labels>(['spec.jobSelector.matchLabels'], {
    cel: `self.all(key, ${labelKey.cel('key')} && ${labelValue.cel('self[key]')})`,
    message:
      'write labels as Kubernetes has them, such as app: thumbnails or app.kubernetes.io/name: thumbnails',
    check: (labels) =>
      Object.entries(labels).every(([key, value]) => labelKey.test(key) && labelValue.test(value)),
  }),

  ...at<Scaling>(['spec.scaling'], {
    about: 'minReplicas',
    cel: 'self.minReplicas <= self.maxReplicas',
    message: 'minReplicas is above maxReplicas: lower minReplicas or raise maxReplicas',
    check: (scaling) => scaling.minReplicas <= scaling.maxReplicas,
  }),
  ...at<Scaling>(['spec.scaling'], {
    about: 'onSignalLoss.replicas',
    cel: '!has(self.onSignalLoss.replicas) || self.onSignalLoss.replicas <= self.maxReplicas',
    message: 'onSignalLoss.replicas is above maxReplicas: lower it or raise maxReplicas',
    check: ({ onSignalLoss, maxReplicas }) => (onSignalLoss.replicas ?? 0) <= maxReplicas,
  }),
  // Not at onSignalLoss itself: the API server asks the rules of an object about its default too, which is empty there.
  ...at<Scaling>(['spec.scaling'], {
    about: 'onSignalLoss.replicas',
    cel: "self.onSignalLoss.behavior != 'Static' || has(self.onSignalLoss.replicas)",
    message: 'behavior: Static needs replicas: write how many, or write behavior: CurrentIfHigher',
    check: ({ onSignalLoss }) => onSignalLoss.behavior !== 'Static' || onSignalLoss.replicas !== undefined,
  }),

  ...at<Source>(['spec.scaling.sources[]'], {
    cel: 'has(self.drainWithin) != has(self.backlogPerReplica)',
    message:
      'size the source by one rule: write either drainWithin (every job starts within that time) or backlogPerReplica (jobs for one replica), not both and not neither',
    check: (source) => (source.drainWithin === undefined) !== (source.backlogPerReplica === undefined),
  }),
  ...[body('BullMQ', 'bullmq'), body('RedisList', 'redisList'), body('RedisStream', 'redisStream')].flat(),
  ...body('Prometheus', 'prometheus'),
  ...at<Source>(['spec.scaling.sources[]'], {
    about: 'expectedJobDuration',
    cel: "self.type == 'BullMQ' || !has(self.drainWithin) || has(self.expectedJobDuration)",
    message:
      'drainWithin needs expectedJobDuration here, for this type of source does not always measure it: write how long a job takes',
    check: (source) =>
      source.type === 'BullMQ' ||
      source.drainWithin === undefined ||
      source.expectedJobDuration !== undefined,
  }),
  ...at<Source>(['spec.scaling.sources[]'], {
    about: 'expectedJobDuration',
    cel: '!has(self.backlogPerReplica) || has(self.drainWithin) || !has(self.expectedJobDuration)',
    message: 'expectedJobDuration only serves drainWithin: leave it out, or size the source by drainWithin',
    check: (source) =>
      source.backlogPerReplica === undefined ||
      source.drainWithin !== undefined ||
      source.expectedJobDuration === undefined,
  }),
  ...at<Source>(['spec.scaling.sources[]'], {
    about: 'prometheus',
    cel: '!has(self.drainWithin) || !has(self.prometheus) || has(self.prometheus.arrivalRateQuery)',
    message:
      'drainWithin needs prometheus.arrivalRateQuery here: write a query for the jobs that arrive per second',
    check: (source) =>
      source.drainWithin === undefined ||
      source.prometheus === undefined ||
      source.prometheus.arrivalRateQuery !== undefined,
  }),
  ...at<BullMqBody>(['spec.scaling.sources[].bullmq'], {
    about: 'queue',
    cel: "!self.queue.contains(':')",
    message: 'the name of a BullMQ queue has no colon: write what stands before it in prefix',
    check: (bullmq) => !bullmq.queue.includes(':'),
  }),
  ...at<RedisBody>(pathsOf('Redis'), {
    about: 'caFrom',
    cel: '!has(self.caFrom) || self.caFrom.secretKeyRef.name == self.urlFrom.secretKeyRef.name',
    message: 'the CA is read from the same Secret as the URL: name that Secret in caFrom too',
    check: ({ caFrom, urlFrom }) =>
      caFrom === undefined || caFrom.secretKeyRef.name === urlFrom.secretKeyRef.name,
  }),
];

/** Rules about changes. */
export const changeRules: readonly ChangeRule[] = (['targetRef', 'jobSelector'] as const).map((field) => ({
  path: 'spec',
  about: field,
  cel: `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`,
  message: `${field} cannot be changed: delete the policy and create it anew, or create another`,
  check: (value, old) => isDeepStrictEqual((value as CompleteSpec)[field], (old as CompleteSpec)[field]),
}));

/** A type of source and the body that goes with it. */
function body(
  type: Source['type'],
  field: 'bullmq' | 'redisList' | 'redisStream' | 'prometheus',
): readonly Rule[] {
  return at<Source>(['spec.scaling.sources[]'], {
    about: field,
    cel: `(self.type == '${type}') == has(self.${field})`,
    message: `type: ${type} and the body ${field} go together: write both or neither`,
    check: (source) => (source.type === type) === (source[field] !== undefined),
  });
}

/** One rule at several paths. `T` is what the schema has at these paths. */
function at<T>(paths: readonly string[], words: Words<T>): readonly Rule[] {
  const { about, cel, message } = words;
  return paths.map((path) => ({ path, about, cel, message, check: words.check as Rule['check'] }));
}

/** A pattern, for both sides. */
function matcher(pattern: string) {
  const shape = new RegExp(pattern);
  return {
    test: (value: string) => shape.test(value),
    cel: (operand: string) => `${operand}.matches('${pattern}')`,
  };
}
