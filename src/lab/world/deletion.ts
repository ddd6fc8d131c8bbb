import type { KubeObject, Pod } from './kube.ts';
import { timeMs, timeText } from './time.ts';

export interface DeleteOptions {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  /** For pods; left out: the pod's own `terminationGracePeriodSeconds`. */
  readonly gracePeriodSeconds?: number;
  /** `Background` by default. */
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

/** Finalizers through which the API server hands propagation over to the garbage collector. */
export const foregroundDeletion = 'foregroundDeletion';
export const orphanDependants = 'orphan';

/**
 * The object as its deletion leaves it: with a deletion time, and a grace period if it is a pod that may be running. Pods that are bound to no node or
 * have ended get none; a second deletion may shorten the grace period and never lengthens it (registry/core/pod/strategy.go, CheckGracefulDelete).
 */
export function markedForDeletion(
  resource: string,
  object: KubeObject,
  options: DeleteOptions,
  nowMs: number,
): KubeObject {
  const { metadata } = object;
  const graceSeconds = resource === 'pods' ? podGraceSeconds(object as Pod, options.gracePeriodSeconds) : 0;
  const setSeconds = metadata.deletionGracePeriodSeconds;
  const shortened = setSeconds === undefined || graceSeconds < setSeconds;
  const startedMs = (timeMs(metadata.deletionTimestamp) ?? nowMs) - (setSeconds ?? 0) * 1000;
  const finalizers = withPropagation(metadata.finalizers ?? [], options.propagationPolicy);
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(finalizers.length === 0 ? {} : { finalizers }),
      ...(shortened
        ? {
            deletionGracePeriodSeconds: graceSeconds,
            deletionTimestamp: timeText((graceSeconds === 0 ? nowMs : startedMs) + graceSeconds * 1000),
          }
        : {}),
    },
  };
}

/** Whether nothing holds a deleted object back any more. */
export function mayGo({ metadata }: KubeObject): boolean {
  return (
    metadata.deletionTimestamp !== undefined &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
    (metadata.finalizers ?? []).length === 0
  );
}

function podGraceSeconds({ spec, status }: Pod, asked: number | undefined): number {
  const bound = spec.nodeName !== undefined && spec.nodeName !== '';
  if (!bound || status.phase === 'Succeeded' || status.phase === 'Failed') return 0;
  return Math.max(0, asked ?? spec.terminationGracePeriodSeconds ?? 30);
}

function withPropagation(
  finalizers: readonly string[],
  policy: DeleteOptions['propagationPolicy'],
): readonly string[] {
  if (policy === undefined) return finalizers;
  const others = finalizers.filter((each) => each !== foregroundDeletion && each !== orphanDependants);
  if (policy === 'Background') return others;
  return [...others, policy === 'Foreground' ? foregroundDeletion : orphanDependants];
}
