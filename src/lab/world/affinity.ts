import { isOver } from './conditions.ts';
import type { Pod, PodAffinityTerm } from './kube.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';
import { selects } from './selectors.ts';

/**
 * Topology domains that required anti-affinity keeps a pod out of: its own terms against the pods that are there, and
 * their terms against it (InterPodAffinity). Returns whether a room lies in one of them.
 */
export function antiAffinity(pod: Pod, rooms: Rooms): (room: Room) => boolean {
  const domains = new Set<string>();
  const own = termsOf(pod);
  for (const room of rooms.all()) {
    for (const other of room.pods.values()) {
      if (isOver(other)) continue;
      for (const term of own) if (refuses(pod, term, other)) add(domains, term, room);
      for (const term of termsOf(other)) if (refuses(other, term, pod)) add(domains, term, room);
    }
  }
  if (domains.size === 0) return () => false;
  const keys = [...new Set([...domains].map((domain) => domain.slice(0, domain.indexOf('='))))];
  return (room) => keys.some((key) => domains.has(`${key}=${room.labels[key] ?? ''}`));
}

/** The required anti-affinity of a pod. */
export function termsOf(pod: Pod): readonly PodAffinityTerm[] {
  return pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? none;
}

const none: readonly PodAffinityTerm[] = [];

/** A term without namespaces means that of its own pod. */
function refuses(owner: Pod, term: PodAffinityTerm, other: Pod): boolean {
  const namespaces = term.namespaces ?? [owner.metadata.namespace ?? ''];
  return (
    namespaces.includes(other.metadata.namespace ?? '') && selects(term.labelSelector, other.metadata.labels)
  );
}

function add(domains: Set<string>, { topologyKey }: PodAffinityTerm, room: Room): void {
  const value = room.labels[topologyKey];
  if (value !== undefined) domains.add(`${topologyKey}=${value}`);
}

/** Whether a pod of this one room and the pod refuse each other by hostname: for a look ahead at rooms that do not exist yet. */
export function antiAffinityAlone(pod: Pod, room: Room): boolean {
  const byHost = ({ topologyKey }: PodAffinityTerm): boolean => topologyKey === 'kubernetes.io/hostname';
  const own = termsOf(pod).filter(byHost);
  for (const other of room.pods.values()) {
    if (own.some((term) => refuses(pod, term, other))) return true;
    if (termsOf(other).some((term) => byHost(term) && refuses(other, term, pod))) return true;
  }
  return false;
}
