import type { Condition, Pod } from './kube.ts';
import { timeText } from './time.ts';

/** The conditions with one set: its transition time changes only with its status. Nothing to change: the same array. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  wanted: Omit<Condition, 'lastTransitionTime'>,
  nowMs: number,
): readonly Condition[] {
  const present = conditions?.find((each) => each.type === wanted.type);
  const { type, status, reason, message } = wanted;
  if (
    conditions !== undefined &&
    present?.status === status &&
    present.reason === reason &&
    present.message === message
  ) {
    return conditions;
  }
  const lastTransitionTime = present?.status === status ? present.lastTransitionTime : timeText(nowMs);
  const made: Condition = {
    type,
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    lastTransitionTime: lastTransitionTime ?? timeText(nowMs),
  };
  if (present === undefined) return [...(conditions ?? []), made];
  return (conditions ?? []).map((each) => (each === present ? made : each));
}

/** The condition of this type, if it is there. */
export function conditionOf(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find((each) => each.type === type);
}

export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return conditionOf(conditions, type)?.status === 'True';
}

export function isReady(pod: Pod): boolean {
  return isTrue(pod.status.conditions, 'Ready');
}

/** A pod that will never run again. */
export function isOver(pod: Pod): boolean {
  return pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
}

/** A pod that counts as a replica: not over and not being deleted. */
export function isActive(pod: Pod): boolean {
  return !isOver(pod) && pod.metadata.deletionTimestamp === undefined;
}
