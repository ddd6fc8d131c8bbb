import type { PodShape } from '../../decide/observation.ts';
import type { Pod } from './kube.ts';
import { needsOf } from './needs.ts';
import type { Room } from './room.ts';

/** Pods that would have to go so that a pod fits onto a room. */
export interface Victims {
  readonly room: Room;
  readonly pods: readonly Pod[];
}

/**
 * Where preemption makes room at the least price: the lowest of the highest priorities that have to go, then the lowest sum of priorities, then the
 * fewest pods (DefaultPreemption, pickOneNodeForPreemption); undefined: nowhere. Rooms whose labels and taints refuse the pod are not asked.
 */
export function cheapestVictims(needs: PodShape, rooms: Iterable<Room>): Victims | undefined {
  let best: Victims | undefined;
  for (const room of rooms) {
    const pods = victimsOn(needs, room);
    if (pods === undefined) continue;
    if (best === undefined || isCheaper(pods, best.pods)) best = { room, pods };
  }
  return best;
}

/** All pods of lower priority leave, then as many as fit come back, those of the highest priority first; undefined: even so there is no room. */
function victimsOn(needs: PodShape, room: Room): readonly Pod[] | undefined {
  const lower = [...room.pods].filter(([, pod]) => priorityOf(pod) < needs.priority);
  if (lower.length === 0) return undefined;
  const trial = room.copy();
  for (const [key] of lower) trial.remove(key);
  if (trial.fits(needs) !== undefined) return undefined;
  const victims: Pod[] = [];
  for (const [key, pod] of lower.sort(([, a], [, b]) => priorityOf(b) - priorityOf(a))) {
    trial.add(key, pod);
    if (trial.fits(needs) === undefined) continue;
    trial.remove(key);
    victims.push(pod);
  }
  return victims;
}

function isCheaper(a: readonly Pod[], b: readonly Pod[]): boolean {
  const [pricesOfA, pricesOfB] = [prices(a), prices(b)];
  const index = pricesOfA.findIndex((price, at) => price !== pricesOfB[at]);
  return index >= 0 && (pricesOfA[index] ?? 0) < (pricesOfB[index] ?? 0);
}

function prices(victims: readonly Pod[]): readonly number[] {
  const priorities = victims.map(priorityOf);
  return [Math.max(...priorities), priorities.reduce((sum, each) => sum + each, 0), victims.length];
}

function priorityOf(pod: Pod): number {
  return needsOf(pod.spec).priority;
}
