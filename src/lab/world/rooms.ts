import { isOver } from './conditions.ts';
import type { Node, Pod } from './kube.ts';
import type { ObjectStore } from './objects.ts';
import { Room } from './room.ts';

/** The room of every node, kept up to date by the store's changes. Subscribe before those who ask for it. */
export class Rooms {
  readonly #rooms = new Map<string, Room>();
  /** Pods bound to nodes that do not exist (yet), by node name. */
  readonly #strays = new Map<string, Map<string, Pod>>();

  constructor(objects: ObjectStore) {
    objects.onChange(({ type, resource, key, object }) => {
      if (resource === 'nodes') this.#nodeChanged(type === 'DELETED', object as Node);
      if (resource === 'pods') this.#podChanged(type === 'DELETED', key, object as Pod);
    });
  }

  get(nodeName: string): Room | undefined {
    return this.#rooms.get(nodeName);
  }

  /** All rooms in the order in which their nodes came. */
  all(): Iterable<Room> {
    return this.#rooms.values();
  }

  get size(): number {
    return this.#rooms.size;
  }

  /** Pods bound to a node, whether it exists or not, terminating ones included, those that are over not. */
  podsOn(nodeName: string): readonly Pod[] {
    return [...(this.#rooms.get(nodeName)?.pods ?? this.#strays.get(nodeName) ?? new Map()).values()];
  }

  /** Names of nodes that do not exist, with pods bound to them. */
  missing(): readonly string[] {
    return [...this.#strays.keys()];
  }

  #nodeChanged(gone: boolean, node: Node): void {
    const { name } = node.metadata;
    const room = this.#rooms.get(name);
    if (gone) {
      if (room !== undefined && room.pods.size > 0) this.#strays.set(name, new Map(room.pods));
      this.#rooms.delete(name);
    } else if (room === undefined) {
      const fresh = new Room(node);
      for (const [key, pod] of this.#strays.get(name) ?? []) fresh.add(key, pod);
      this.#strays.delete(name);
      this.#rooms.set(name, fresh);
    } else {
      room.update(node);
    }
  }

  #podChanged(gone: boolean, key: string, pod: Pod): void {
    const { nodeName } = pod.spec;
    if (nodeName === undefined || nodeName === '') return;
    const room = this.#rooms.get(nodeName);
    if (gone || isOver(pod)) {
      room?.remove(key);
      const strays = this.#strays.get(nodeName);
      strays?.delete(key);
      if (strays?.size === 0) this.#strays.delete(nodeName);
    } else if (room !== undefined) {
      room.add(key, pod);
    } else {
      const strays = this.#strays.get(nodeName) ?? new Map<string, Pod>();
      this.#strays.set(nodeName, strays.set(key, pod));
    }
  }
}
