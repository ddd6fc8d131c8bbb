import type { KubeObject } from './kube.ts';

/** Which objects name an owner: by the owner's UID, resource and key. */
export class OwnerIndex {
  readonly #byOwner = new Map<string, Map<string, Map<string, KubeObject>>>();

  ownedBy(resource: string, ownerUid: string): readonly KubeObject[] {
    return [...(this.#byOwner.get(ownerUid)?.get(resource)?.values() ?? [])];
  }

  put(resource: string, key: string, object: KubeObject, before: KubeObject | undefined): void {
    if (before !== undefined && before.metadata.ownerReferences !== object.metadata.ownerReferences) {
      this.remove(resource, key, before);
    }
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      let byResource = this.#byOwner.get(uid);
      if (byResource === undefined) this.#byOwner.set(uid, (byResource = new Map()));
      let byKey = byResource.get(resource);
      if (byKey === undefined) byResource.set(resource, (byKey = new Map()));
      byKey.set(key, object);
    }
  }

  remove(resource: string, key: string, object: KubeObject): void {
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const byResource = this.#byOwner.get(uid);
      const byKey = byResource?.get(resource);
      byKey?.delete(key);
      if (byKey?.size === 0) byResource?.delete(resource);
      if (byResource?.size === 0) this.#byOwner.delete(uid);
    }
  }
}
