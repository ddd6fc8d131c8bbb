import { createHash } from 'node:crypto';
import type { V1Deployment, V1PodTemplateSpec } from '@kubernetes/client-node';
import type { Policy } from '../policy/policy.ts';
import { manager, names } from './names.ts';

/** What a companion is made from, and the name that follows from it. */
export interface CompanionDesign {
  readonly name: string;
  /** Hash of the adapted template and the target's UID: another template is another companion. */
  readonly hash: string;
  readonly template: V1PodTemplateSpec;
}

/** The target as far as a companion needs to know it. */
export interface CompanionTarget {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
}

const hashLength = 8;

/** ACI names a container group `<namespace>-<pod>`, at most 63 characters; a ReplicaSet adds 17 to its Deployment's name. */
const longestGroupName = 63;
const podSuffixLength = 17;
const shortestStem = 8;

export function designCompanion(target: CompanionTarget, adapted: V1PodTemplateSpec): CompanionDesign {
  const hash = createHash('sha256')
    .update(canonical({ uid: target.uid, template: adapted }))
    .digest('hex')
    .slice(0, hashLength);
  const suffix = `-burst-${hash}`;
  const room = longestGroupName - target.namespace.length - 1 - podSuffixLength - suffix.length;
  const stem = target.name.slice(0, Math.max(shortestStem, room)).replace(/[-.]+$/, '');
  return { name: `${stem}${suffix}`, hash, template: adapted };
}

/**
 * The companion as it is created: the target's pods, pinned to the virtual pool, under a selector of its own.
 * Owned by the policy, so that it goes with it even when Spillway does not run (promises 1 and 6). None of the
 * target's own labels or annotations is copied: GitOps tools prune what carries their marks.
 */
export function companionManifest(
  policy: Policy,
  target: CompanionTarget,
  design: CompanionDesign,
  replicas: number,
  decisionId: string,
): V1Deployment {
  const marks = { [names.companion]: design.hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: design.name,
      namespace: policy.namespace,
      labels: { ...marks, [names.managedBy]: manager, [names.policyUid]: policy.uid },
      annotations: { [names.target]: target.name, [names.decision]: decisionId },
      ownerReferences: [
        {
          apiVersion: 'spillway.dev/v1alpha1',
          kind: 'BurstPolicy',
          name: policy.name,
          uid: policy.uid,
          controller: true,
          blockOwnerDeletion: false,
        },
      ],
    },
    spec: {
      replicas,
      revisionHistoryLimit: 1,
      selector: { matchLabels: marks },
      template: {
        ...design.template,
        metadata: {
          ...design.template.metadata,
          labels: { ...design.template.metadata?.labels, ...marks, [names.burst]: 'true' },
        },
      },
    },
  };
}

/** Whether what stands in the cluster still says all that the manifest says (the API server adds defaults to it). */
export function matchesManifest(
  manifest: V1Deployment,
  standing: { readonly labels: Readonly<Record<string, string>>; readonly template: V1PodTemplateSpec },
): boolean {
  return (
    covers(manifest.spec?.template, standing.template) && covers(manifest.metadata?.labels, standing.labels)
  );
}

function covers(wanted: unknown, actual: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(actual) &&
      wanted.length === actual.length &&
      wanted.every((item, index) => covers(item, actual[index]))
    );
  }
  if (wanted !== null && typeof wanted === 'object') {
    if (actual === null || typeof actual !== 'object') return Object.keys(wanted).length === 0;
    const fields: Readonly<Record<string, unknown>> = { ...actual };
    return Object.entries(wanted).every(([key, value]) => value === undefined || covers(value, fields[key]));
  }
  return wanted === actual;
}

/** JSON with sorted keys, so that equal values have equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
