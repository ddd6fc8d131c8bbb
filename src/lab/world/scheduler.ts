import { tolerates } from '../../decide/admits.ts';
import type { PodShape } from '../../decide/observation.ts';
import { antiAffinity } from './affinity.ts';
import type { Change } from './change-log.ts';
import { isActive, withCondition } from './conditions.ts';
import type { Node, Pod } from './kube.ts';
import { needsOf } from './needs.ts';
import { cheapestVictims } from './preemption.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';
import type { SchedulerSettings, Stage } from './types.ts';
import { type Waiting, WaitingRoom } from './waiting-room.ts';

/** Of TaintToleration's weight 3 and LeastAllocated's weight 1, 100 points each: a node with a soft taint comes after any without. */
const softTaintPrice = 300;

/**
 * kube-scheduler as far as placement goes: one pod at a time, by priority and turn; filters (taints, selector, required node affinity, requests, host ports,
 * required anti-affinity), the emptier node wins, preemption, backoff, and pods that found no node are tried again when a change could help them
 * (queueing hints) or after five minutes. Not modelled: topology spread, pod affinity, preferred affinity, volumes.
 */
export function startScheduler(stage: Stage, rooms: Rooms, settings: SchedulerSettings): void {
  const { objects } = stage;
  const waiting = new WaitingRoom();
  /** Rooms promised to pods whose victims still leave, by pod key. */
  const nominated = new Map<string, { readonly pod: Pod; readonly nodeName: string }>();
  let cyclePlanned = false;
  let flushPlanned = false;

  const planCycle = (): void => {
    if (cyclePlanned || !waiting.hasActive) return;
    cyclePlanned = true;
    stage.schedule(stage.now() + settings.perPodMs, () => {
      cyclePlanned = false;
      const next = waiting.take();
      const pod = next === undefined ? undefined : objects.get('pods', next.key);
      if (next !== undefined && pod?.metadata.uid === next.uid) attempt(next, pod);
      planCycle();
    });
  };

  const attempt = (entry: Waiting, pod: Pod): void => {
    const needs = needsOf(pod.spec);
    const refused = antiAffinity(pod, rooms);
    const misfits = new Map<string, number>();
    const full: Room[] = [];
    let best: { readonly room: Room; readonly score: number } | undefined;
    for (const room of rooms.all()) {
      const closed = room.admits(needs);
      const misfit =
        closed ??
        (refused(room)
          ? "node(s) didn't match pod anti-affinity rules"
          : misfitWithNominated(needs, room, entry.key));
      if (misfit === undefined) {
        const score = scoreOf(needs, room);
        if (best === undefined || score > best.score) best = { room, score };
      } else {
        misfits.set(misfit, (misfits.get(misfit) ?? 0) + 1);
        if (closed === undefined && !refused(room)) full.push(room);
      }
    }
    if (best !== undefined) bind(pod, best.room.name);
    else turnAway(entry, pod, needs, misfits, full);
  };

  /** Pods of at least the same priority that wait for their victims to leave have the room already. */
  const misfitWithNominated = (needs: PodShape, room: Room, key: string): string | undefined => {
    const promised = [...nominated].filter(
      ([other, { nodeName, pod }]) =>
        other !== key && nodeName === room.name && needsOf(pod.spec).priority >= needs.priority,
    );
    if (promised.length === 0) return room.fits(needs);
    const trial = room.copy();
    for (const [other, { pod }] of promised) trial.add(`nominated ${other}`, pod);
    return trial.fits(needs);
  };

  const bind = (pod: Pod, nodeName: string): void => {
    const { nominatedNodeName: _, ...status } = pod.status;
    objects.replace('pods', {
      ...pod,
      spec: { ...pod.spec, nodeName },
      status: {
        ...status,
        conditions: withCondition(status.conditions, { type: 'PodScheduled', status: 'True' }, stage.now()),
      },
    });
  };

  const turnAway = (
    entry: Waiting,
    pod: Pod,
    needs: PodShape,
    misfits: ReadonlyMap<string, number>,
    full: readonly Room[],
  ): void => {
    waiting.fail(entry, stage.now(), settings.backoffMs, settings.maxBackoffMs);
    const victims = mayPreempt(entry.key, needs) ? cheapestVictims(needs, full) : undefined;
    if (victims !== undefined) nominated.set(entry.key, { pod, nodeName: victims.room.name });
    objects.replace('pods', {
      ...pod,
      status: {
        ...pod.status,
        ...(victims === undefined ? {} : { nominatedNodeName: victims.room.name }),
        conditions: withCondition(
          pod.status.conditions,
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: messageOf(rooms.size, misfits),
          },
          stage.now(),
        ),
      },
    });
    for (const { metadata } of victims?.pods ?? []) {
      objects.delete('pods', `${metadata.namespace ?? ''}/${metadata.name}`);
    }
    planFlush();
  };

  /** Who has victims that still leave does not take more. */
  const mayPreempt = (key: string, { preempts, priority }: PodShape): boolean => {
    const promised = nominated.get(key);
    const leaving = [...(rooms.get(promised?.nodeName ?? '')?.pods.values() ?? [])].some(
      (pod) => !isActive(pod) && needsOf(pod.spec).priority < priority,
    );
    return preempts && !leaving;
  };

  const planFlush = (): void => {
    if (flushPlanned) return;
    flushPlanned = true;
    stage.schedule(stage.now() + settings.flushMs, () => {
      flushPlanned = false;
      for (const entry of waiting.unschedulable()) {
        if (stage.now() - entry.failedAtMs >= settings.flushMs) wake(entry);
      }
      if (waiting.unschedulableCount > 0) planFlush();
    });
  };

  /** Back to the queue: at once, or when its backoff is over. */
  const wake = (entry: Waiting): void => {
    if (entry.place !== 'unschedulable') return;
    if (entry.notBeforeMs <= stage.now()) {
      waiting.activate(entry);
      planCycle();
      return;
    }
    waiting.holdBack(entry);
    stage.schedule(entry.notBeforeMs, () => {
      if (entry.place !== 'backoff') return;
      waiting.activate(entry);
      planCycle();
    });
  };

  /** Wakes those that a change on one node could help. */
  const wakeFor = (nodeName: string): void => {
    const room = rooms.get(nodeName);
    if (room === undefined) return;
    for (const entry of waiting.unschedulable()) {
      const pod = objects.get('pods', entry.key);
      if (pod === undefined) continue;
      const needs = needsOf(pod.spec);
      if (room.admits(needs) === undefined && room.fits(needs) === undefined) wake(entry);
    }
  };

  const podChanged = ({ type, key, object, before }: Change): void => {
    const pod = object as Pod;
    const { nodeName } = pod.spec;
    const leaves = type === 'DELETED' || !isActive(pod);
    if (leaves || nodeName !== undefined) {
      waiting.leave(key);
      nominated.delete(key);
      const ended = type === 'DELETED' || pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
      if (nodeName !== undefined && ended) wakeFor(nodeName);
      return;
    }
    if ((pod.spec.schedulingGates ?? []).length > 0) return;
    const entry = waiting.get(key);
    if (entry === undefined) {
      waiting.enter(key, pod.metadata.uid, needsOf(pod.spec).priority);
      planCycle();
    } else if ((before as Pod).spec !== pod.spec) {
      wake(entry);
    }
  };

  const nodeChanged = ({ type, key, object, before }: Change): void => {
    if (type === 'DELETED') return;
    const [node, old] = [object as Node, before as Node | undefined];
    const changed =
      old === undefined ||
      old.spec !== node.spec ||
      old.metadata.labels !== node.metadata.labels ||
      old.status.allocatable !== node.status.allocatable;
    if (changed) wakeFor(key);
  };

  objects.onChange((change) => {
    if (change.resource === 'pods') podChanged(change);
    if (change.resource === 'nodes') nodeChanged(change);
  });
}

function scoreOf(needs: PodShape, room: Room): number {
  const soft = room.taints.filter(
    (taint) => taint.effect === 'PreferNoSchedule' && !tolerates(needs.tolerations, taint),
  );
  return room.emptiness(needs) - softTaintPrice * soft.length;
}

/** `0/3 nodes are available: 1 Insufficient memory, 2 Insufficient cpu.`, sorted as kube-scheduler does. */
function messageOf(nodes: number, misfits: ReadonlyMap<string, number>): string {
  if (nodes === 0) return 'no nodes available to schedule pods';
  const reasons = [...misfits].map(([misfit, count]) => `${count} ${misfit}`).sort();
  return `0/${nodes} nodes are available: ${reasons.join(', ')}.`;
}
