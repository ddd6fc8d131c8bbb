import type { PodShape, Resources } from '../decide/observation.ts';
import { isOver, type SlimNode, type SlimPod } from './slim.ts';

/** Room of pods that end within so long counts as free; a pod that overstays its end by as much does not leave. */
export const endingSoonMs = 60_000;
/** For so long after it became Ready, a node still owes room to DaemonSets whose pods are not there yet. */
export const youngMs = 60_000;

/** What of a node is taken at one level of priority. */
export interface Level {
  readonly priority: number;
  readonly requests: Resources;
  readonly pods: number;
}

/** What of one node is taken: all that its free room depends on. */
export interface Taken {
  /** By priority, lowest first. */
  readonly levels: readonly Level[];
  /** Room owed to DaemonSets, and the slots of their pods. */
  readonly owed: Level;
  /** Host ports in use, `protocol:ip:port`. */
  readonly hostPorts: readonly string[];
  /** When this changes by the passing of time alone, milliseconds since the epoch; undefined: it does not. */
  readonly changesAtMs: number | undefined;
}

/** A DaemonSet as far as room goes. */
export interface Daemon {
  readonly uid: string;
  readonly shape: PodShape;
}

/** Sums up what the pods on a node take, and what it owes to those DaemonSets that have no pod there yet. */
export function takenOn(
  node: SlimNode,
  pods: Iterable<SlimPod>,
  daemonsHere: readonly Daemon[],
  nowMs: number,
): Taken {
  const byPriority = new Map<number, { requests: Resources; pods: number }>();
  const hostPorts: string[] = [];
  const owners = new Set<string | undefined>();
  let changesAtMs = Number.POSITIVE_INFINITY;
  for (const pod of pods) {
    if (isOver(pod)) continue;
    if (pod.endsAtMs !== undefined) {
      const [fromMs, toMs] = [pod.endsAtMs - endingSoonMs, pod.endsAtMs + endingSoonMs];
      if (nowMs < toMs) changesAtMs = Math.min(changesAtMs, nowMs < fromMs ? fromMs : toMs);
      if (nowMs >= fromMs && nowMs < toMs) continue;
    }
    owners.add(pod.ownerUid);
    hostPorts.push(...pod.shape.hostPorts);
    const level = byPriority.get(pod.shape.priority) ?? { requests: nothing, pods: 0 };
    byPriority.set(pod.shape.priority, {
      requests: plus(level.requests, pod.shape.requests, 1),
      pods: level.pods + 1,
    });
  }
  const oldAtMs = node.readySinceMs + youngMs;
  const young = node.ready && nowMs < oldAtMs;
  if (young) changesAtMs = Math.min(changesAtMs, oldAtMs);
  const missing = young ? daemonsHere.filter(({ uid }) => !owners.has(uid)) : [];
  return {
    levels: [...byPriority].map(([priority, level]) => ({ priority, ...level })).sort(byLevel),
    owed: {
      priority: Number.POSITIVE_INFINITY,
      requests: missing.reduce((sum, { shape }) => plus(sum, shape.requests, 1), nothing),
      pods: missing.length,
    },
    hostPorts: hostPorts.sort(),
    changesAtMs: changesAtMs === Number.POSITIVE_INFINITY ? undefined : changesAtMs,
  };
}

/** What is free for a pod of this shape: preemption would take the room of pods with lower priority (never below 0). */
export function freeFor(
  shape: PodShape,
  node: SlimNode,
  taken: Taken,
): { readonly free: Resources; readonly pods: number } {
  let free = plus(node.allocatable, taken.owed.requests, -1);
  let pods = node.allocatablePods - taken.owed.pods;
  for (const level of taken.levels) {
    if (shape.preempts && level.priority < shape.priority) continue;
    free = plus(free, level.requests, -1);
    pods -= level.pods;
  }
  return { free: atLeastZero(free), pods: Math.max(0, pods) };
}

/** Equal for nodes on which the same is allocatable and the same is taken. */
export function signatureOf(node: SlimNode, taken: Taken): string {
  return JSON.stringify([
    vector(node.allocatable),
    node.allocatablePods,
    taken.levels.map(({ priority, requests, pods }) => [priority, vector(requests), pods]),
    [vector(taken.owed.requests), taken.owed.pods],
  ]);
}

const nothing: Resources = { cpuMillicores: 0, memoryBytes: 0, ephemeralStorageBytes: 0, extended: {} };

function byLevel(a: Level, b: Level): number {
  return a.priority - b.priority;
}

function vector({ cpuMillicores, memoryBytes, ephemeralStorageBytes, extended }: Resources): unknown {
  const others = Object.entries(extended)
    .filter(([, amount]) => amount !== 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return [cpuMillicores, memoryBytes, ephemeralStorageBytes, others];
}

function plus(a: Resources, b: Resources, times: 1 | -1): Resources {
  const extended: Record<string, number> = { ...a.extended };
  for (const [name, amount] of Object.entries(b.extended)) {
    extended[name] = (extended[name] ?? 0) + times * amount;
  }
  return {
    cpuMillicores: a.cpuMillicores + times * b.cpuMillicores,
    memoryBytes: a.memoryBytes + times * b.memoryBytes,
    ephemeralStorageBytes: a.ephemeralStorageBytes + times * b.ephemeralStorageBytes,
    extended,
  };
}

function atLeastZero(resources: Resources): Resources {
  return {
    cpuMillicores: Math.max(0, resources.cpuMillicores),
    memoryBytes: Math.max(0, resources.memoryBytes),
    ephemeralStorageBytes: Math.max(0, resources.ephemeralStorageBytes),
    extended: Object.fromEntries(
      Object.entries(resources.extended).map(([name, amount]) => [name, Math.max(0, amount)]),
    ),
  };
}
