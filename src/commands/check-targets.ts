import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { carries } from '../policy/labels.ts';
import { isRecord, type Segments, valueAt } from '../policy/schema-tree.ts';
import type { Manifest } from './manifests.ts';

/** A workload among the manifests that a policy is about. */
export interface Target {
  readonly manifest: Manifest;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** What was taken for granted because one of the two names no namespace; undefined: nothing. */
  readonly assumed: string | undefined;
  /** Where its pod template stands. */
  readonly at: Segments;
  readonly template: V1PodTemplateSpec;
}

const templates: Readonly<Record<string, Segments>> = {
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

/**
 * The workloads among the manifests that a policy is about. Who names no namespace is taken to be in that of the other:
 * `kubectl -n` gives it. A workload that names the policy's own is preferred to one of the same name without any.
 */
export function targetsOf(policy: unknown, manifests: readonly Manifest[]): readonly Target[] {
  const ofPolicy = textAt(policy, 'metadata', 'namespace');
  const found = manifests.flatMap((manifest) => {
    const { value } = manifest;
    const kind = textAt(value, 'kind') ?? '';
    const at = Object.hasOwn(templates, kind) ? templates[kind] : undefined;
    const own = textAt(value, 'metadata', 'namespace');
    const apart = own !== undefined && ofPolicy !== undefined && own !== ofPolicy;
    if (at === undefined || apart || !isNamed(value, kind, policy)) return [];
    const target: Target = {
      manifest,
      kind,
      namespace: own ?? ofPolicy ?? 'default',
      name: textAt(value, 'metadata', 'name') ?? textAt(value, 'metadata', 'generateName') ?? '',
      assumed: assumption(own, ofPolicy),
      at,
      template: templateOf(value, at),
    };
    return [target];
  });
  const sure = found.filter(({ assumed }) => assumed === undefined);
  const isOne = textAt(policy, 'spec', 'targetRef', 'name') !== undefined;
  return isOne && sure.length > 0 ? sure : found;
}

function assumption(own: string | undefined, ofPolicy: string | undefined): string | undefined {
  if (own === ofPolicy) return undefined;
  return own === undefined
    ? `it names no namespace, so that of the policy is taken: ${ofPolicy}`
    : `the policy names no namespace, so that of its target is taken: ${own}`;
}

function isNamed(value: unknown, kind: string, policy: unknown): boolean {
  const wanted = valueAt(policy, ['spec', 'jobSelector', 'matchLabels']);
  if (isRecord(wanted)) {
    const labels = jobLabels(value, kind);
    return labels !== undefined && carries(labels, wanted);
  }
  return (
    kind === textAt(policy, 'spec', 'targetRef', 'kind') &&
    textAt(value, 'metadata', 'name') === textAt(policy, 'spec', 'targetRef', 'name')
  );
}

/** Labels of the Job, or of those that a CronJob makes. A Job without any gets those of its pods (batch/v1, defaults). */
function jobLabels(value: unknown, kind: string): Readonly<Record<string, unknown>> | undefined {
  if (kind !== 'Job' && kind !== 'CronJob') return undefined;
  const job = kind === 'Job' ? [] : ['spec', 'jobTemplate'];
  const own = valueAt(value, [...job, 'metadata', 'labels']);
  if (isRecord(own) && Object.keys(own).length > 0) return own;
  const ofPods = valueAt(value, [...job, 'spec', 'template', 'metadata', 'labels']);
  return isRecord(ofPods) ? ofPods : {};
}

/** The template as pods have it: a StatefulSet adds a volume for each of its claims. */
function templateOf(value: unknown, at: Segments): V1PodTemplateSpec {
  const template = (valueAt(value, at) ?? {}) as V1PodTemplateSpec;
  const { spec } = template;
  const claims = valueAt(value, ['spec', 'volumeClaimTemplates']);
  if (!isRecord(spec) || !Array.isArray(claims)) return template;
  const made = claims.map((claim: unknown) => {
    const name = textAt(claim, 'metadata', 'name') ?? '';
    return { name, persistentVolumeClaim: { claimName: name } };
  });
  return { ...template, spec: { ...spec, volumes: [...ownVolumes(spec), ...made] } };
}

/** Where a part of the template stands in the manifest, from its root. */
export function placeIn({ at, manifest }: Target, place: Segments): Segments {
  const [, list, index] = place;
  const own = ownVolumes(valueAt(manifest.value, [...at, 'spec'])).length;
  const isClaim = list === 'volumes' && typeof index === 'number' && index >= own;
  if (isClaim) return ['spec', 'volumeClaimTemplates', index - own];
  return place.length === 0 ? ['metadata', 'name'] : [...at, ...place];
}

function ownVolumes(spec: unknown): readonly { readonly name: string }[] {
  const volumes = valueAt(spec, ['volumes']);
  return Array.isArray(volumes) ? (volumes as readonly { readonly name: string }[]) : [];
}

/** A text at a place in a value; undefined: there is none. */
export function textAt(value: unknown, ...at: Segments): string | undefined {
  const found = valueAt(value, at);
  return typeof found === 'string' ? found : undefined;
}
