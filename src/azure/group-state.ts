import type { FailureCause } from '../decide/observation.ts';
import type { GroupEvent, GroupView } from './arm.ts';

/** What is told of a pod's container group. Plain. */
export interface GroupTold {
  /** Name of the group. */
  readonly group: string;
  /** Its state and how it was made: `Running`, `Creating`, `Failed`, … */
  readonly state: string;
  readonly restarts: number;
  /** Names of what happened last, newest first: `Failed`, `Pulling`. */
  readonly events: readonly string[];
  /** When Azure told this, milliseconds since the epoch. */
  readonly atMs: number;
  /** Why it failed as Azure sees it; undefined: it did not. */
  readonly cause: FailureCause | undefined;
}

/** So many events are told of a group. */
const mostEvents = 3;

/** What a group tells at `nowMs`. `stuckAfterSeconds`: a group whose pod is older and that does not run is stuck. */
export function tellGroup(view: GroupView, nowMs: number, stuckAfterSeconds: number): GroupTold {
  const { name: group, restarts, state, provisioningState } = view;
  return {
    group,
    state: isMade(view) && state !== '' ? state : provisioningState,
    restarts,
    events: view.events
      .slice(-mostEvents)
      .toReversed()
      .map((event) => event.name),
    atMs: nowMs,
    cause: causeOf(view, nowMs, stuckAfterSeconds),
  };
}

/** Whether there is anything about a group that somebody should see. */
export function isNoteworthy({ state, restarts, cause }: GroupTold): boolean {
  return state !== 'Running' || restarts > 0 || cause !== undefined;
}

/** Seconds from the pod's creation until all containers ran; undefined: they do not, or nobody wrote down when it was made. */
export function startSeconds({ pod, runningSinceMs, restarts }: GroupView): number | undefined {
  if (pod?.createdAtMs === undefined || runningSinceMs === undefined || restarts > 0) return undefined;
  return Math.max(0, (runningSinceMs - pod.createdAtMs) / 1000);
}

function isMade({ provisioningState }: GroupView): boolean {
  return provisioningState === 'Succeeded';
}

/** A group that was made and then ended badly is the fault of what runs in it. */
function causeOf(view: GroupView, nowMs: number, stuckAfterSeconds: number): FailureCause | undefined {
  if (isMade(view) || view.runningSinceMs !== undefined) return undefined;
  if (view.provisioningState === 'Failed') return cannotPull(view.events) ? 'Image' : 'Unknown';
  const ageMs = nowMs - (view.pod?.createdAtMs ?? nowMs);
  if (ageMs <= stuckAfterSeconds * 1000) return undefined;
  return cannotPull(view.events) ? 'Image' : 'StuckCreating';
}

/** Something failed before an image was there (events of Container Instances: Pulling, Pulled, Failed, BackOff). */
function cannotPull(events: readonly GroupEvent[]): boolean {
  const happened = (name: string): boolean => events.some((event) => event.name === name);
  return happened('Pulling') && !happened('Pulled') && (happened('Failed') || happened('BackOff'));
}
