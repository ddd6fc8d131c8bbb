import { rescuedAnnotation } from '../policy/annotations.ts';

/** Labels and annotations that Spillway puts on what it makes. */
export const names = {
  /** On every burst pod, value `true`: to select or exclude burst pods anywhere. */
  burst: 'spillway.dev/burst',
  /** On a companion, its selector and its pods: the template hash that makes it one. */
  companion: 'spillway.dev/companion',
  /** On a companion: UID of the policy that it belongs to. */
  policyUid: 'spillway.dev/policy-uid',
  /** Annotation: name of the target that the companion was cloned from. */
  target: 'spillway.dev/target',
  /** Annotation: id of the decision that the latest write followed from. */
  decision: 'spillway.dev/decision',
  /** Annotation of a pod that was let onto the virtual pool: id of the decision that did it. */
  rescued: rescuedAnnotation,
  /** Annotation of a pod that was chosen to leave, and finalizer of a policy that has burst to drain. */
  drain: 'spillway.dev/drain',
  managedBy: 'app.kubernetes.io/managed-by',
  deletionCost: 'controller.kubernetes.io/pod-deletion-cost',
} as const;

export const manager = 'spillway';
