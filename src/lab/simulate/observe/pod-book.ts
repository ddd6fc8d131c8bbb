import { noStarts, started, startLatencySeconds } from '../../../decide/start-latency.ts';
import type { Change } from '../../world/change-log.ts';
import { isActive, isOver, isReady } from '../../world/conditions.ts';
import type { KubeObject, Pod } from '../../world/kube.ts';

/** A pod with what its present state alone does not tell. */
export interface BookedPod {
  /** As it is stored now. */
  pod: Pod;
  /** UID of the Deployment that its ReplicaSet belongs to. */
  readonly deploymentUid: string;
  readonly createdAtMs: number;
  /** Not over and not being deleted. */
  live: boolean;
  /** Empty: not bound. */
  nodeName: string;
  boundAtMs: number | undefined;
  ready: boolean;
  /** Since when it is Ready, or is not. */
  readySinceMs: number;
  stuckSinceMs: number | undefined;
  /** When its grace period ends; undefined: nobody deletes it. */
  endsAtMs: number | undefined;
}

/** All pods of a world's Deployments, kept up to date by its changes, with what they have shown over time. */
export class PodBook {
  readonly #pods = new Map<string, BookedPod>();
  readonly #deploymentOf = new Map<string, string>();
  readonly #now: () => number;
  readonly #isVirtual: (nodeName: string) => boolean;
  #starts = noStarts;
  #readyOnce = new Set<string>();

  constructor(now: () => number, isVirtual: (nodeName: string) => boolean) {
    this.#now = now;
    this.#isVirtual = isVirtual;
  }

  take({ type, resource, object }: Change): void {
    if (resource === 'replicasets' && type === 'ADDED') {
      this.#deploymentOf.set(object.metadata.uid, ownerOf(object) ?? '');
    }
    if (resource !== 'pods') return;
    if (type === 'DELETED') this.#forget(object.metadata.uid);
    else this.#keep(object as Pod);
  }

  all(): Iterable<BookedPod> {
    return this.#pods.values();
  }

  /** Seconds from being bound to Ready (see decide/start-latency.ts); undefined: no pod has been seen to start. */
  get startLatencySeconds(): number | undefined {
    return startLatencySeconds(this.#starts);
  }

  #forget(uid: string): void {
    this.#pods.delete(uid);
    this.#readyOnce.delete(uid);
  }

  #keep(pod: Pod): void {
    const { uid } = pod.metadata;
    const nowMs = this.#now();
    let booked = this.#pods.get(uid);
    if (booked === undefined) {
      const deploymentUid = this.#deploymentOf.get(ownerOf(pod) ?? '');
      if (deploymentUid === undefined) return;
      booked = {
        pod,
        deploymentUid,
        createdAtMs: nowMs,
        live: true,
        nodeName: '',
        boundAtMs: undefined,
        ready: false,
        readySinceMs: nowMs,
        stuckSinceMs: undefined,
        endsAtMs: undefined,
      };
      this.#pods.set(uid, booked);
    }
    booked.pod = pod;
    booked.live = isActive(pod);
    const nodeName = isOver(pod) ? '' : (pod.spec.nodeName ?? '');
    if (nodeName !== '' && booked.boundAtMs === undefined) booked.boundAtMs = nowMs;
    booked.nodeName = nodeName;
    const { deletionTimestamp } = pod.metadata;
    booked.endsAtMs = deletionTimestamp === undefined ? undefined : Date.parse(deletionTimestamp);
    if (!isStuck(pod)) booked.stuckSinceMs = undefined;
    else booked.stuckSinceMs ??= nowMs;
    this.#noteReady(booked, isReady(pod), nowMs);
  }

  #noteReady(booked: BookedPod, ready: boolean, nowMs: number): void {
    if (booked.ready === ready) return;
    booked.ready = ready;
    booked.readySinceMs = nowMs;
    const { uid } = booked.pod.metadata;
    if (!ready || this.#readyOnce.has(uid)) return;
    this.#readyOnce.add(uid);
    const seconds = (nowMs - (booked.boundAtMs ?? booked.createdAtMs)) / 1000;
    this.#starts = started(this.#starts, this.#isVirtual(booked.nodeName) ? 'virtual' : 'vm', seconds);
  }
}

/** UID of the controlling owner. */
function ownerOf({ metadata }: KubeObject): string | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}

/** Whether the scheduler calls the pod Unschedulable. */
function isStuck({ spec, status }: Pod): boolean {
  if (spec.nodeName !== undefined && spec.nodeName !== '') return false;
  return (
    status.conditions?.some(
      ({ type, status: is, reason }) =>
        type === 'PodScheduled' && is === 'False' && reason === 'Unschedulable',
    ) === true
  );
}
