import { admits } from '../decide/admits.ts';
import type { NodeClass } from '../decide/observation.ts';
import { type Daemon, signatureOf, type Taken, takenOn } from './room-node.ts';
import type { SlimDaemonSet, SlimNode, SlimPod } from './slim.ts';
import type { Change } from './store.ts';
import type { TableChange } from './table.ts';

export interface RoomIndexOptions {
  /** Tells virtual nodes: they are never part of the VM pool. */
  readonly isVirtual: (node: SlimNode) => boolean;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
}

/** One node with the pods bound to it. Pods may be heard of before their node. */
export interface Entry {
  readonly name: string;
  node: SlimNode | undefined;
  readonly pods: Set<SlimPod>;
  virtual: boolean;
  taken: Taken | undefined;
  /** Where it is filed; undefined: nowhere (virtual, or its node is not known). */
  kin: Kin | undefined;
  /** The alike nodes it is filed with; undefined: it takes no pods now. */
  signature: string | undefined;
}

/** The VM nodes of one class. */
export interface Kin {
  readonly key: string;
  readonly nodeClass: NodeClass;
  readonly nodes: Set<Entry>;
  /** Those that take pods now, by what is allocatable and what is taken on them. */
  readonly alike: Map<string, Set<Entry>>;
  /** DaemonSets that want a pod on each; undefined: to be looked up. */
  daemons: readonly Daemon[] | undefined;
  joinedAtMs: number | undefined;
}

/**
 * The nodes of the VM pool, filed by class and by what is taken on them. A change of a pod only marks its node, and
 * `settle` sums up the marked nodes.
 */
export class RoomIndex {
  readonly entries = new Map<string, Entry>();
  readonly kins = new Map<string, Kin>();
  readonly withHostPorts = new Set<Entry>();
  readonly virtual = new Set<Entry>();
  /** Labels left out of classes. */
  readonly perNodeLabels = new Set<string>();
  readonly #options: RoomIndexOptions;
  readonly #daemons = new Map<string, Daemon>();
  readonly #marked = new Set<Entry>();
  /** Entries that change by the passing of time, and when the first of them does. */
  readonly #timed = new Set<Entry>();
  #nextChangeAtMs = Number.POSITIVE_INFINITY;
  #live = false;

  constructor(options: RoomIndexOptions) {
    this.#options = options;
  }

  /** From now on a node that becomes Ready has joined; until then it was merely heard of. */
  goLive(): void {
    this.#live = true;
  }

  /** Takes any change of the store. */
  take(change: Change): void {
    if (change.kind === 'pods') this.#takePod(change);
    else if (change.kind === 'nodes') this.#takeNode(change);
    else if (change.kind === 'daemonsets') this.#takeDaemonSet(change);
  }

  #takePod({ type, object, previous }: TableChange<SlimPod>): void {
    if (previous?.nodeName !== undefined) {
      const entry = this.#entry(previous.nodeName);
      entry.pods.delete(previous);
      this.#marked.add(entry);
    }
    if (type === 'deleted' || object.nodeName === undefined) return;
    const entry = this.#entry(object.nodeName);
    entry.pods.add(object);
    this.#marked.add(entry);
  }

  #takeNode({ type, object, previous }: TableChange<SlimNode>): void {
    const entry = this.#entry(object.name);
    entry.node = type === 'deleted' ? undefined : object;
    entry.virtual = entry.node !== undefined && this.#options.isVirtual(entry.node);
    if (entry.virtual) this.virtual.add(entry);
    else this.virtual.delete(entry);
    const kin = entry.node === undefined || entry.virtual ? undefined : this.#kin(object);
    if (entry.kin !== kin) {
      this.#unfile(entry);
      entry.kin?.nodes.delete(entry);
      if (entry.kin?.nodes.size === 0) this.kins.delete(entry.kin.key);
      entry.kin = kin;
      kin?.nodes.add(entry);
    }
    for (const label of Object.keys(object.labels)) {
      if (!(label in object.nodeClass.labels)) this.perNodeLabels.add(label);
    }
    const joined = this.#live && object.ready && previous?.ready !== true && type !== 'deleted';
    if (kin !== undefined && joined) kin.joinedAtMs = this.#options.now();
    this.#marked.add(entry);
  }

  #takeDaemonSet({ type, object, previous }: TableChange<SlimDaemonSet>): void {
    if (type !== 'deleted' && previous?.shape === object.shape && previous.uid === object.uid) return;
    if (previous !== undefined) this.#daemons.delete(previous.uid);
    if (type !== 'deleted') this.#daemons.set(object.uid, { uid: object.uid, shape: object.shape });
    for (const kin of this.kins.values()) kin.daemons = undefined;
    for (const entry of this.#timed) this.#marked.add(entry);
  }

  #entry(nodeName: string): Entry {
    const kept = this.entries.get(nodeName);
    if (kept !== undefined) return kept;
    const entry: Entry = {
      name: nodeName,
      node: undefined,
      pods: new Set(),
      virtual: false,
      taken: undefined,
      kin: undefined,
      signature: undefined,
    };
    this.entries.set(nodeName, entry);
    return entry;
  }

  #kin({ classKey: key, nodeClass }: SlimNode): Kin {
    const kept = this.kins.get(key);
    if (kept !== undefined) return kept;
    const kin: Kin = {
      key,
      nodeClass,
      nodes: new Set(),
      alike: new Map(),
      daemons: undefined,
      joinedAtMs: undefined,
    };
    this.kins.set(key, kin);
    return kin;
  }

  /** Brings the marked nodes, and those that time has changed, up to date: call it before reading. */
  settle(): void {
    const nowMs = this.#options.now();
    if (nowMs >= this.#nextChangeAtMs) {
      for (const entry of this.#timed) this.#marked.add(entry);
      this.#nextChangeAtMs = Number.POSITIVE_INFINITY;
    }
    for (const entry of this.#marked) this.#refresh(entry, nowMs);
    this.#marked.clear();
  }

  #refresh(entry: Entry, nowMs: number): void {
    this.#unfile(entry);
    this.#timed.delete(entry);
    this.withHostPorts.delete(entry);
    const { node, kin, pods } = entry;
    if (node === undefined && pods.size === 0) this.entries.delete(entry.name);
    if (node === undefined || kin === undefined) return;
    kin.daemons ??= [...this.#daemons.values()].filter(({ shape }) => admits(shape, kin.nodeClass));
    entry.taken = takenOn(node, pods, kin.daemons, nowMs);
    const { changesAtMs, hostPorts } = entry.taken;
    if (changesAtMs !== undefined) {
      this.#timed.add(entry);
      this.#nextChangeAtMs = Math.min(this.#nextChangeAtMs, changesAtMs);
    }
    if (hostPorts.length > 0) this.withHostPorts.add(entry);
    if (!node.ready || node.cordoned) return;
    entry.signature = signatureOf(node, entry.taken);
    const alike = kin.alike.get(entry.signature) ?? new Set();
    alike.add(entry);
    kin.alike.set(entry.signature, alike);
  }

  #unfile(entry: Entry): void {
    if (entry.signature === undefined) return;
    const alike = entry.kin?.alike.get(entry.signature);
    alike?.delete(entry);
    if (alike?.size === 0) entry.kin?.alike.delete(entry.signature);
    entry.signature = undefined;
  }
}
