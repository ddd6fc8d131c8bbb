import type { GrowthCode, GrowthReason, VmPoolObservation } from '../decide/observation.ts';
import { type AutoscalerStatus, type NodeGroup, readStatus, writtenAtMs } from './autoscaler-status.ts';

/** Whether more VMs can come, who says so and why. */
export type Growth = Pick<VmPoolObservation, 'growth' | 'growthReason'>;

/** Nobody tells. */
export const unknownGrowth: Growth = { growth: 'Unknown', growthReason: undefined };

/** The autoscaler writes its status every 10 s; one that is silent for so long does not run. */
const staleMs = 300_000;
/** So long a scale-up that brings no VM is believed in (cluster-autoscaler's `max-node-provision-time`). */
const patienceMs = 900_000;

/** The status ConfigMap of cluster-autoscaler, as far as it is read here. */
export interface StatusConfigMap {
  readonly status: string;
  /** Annotation `cluster-autoscaler.kubernetes.io/last-updated`; undefined: there is none. */
  readonly lastUpdated: string | undefined;
}

/** What one status does not tell: how a group of VMs has moved since it was first seen. */
export interface Track {
  readonly ready: number;
  readonly target: number;
  /** When more of its VMs were Ready than before, and when more were asked for; milliseconds since the epoch. */
  readonly progressedAtMs: number | undefined;
  readonly raisedAtMs: number | undefined;
}
/** By name of the group. */
export type Tracks = ReadonlyMap<string, Track>;

export const noTracks: Tracks = new Map();

/** A status ConfigMap that has been read: reading costs, and every pass asks. */
export interface Reading {
  /** Undefined: it cannot be read. */
  readonly status: AutoscalerStatus | undefined;
  /** Milliseconds since the epoch; undefined: it does not say. */
  readonly writtenMs: number | undefined;
}

export function read({ status, lastUpdated }: StatusConfigMap): Reading {
  return { status: readStatus(status), writtenMs: writtenAtMs(lastUpdated, status) };
}

/** The tracks after one more reading. Groups that are gone are forgotten. */
export function trackGroups(tracks: Tracks, { status }: Reading, nowMs: number): Tracks {
  return new Map(
    (status?.groups ?? []).map(({ name, ready, target }) => {
      const before = tracks.get(name);
      return [
        name,
        {
          ready,
          target,
          progressedAtMs: before !== undefined && ready > before.ready ? nowMs : before?.progressedAtMs,
          raisedAtMs: before !== undefined && target > before.target ? nowMs : before?.raisedAtMs,
        },
      ];
    }),
  );
}

/**
 * Whether more VMs can come, out of the status that cluster-autoscaler writes. `Unknown` for anything that is stale or
 * cannot be read: then nothing is waited for. A scale-up that brings no VM for a quarter of an hour is none.
 */
export function growthOf({ status, writtenMs }: Reading, nowMs: number, tracks: Tracks = noTracks): Growth {
  if (status === undefined || writtenMs === undefined) return told('Unknown', 'Unreadable', []);
  if (nowMs - writtenMs > staleMs) return told('Unknown', 'Stale', status.groups);
  if (!status.running || status.groups.length === 0) return unknownGrowth;
  return growthIn(status, nowMs, tracks);
}

function growthIn({ groups, unhealthy }: AutoscalerStatus, nowMs: number, tracks: Tracks): Growth {
  const inProgress = groups.filter(({ scaleUp }) => scaleUp === 'InProgress');
  const moving = inProgress.filter((group) => nowMs - waitedFromMs(group, tracks, nowMs) <= patienceMs);
  if (moving.length > 0) {
    const sinceMs = Math.max(...moving.map((group) => askedAtMs(group, tracks, nowMs)));
    return told('Growing', 'ScaleUp', groups, { sinceMs });
  }
  if (unhealthy) return told('CannotGrow', 'Unhealthy', groups);
  const backedOff = groups.filter(({ scaleUp }) => scaleUp === 'Backoff');
  const idle = groups.filter((group) => !inProgress.includes(group) && !backedOff.includes(group));
  if (idle.some(({ target, max }) => target < max)) return told('CanGrow', 'BelowMax', groups);
  if (inProgress.length > 0) {
    return told('CannotGrow', 'InProgressTooLong', groups, {
      sinceMs: Math.max(...inProgress.map((group) => askedAtMs(group, tracks, nowMs))),
    });
  }
  if (backedOff.length === 0) return told('CannotGrow', 'MaxReached', groups);
  return told('CannotGrow', 'Backoff', groups, {
    errorCode: backedOff.find(({ errorCode }) => errorCode !== undefined)?.errorCode,
  });
}

/** Since when no VM has come: the scale-up has begun, or brought its last one. Not told: it has just begun. */
function waitedFromMs({ name, sinceMs }: NodeGroup, tracks: Tracks, nowMs: number): number {
  return Math.max(sinceMs ?? nowMs, tracks.get(name)?.progressedAtMs ?? 0);
}

function askedAtMs({ name, sinceMs }: NodeGroup, tracks: Tracks, nowMs: number): number {
  return Math.max(sinceMs ?? nowMs, tracks.get(name)?.raisedAtMs ?? 0);
}

function told(
  growth: Growth['growth'],
  code: GrowthCode,
  groups: readonly NodeGroup[],
  more: Partial<Pick<GrowthReason, 'sinceMs' | 'errorCode'>> = {},
): Growth {
  const sum = (of: (group: NodeGroup) => number): number | undefined =>
    groups.length === 0 ? undefined : groups.reduce((total, group) => total + of(group), 0);
  return {
    growth,
    growthReason: {
      by: 'cluster-autoscaler',
      code,
      sinceMs: undefined,
      targetNodes: sum(({ target }) => target),
      maxNodes: sum(({ max }) => max),
      errorCode: undefined,
      ...more,
    },
  };
}
