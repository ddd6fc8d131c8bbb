import { admits } from '../decide/admits.ts';
import type { NodeClass, PodShape, RoomGroup } from '../decide/observation.ts';
import { type Entry, RoomIndex, type RoomIndexOptions } from './room-index.ts';
import { freeFor } from './room-node.ts';
import { isOver, type SlimNode } from './slim.ts';
import { ownClassOf } from './slim-node.ts';
import type { Change } from './store.ts';

/** Kubernetes calls a node lost, and moves its pods, only after a while; so long its pods still count as placed. */
export const notReadyGraceMs = 40_000;

type Mates = ReadonlyMap<string, number>;

/** An amount of room over many nodes. */
export interface Amount {
  readonly cpuMillicores: number;
  readonly memoryBytes: number;
  readonly pods: number;
}

/**
 * Free room of the VM pool, for questions about one shape of pod. Questions look at kinds of nodes, not at nodes,
 * unless the pod selects single nodes by name.
 */
export class FreeRoom {
  readonly #index: RoomIndex;
  readonly #now: () => number;
  readonly #admits = new WeakMap<PodShape, WeakMap<NodeClass, boolean>>();

  constructor(options: RoomIndexOptions) {
    this.#index = new RoomIndex(options);
    this.#now = options.now;
  }

  /** From now on a node that becomes Ready has joined; until then it was merely heard of. */
  goLive(): void {
    this.#index.goLive();
  }

  /** Takes any change of the store. O(1). */
  take(change: Change): void {
    this.#index.take(change);
  }

  /**
   * Ready, schedulable VM nodes that admit the shape, grouped by class, free room, mates and host ports. `mates`: pods
   * of the target by node name. Full nodes are left out unless they count for a spread.
   */
  groups(shape: PodShape, mates: Mates = new Map()): readonly RoomGroup[] {
    this.#index.settle();
    const groups = this.#selectsNodes(shape) ? this.#oneByOne(shape, mates) : this.#byKind(shape, mates);
    return shape.spread.length > 0 ? groups : groups.filter(({ freePods }) => freePods > 0);
  }

