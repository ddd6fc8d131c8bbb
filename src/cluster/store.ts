import type { SlimQuota } from './quota.ts';
import type {
  SlimDaemonSet,
  SlimJob,
  SlimNode,
  SlimPod,
  SlimPolicy,
  SlimReplicaSet,
  SlimScaler,
  SlimWorkload,
} from './slim.ts';
import { Table, type TableChange } from './table.ts';

/** Objects by the name of their table. */
export interface Kinds {
  readonly nodes: SlimNode;
  readonly pods: SlimPod;
  readonly deployments: SlimWorkload;
  readonly statefulsets: SlimWorkload;
  readonly replicasets: SlimReplicaSet;
  readonly daemonsets: SlimDaemonSet;
  readonly jobs: SlimJob;
  readonly hpas: SlimScaler;
  readonly scaledobjects: SlimScaler;
  readonly resourcequotas: SlimQuota;
  readonly policies: SlimPolicy;
}

export type Kind = keyof Kinds;

/** Label of a companion: UID of the policy that it was made for (act/names.ts). */
const companionOf = 'spillway.dev/policy-uid';

/** A change of the cluster as it is known here; `kind` tells the type of `object`. */
export type Change = { readonly [K in Kind]: { readonly kind: K } & TableChange<Kinds[K]> }[Kind];

/** Everything that is known of the cluster, indexed for the questions that a decision asks. */
export class Store {
  readonly #listeners = new Set<(change: Change) => void>();

  readonly nodes = new Table<SlimNode>({}, (change) => this.#tell({ kind: 'nodes', ...change }));
  /** By the UID of the controlling owner. */
  readonly pods = new Table<SlimPod, 'owner'>({ owner: (pod) => pod.ownerUid }, (change) =>
    this.#tell({ kind: 'pods', ...change }),
  );
  /**
   * By UID, and by the UID of the controlling owner: for companions that of the policy. One that `--cascade=orphan` has set
   * free still belongs to the policy that its label names.
   */
  readonly deployments = new Table<SlimWorkload, 'uid' | 'owner'>(
    { uid: (each) => each.uid, owner: (each) => each.ownerUid ?? each.labels[companionOf] },
    (change) => this.#tell({ kind: 'deployments', ...change }),
  );
  readonly statefulsets = new Table<SlimWorkload, 'uid'>({ uid: (each) => each.uid }, (change) =>
    this.#tell({ kind: 'statefulsets', ...change }),
  );
  /** By UID, and by the UID of the Deployment. */
  readonly replicasets = new Table<SlimReplicaSet, 'uid' | 'owner'>(
    { uid: (each) => each.uid, owner: (each) => each.ownerUid },
    (change) => this.#tell({ kind: 'replicasets', ...change }),
  );
  readonly daemonsets = new Table<SlimDaemonSet>({}, (change) =>
    this.#tell({ kind: 'daemonsets', ...change }),
  );
  readonly jobs = new Table<SlimJob, 'uid' | 'namespace'>(
    { uid: (each) => each.uid, namespace: (each) => each.namespace },
    (change) => this.#tell({ kind: 'jobs', ...change }),
  );
  /** By target, `namespace/Kind/name`. */
  readonly hpas = new Table<SlimScaler, 'target'>({ target: (each) => each.target }, (change) =>
    this.#tell({ kind: 'hpas', ...change }),
  );
  readonly scaledobjects = new Table<SlimScaler, 'target'>({ target: (each) => each.target }, (change) =>
    this.#tell({ kind: 'scaledobjects', ...change }),
  );
  readonly resourcequotas = new Table<SlimQuota, 'namespace'>(
    { namespace: (each) => each.namespace },
    (change) => this.#tell({ kind: 'resourcequotas', ...change }),
  );
  readonly policies = new Table<SlimPolicy>({}, (change) => this.#tell({ kind: 'policies', ...change }));

  /** Hears every change after it was made; the returned function ends that. */
  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** UID of what a pod belongs to in the end: the Deployment behind its ReplicaSet, else its own owner. O(1). */
  rootOf(pod: SlimPod): string | undefined {
    if (pod.ownerUid === undefined) return undefined;
    const [set] = this.replicasets.by('uid', pod.ownerUid);
    return set?.ownerUid ?? pod.ownerUid;
  }

  /** All pods of a Deployment, over all its ReplicaSets; those of another owner by that owner's UID. */
  podsOf(rootUid: string): readonly SlimPod[] {
    const sets = this.replicasets.by('owner', rootUid);
    return [...this.pods.by('owner', rootUid), ...sets.flatMap((set) => this.pods.by('owner', set.uid))];
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
