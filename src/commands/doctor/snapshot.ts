import { Interner } from '../../cluster/intern.ts';
import type { RawObject } from '../../cluster/raw.ts';
import { collectionPath, slimAs } from '../../cluster/resources.ts';
import { type Kind, type Kinds, Store } from '../../cluster/store.ts';
import type { Table } from '../../cluster/table.ts';
import type { Reader } from './reader.ts';

/** The cluster as it is now, kept as the controller keeps it. */
export interface Snapshot {
  readonly store: Store;
  /** What could not be listed, and why. */
  readonly unread: ReadonlyMap<Kind, string>;
}

const inNamespaces = [
  'pods',
  'deployments',
  'statefulsets',
  'replicasets',
  'jobs',
  'hpas',
  'scaledobjects',
  'resourcequotas',
] as const;

/** Lists the nodes, the policies of `scope` (undefined: all), and in these namespaces everything that a target is made of. */
export async function takeSnapshot(
  reader: Reader,
  scope: string | undefined,
  namespaces: readonly string[],
): Promise<Snapshot> {
  const store = new Store();
  const interner = new Interner();
  const unread = new Map<Kind, string>();
  const fill = async (kind: Kind, namespace?: string): Promise<void> => {
    const read = await reader.list<RawObject>(collectionPath(kind, namespace));
    if (read.state === 'unread') unread.set(kind, read.why);
    if (read.state !== 'read') return;
    // Each table holds its own kind: the store's type says so, but not for a kind that is a variable.
    const table = store[kind] as unknown as Pick<Table<Kinds[Kind]>, 'take'>;
    for (const raw of read.value) {
      const object = slimAs(kind, raw, interner);
      table.take({ type: 'added', object, resourceVersion: object.resourceVersion });
    }
  };
  await Promise.all([
    fill('nodes'),
    fill('policies', scope),
    ...namespaces.flatMap((namespace) => inNamespaces.map((kind) => fill(kind, namespace))),
  ]);
  return { store, unread };
}
