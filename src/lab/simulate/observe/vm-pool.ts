import { admits } from '../../../decide/admits.ts';
import type {
  NodeClass,
  PodShape,
  Resources,
  RoomGroup,
  VmPoolObservation,
} from '../../../decide/observation.ts';
import { resourcesOf } from '../../../decide/requests.ts';
import { wholeUnits } from '../../../policy/quantity.ts';
import type { Change } from '../../world/change-log.ts';
import { isTrue } from '../../world/conditions.ts';
import type { Node } from '../../world/kube.ts';
import type { BookedPod } from './pod-book.ts';

/** Room of pods that end within so long counts as free; one that overstays its end by as much does not leave. */
const endingSoonMs = 60_000;
/** Pods of a node count as placed until it has been NotReady for so long. */
const notReadyGraceMs = 40_000;

/** More pods than any node takes: to put counts into one number. */
const podsBound = 1 << 16;

/** A VM node as fitting needs it. */
interface VmNode {
  node: Node;
  ready: boolean;
  readySinceMs: number;
  readonly nodeClass: NodeClass;
  /** Equal for nodes that are alike but for their pods. */
  readonly kind: number;
  readonly allocatable: Resources;
  readonly slots: number;
}

/** The VM nodes of a world, kept up to date by its changes. */
export class VmPoolBook {
  readonly #nodes = new Map<string, VmNode>();
  readonly #kinds = new Map<string, number>();
  readonly #isVirtual: (name: string) => boolean;
  readonly #now: () => number;
  #lastJoinedAtMs: number | undefined;

  constructor(isVirtual: (name: string) => boolean, now: () => number, nodes: Iterable<Node>) {
    this.#isVirtual = isVirtual;
    this.#now = now;
    for (const node of nodes) this.#keep(node);
    this.#lastJoinedAtMs = undefined;
  }

  take({ type, resource, object }: Change): void {
    if (resource !== 'nodes') return;
    if (type === 'DELETED') this.#nodes.delete(object.metadata.name);
    else this.#keep(object as Node);
  }

  /** Whether pods on this node count as placed. */
  carries(name: string): boolean {
    const node = this.#nodes.get(name);
    return node !== undefined && (node.ready || this.#now() - node.readySinceMs <= notReadyGraceMs);
  }

  /** The pool as a pod of this shape sees it. Every pod on a VM is one of the workload's own, so of this shape too. */
  observe(
    shape: PodShape,
    pods: Iterable<BookedPod>,
    growth: VmPoolObservation['growth'],
  ): VmPoolObservation {
    const nowMs = this.#now();
    const taken = new Map<string, { pods: number; mates: number }>();
    for (const { nodeName, live, endsAtMs } of pods) {
      if (nodeName === '') continue;
      const leaves =
        endsAtMs !== undefined && nowMs >= endsAtMs - endingSoonMs && nowMs < endsAtMs + endingSoonMs;
      const here = taken.get(nodeName) ?? { pods: 0, mates: 0 };
      if (!leaves) here.pods += 1;
      if (live) here.mates += 1;
      taken.set(nodeName, here);
    }
    let matchingNodes = 0;
    const groups = new Map<number, { nodes: number; first: RoomGroup }>();
    for (const [name, node] of this.#nodes) {
      if (!admits(shape, node.nodeClass)) continue;
      matchingNodes += 1;
      if (!node.ready || node.node.spec.unschedulable === true) continue;
      const { pods: count = 0, mates = 0 } = taken.get(name) ?? {};
      if (count >= node.slots) continue;
      const key = (node.kind * podsBound + count) * podsBound + mates;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { nodes: 1, first: groupOf(shape, node, count, mates) });
      else group.nodes += 1;
    }
    return {
      matchingNodes,
      groups: [...groups.values()].map(({ nodes, first }) => ({ ...first, nodes })),
      lastJoinedAtMs: this.#lastJoinedAtMs,
      growth,
      growthReason: undefined,
    };
  }

  #keep(node: Node): void {
    const { name } = node.metadata;
    if (this.#isVirtual(name)) return;
    const before = this.#nodes.get(name);
    const ready = isTrue(node.status.conditions, 'Ready');
    const changed = before?.ready !== ready;
    if (ready && changed) this.#lastJoinedAtMs = this.#now();
    if (
      before !== undefined &&
      before.node.spec === node.spec &&
      before.node.metadata.labels === node.metadata.labels
    ) {
      before.node = node;
      if (changed) before.readySinceMs = this.#now();
      before.ready = ready;
      return;
    }
    const nodeClass = classOf(node);
    this.#nodes.set(name, {
      node,
      ready,
      readySinceMs: changed ? this.#now() : before.readySinceMs,
      nodeClass,
      kind: this.#kindOf(JSON.stringify([nodeClass, node.status.allocatable])),
      allocatable: resourcesOf(node.status.allocatable),
      slots: wholeUnits(String(node.status.allocatable?.['pods'] ?? 0)),
    });
  }

  #kindOf(key: string): number {
    const kind = this.#kinds.get(key) ?? this.#kinds.size;
    this.#kinds.set(key, kind);
    return kind;
  }
}

function classOf({ metadata, spec }: Node): NodeClass {
  const { 'kubernetes.io/hostname': _, ...labels } = metadata.labels ?? {};
  return {
    labels,
    taints: (spec.taints ?? []).map(({ key, value = '', effect }) => ({ key, value, effect })),
  };
}

function groupOf({ requests }: PodShape, node: VmNode, count: number, mates: number): RoomGroup {
  const { allocatable } = node;
  const left = (has: number, asked: number): number => Math.max(0, has - count * asked);
  return {
    nodes: 1,
    free: {
      cpuMillicores: left(allocatable.cpuMillicores, requests.cpuMillicores),
      memoryBytes: left(allocatable.memoryBytes, requests.memoryBytes),
      ephemeralStorageBytes: left(allocatable.ephemeralStorageBytes, requests.ephemeralStorageBytes),
      extended: allocatable.extended,
    },
    freePods: node.slots - count,
    mates,
    hostPortTaken: false,
    nodeClass: node.nodeClass,
  };
}
