import { admits } from '../../decide/admits.ts';
import type { NodeClass, PodShape, Resources } from '../../decide/observation.ts';
import { resourcesOf } from '../../decide/requests.ts';
import { wholeUnits } from '../../policy/quantity.ts';
import type { Node, Pod } from './kube.ts';
import { needsOf } from './needs.ts';

/** Why a pod does not go onto a node, as kube-scheduler words it; undefined: it does. */
export type Misfit = string | undefined;

/** One node with what its pods take. */
export class Room {
  readonly name: string;
  readonly pods = new Map<string, Pod>();
  #node: Node;
  #class: NodeClass;
  #allocatable: Resources;
  #slots: number;
  #taken = { cpu: 0, memory: 0, storage: 0, extended: new Map<string, number>() };
  #ports = new Map<string, number>();

  constructor(node: Node) {
    this.name = node.metadata.name;
    this.#node = node;
    this.#class = classOf(node);
    this.#allocatable = resourcesOf(node.status.allocatable);
    this.#slots = wholeUnits(String(node.status.allocatable?.['pods'] ?? 0));
  }

  get node(): Node {
    return this.#node;
  }

  get labels(): NodeClass['labels'] {
    return this.#class.labels;
  }

  get taints(): NodeClass['taints'] {
    return this.#class.taints;
  }

  /** The same room with the node as it is now. */
  update(node: Node): void {
    if (node.status.allocatable !== this.#node.status.allocatable) {
      this.#allocatable = resourcesOf(node.status.allocatable);
      this.#slots = wholeUnits(String(node.status.allocatable?.['pods'] ?? 0));
    }
    this.#node = node;
    this.#class = classOf(node);
  }

  add(key: string, pod: Pod): void {
    if (!this.pods.has(key)) this.#count(pod, 1);
    this.pods.set(key, pod);
  }

  remove(key: string): void {
    const pod = this.pods.get(key);
    if (pod === undefined) return;
    this.pods.delete(key);
    this.#count(pod, -1);
  }

  /** Whether labels and taints let the pod on. */
  admits(needs: PodShape): Misfit {
    if (this.#node.spec.unschedulable === true) return 'node(s) were unschedulable';
    if (admits(needs, this.#class)) return undefined;
    return admits(needs, { ...this.#class, taints: [] })
      ? 'node(s) had untolerated taint(s)'
      : "node(s) didn't match Pod's node affinity/selector";
  }

  /** Whether there is room for the pod. */
  fits({ requests, hostPorts }: PodShape): Misfit {
    const { cpu, memory, storage, extended } = this.#taken;
    if (this.pods.size + 1 > this.#slots) return 'Too many pods';
    if (lacks(this.#allocatable.cpuMillicores - cpu, requests.cpuMillicores)) return 'Insufficient cpu';
    if (lacks(this.#allocatable.memoryBytes - memory, requests.memoryBytes)) return 'Insufficient memory';
    if (lacks(this.#allocatable.ephemeralStorageBytes - storage, requests.ephemeralStorageBytes)) {
      return 'Insufficient ephemeral-storage';
    }
    for (const name in requests.extended) {
      const free = (this.#allocatable.extended[name] ?? 0) - (extended.get(name) ?? 0);
      if (lacks(free, requests.extended[name] ?? 0)) return `Insufficient ${name}`;
    }
    return hostPorts.some((port) => (this.#ports.get(port) ?? 0) > 0)
      ? "node(s) didn't have free ports for the requested pod ports"
      : undefined;
  }

  /** How empty the node is with the pod on it, 0 to 100: the mean of cpu and memory (NodeResourcesFit, LeastAllocated). */
  emptiness({ requests }: PodShape): number {
    const cpu = this.#taken.cpu + requests.cpuMillicores;
    const memory = this.#taken.memory + requests.memoryBytes;
    return 50 * free(cpu, this.#allocatable.cpuMillicores) + 50 * free(memory, this.#allocatable.memoryBytes);
  }

  /** A copy that others may fill without changing this one. */
  copy(): Room {
    const copy = new Room(this.#node);
    for (const [key, pod] of this.pods) copy.add(key, pod);
    return copy;
  }

  #count(pod: Pod, sign: 1 | -1): void {
    const { requests, hostPorts } = needsOf(pod.spec);
    this.#taken.cpu += sign * requests.cpuMillicores;
    this.#taken.memory += sign * requests.memoryBytes;
    this.#taken.storage += sign * requests.ephemeralStorageBytes;
    for (const name in requests.extended) {
      const before = this.#taken.extended.get(name) ?? 0;
      this.#taken.extended.set(name, before + sign * (requests.extended[name] ?? 0));
    }
    for (const port of hostPorts) this.#ports.set(port, (this.#ports.get(port) ?? 0) + sign);
  }
}

function classOf({ metadata, spec }: Node): NodeClass {
  return {
    labels: { ...metadata.labels, 'metadata.name': metadata.name },
    taints: (spec.taints ?? []).map(({ key, value = '', effect }) => ({ key, value, effect })),
  };
}

/** Nothing asked always fits, even where too much is taken already. */
function lacks(free: number, asked: number): boolean {
  return asked > 0 && asked > free;
}

function free(taken: number, allocatable: number): number {
  return allocatable === 0 || taken > allocatable ? 0 : 1 - taken / allocatable;
}
