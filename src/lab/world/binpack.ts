import { antiAffinityAlone } from './affinity.ts';
import type { Node, Pod } from './kube.ts';
import { needsOf } from './needs.ts';
import { Room } from './room.ts';

/** Puts pods into rooms, first fit, and returns those that found none. The rooms are filled. */
export function putInto(rooms: readonly Room[], pods: readonly Pod[]): readonly Pod[] {
  return pods.filter((pod) => !rooms.some((room) => put(room, pod)));
}

/**
 * How many nodes like the template, at most `limit`, it takes for these pods, and who would be on none: first fit, as cluster-autoscaler
 * estimates (estimator/binpacking_estimator.go).
 */
export function nodesFor(
  template: Node,
  pods: readonly Pod[],
  limit: number,
): { readonly nodes: number; readonly left: readonly Pod[] } {
  const rooms: Room[] = [];
  const left: Pod[] = [];
  for (const pod of pods) {
    if (rooms.some((room) => put(room, pod))) continue;
    const fresh = new Room(template);
    if (rooms.length < limit && put(fresh, pod)) rooms.push(fresh);
    else left.push(pod);
  }
  return { nodes: rooms.length, left };
}

function put(room: Room, pod: Pod): boolean {
  const needs = needsOf(pod.spec);
  if (room.fits(needs) !== undefined || room.admits(needs) !== undefined) return false;
  if (antiAffinityAlone(pod, room)) return false;
  room.add(`${pod.metadata.namespace ?? ''}/${pod.metadata.name}`, pod);
  return true;
}