  /** VM nodes whose labels and taints admit the shape, Ready or not. */
  matchingNodes(shape: PodShape): number {
    if (this.#selectsNodes(shape)) {
      return [...this.#index.entries.values()].filter((entry) => admitsEntry(shape, entry)).length;
    }
    let count = 0;
    for (const kin of this.#index.kins.values()) {
      if (this.#admitsClass(shape, kin.nodeClass)) count += kin.nodes.size;
    }
    return count;
  }

  /** When a node of a class that admits the shape was last seen to become Ready; undefined: not since the start. */
  lastJoinedAtMs(shape: PodShape): number | undefined {
    let lastMs: number | undefined;
    const byName = this.#selectsNodes(shape);
    for (const { joinedAtMs, nodeClass } of this.#index.kins.values()) {
      if (joinedAtMs === undefined || (!byName && !this.#admitsClass(shape, nodeClass))) continue;
      lastMs = Math.max(lastMs ?? joinedAtMs, joinedAtMs);
    }
    return lastMs;
  }

  /** Whether pods on this node count as placed: a VM node that has not been NotReady for longer than 40 s. */
  carries(nodeName: string): boolean {
    const entry = this.#index.entries.get(nodeName);
    if (entry?.node === undefined || entry.virtual) return false;
    return entry.node.ready || this.#now() - entry.node.readySinceMs <= notReadyGraceMs;
  }

  /** Whether this is a virtual node. */
  isVirtual(nodeName: string): boolean {
    return this.#index.entries.get(nodeName)?.virtual === true;
  }

  /** The virtual nodes, of whatever pool. */
  virtualNodes(): readonly SlimNode[] {
    return [...this.#index.virtual].flatMap(({ node }) => node ?? []);
  }

  /** Pods on a node, virtual ones too, that are not over. */
  podsOn(nodeName: string): number {
    let count = 0;
    for (const pod of this.#index.entries.get(nodeName)?.pods ?? []) if (!isOver(pod)) count += 1;
    return count;
  }

  /** What the pods on VM nodes request, and what these nodes have to give. */
  amounts(): { readonly requested: Amount; readonly allocatable: Amount } {
    this.#index.settle();
    const requested = { cpuMillicores: 0, memoryBytes: 0, pods: 0 };
    const allocatable = { cpuMillicores: 0, memoryBytes: 0, pods: 0 };
    for (const { node, taken, virtual } of this.#index.entries.values()) {
      if (node === undefined || virtual) continue;
      allocatable.cpuMillicores += node.allocatable.cpuMillicores;
      allocatable.memoryBytes += node.allocatable.memoryBytes;
      allocatable.pods += node.allocatablePods;
      for (const { requests, pods } of taken?.levels ?? []) {
        requested.cpuMillicores += requests.cpuMillicores;
        requested.memoryBytes += requests.memoryBytes;
        requested.pods += pods;
      }
    }
    return { requested, allocatable };
  }

  #oneByOne(shape: PodShape, mates: Mates): readonly RoomGroup[] {
    const groups: RoomGroup[] = [];
    for (const entry of this.#index.entries.values()) {
      if (entry.signature === undefined || !admitsEntry(shape, entry)) continue;
      groups.push(...groupOf(shape, entry, 1, mates.get(entry.name) ?? 0, true));
    }
    return groups;
  }

  #byKind(shape: PodShape, mates: Mates): readonly RoomGroup[] {
    const special = this.#special(shape, mates);
    return [...this.#index.kins.values()].flatMap((kin) => {
      if (!this.#admitsClass(shape, kin.nodeClass)) return [];
      return [...kin.alike.values()].flatMap((alike) => split(shape, alike, special, mates));
    });
  }

  /** Nodes that may differ from their like for this shape: they hold mates, or some host port. */
  #special(shape: PodShape, mates: Mates): ReadonlySet<Entry> {
    const special = new Set<Entry>(shape.hostPorts.length > 0 ? this.#index.withHostPorts : []);
    for (const [name, count] of mates) {
      const entry = this.#index.entries.get(name);
      if (entry !== undefined && count > 0) special.add(entry);
    }
    return special;
  }

  #selectsNodes(shape: PodShape): boolean {
    const labels = this.#index.perNodeLabels;
    return (
      Object.keys(shape.nodeSelector).some((key) => labels.has(key)) ||
      shape.nodeAffinity.some(
        (term) => term.matchFields.length > 0 || term.matchExpressions.some(({ key }) => labels.has(key)),
      )
    );
  }

  #admitsClass(shape: PodShape, nodeClass: NodeClass): boolean {
    const known = this.#admits.get(shape) ?? new WeakMap<NodeClass, boolean>();
    this.#admits.set(shape, known);
    const answer = known.get(nodeClass) ?? admits(shape, nodeClass);
    known.set(nodeClass, answer);
    return answer;
  }
}

function admitsEntry(shape: PodShape, { kin, node }: Entry): boolean {
  return kin !== undefined && node !== undefined && admits(shape, ownClassOf(node));
}

/** Splits alike nodes by what is special about some of them, at the cost of the smaller of the two sets. */
function split(
  shape: PodShape,
  alike: ReadonlySet<Entry>,
  special: ReadonlySet<Entry>,
  mates: Mates,
): readonly RoomGroup[] {
  const parts = new Map<string, { readonly entry: Entry; readonly mates: number; nodes: number }>();
  let plainNodes = alike.size;
  const [fewer, more] = special.size < alike.size ? [special, alike] : [alike, special];
  for (const entry of fewer) {
    if (!more.has(entry)) continue;
    const here = mates.get(entry.name) ?? 0;
    const key = `${here} ${isPortTaken(shape, entry)}`;
    const part = parts.get(key) ?? { entry, mates: here, nodes: 0 };
    part.nodes += 1;
    parts.set(key, part);
    plainNodes -= 1;
  }
  const groups = [...parts.values()].flatMap((part) => groupOf(shape, part.entry, part.nodes, part.mates));
  const plain = plainNodes === 0 ? undefined : firstOutside(alike, special);
  return plain === undefined ? groups : [...groups, ...groupOf(shape, plain, plainNodes, 0)];
}

function firstOutside(entries: ReadonlySet<Entry>, special: ReadonlySet<Entry>): Entry | undefined {
  for (const entry of entries) if (!special.has(entry)) return entry;
  return undefined;
}

/** The group that `entry` stands for; none if it is not filed (which the index never lets happen). */
function groupOf(
  shape: PodShape,
  entry: Entry,
  nodes: number,
  mates: number,
  byName = false,
): readonly RoomGroup[] {
  if (entry.node === undefined || entry.taken === undefined) return [];
  const { free, pods } = freeFor(shape, entry.node, entry.taken);
  const nodeClass = byName ? ownClassOf(entry.node) : entry.node.nodeClass;
  return [{ nodes, free, freePods: pods, mates, hostPortTaken: isPortTaken(shape, entry), nodeClass }];
}

/** Host ports clash when protocol and port are the same and either address is the wildcard, or both are the same. */
function isPortTaken(shape: PodShape, entry: Entry): boolean {
  return shape.hostPorts.some((wanted) =>
    (entry.taken?.hostPorts ?? []).some((used) => wanted === used || clash(split3(wanted), split3(used))),
  );
}

interface HostPort {
  readonly protocol: string;
  readonly ip: string;
  readonly port: string;
}

function split3(text: string): HostPort {
  const first = text.indexOf(':');
  const last = text.lastIndexOf(':');
  return { protocol: text.slice(0, first), ip: text.slice(first + 1, last), port: text.slice(last + 1) };
}

function clash(a: HostPort, b: HostPort): boolean {
  const wildcard = [a.ip, b.ip].some((ip) => ip === '0.0.0.0' || ip === '::');
  return a.protocol === b.protocol && a.port === b.port && wildcard;
}
