import type { SlimJob } from '../cluster/slim.ts';
import type { Change, Store } from '../cluster/store.ts';
import { carries } from '../policy/labels.ts';
import type { Policy } from '../policy/policy.ts';

/** Whom a change of the cluster concerns: single policies by key, and whether room on VMs may have changed. */
export interface Concern {
  readonly policies: readonly string[];
  readonly room: boolean;
}

const nobody: Concern = { policies: [], room: false };

/**
 * Finds the policies that a change concerns, by their UID (companions) and by their target. O(1) for every change; one of
 * Jobs is compared with the policies about Jobs in its namespace.
 */
export class Concerned {
  readonly #store: Store;
  readonly #byUid = new Map<string, string>();
  readonly #byTarget = new Map<string, Set<string>>();
  /** Policies about Jobs, by namespace and key. */
  readonly #aboutJobs = new Map<string, Map<string, Labels>>();

  constructor(store: Store) {
    this.#store = store;
  }

  add(policy: Policy): void {
    this.#byUid.set(policy.uid, policy.key);
    if (policy.target.kind === 'Jobs') {
      const selectors = this.#aboutJobs.get(policy.namespace) ?? new Map<string, Labels>();
      this.#aboutJobs.set(policy.namespace, selectors.set(policy.key, policy.target.matchLabels));
      return;
    }
    const target = targetOf(policy);
    const keys = this.#byTarget.get(target) ?? new Set();
    this.#byTarget.set(target, keys.add(policy.key));
  }

  delete(policy: Policy): void {
    this.#byUid.delete(policy.uid);
    const selectors = this.#aboutJobs.get(policy.namespace);
    selectors?.delete(policy.key);
    if (selectors?.size === 0) this.#aboutJobs.delete(policy.namespace);
    const target = targetOf(policy);
    const keys = this.#byTarget.get(target);
    keys?.delete(policy.key);
    if (keys?.size === 0) this.#byTarget.delete(target);
  }

  of(change: Change): Concern {
    switch (change.kind) {
      case 'policies':
        return { policies: [change.object.key], room: false };
      case 'deployments':
      case 'statefulsets': {
        const { kind, key, ownerUid } = change.object;
        return { policies: this.#workload(kind, key, ownerUid), room: false };
      }
      case 'replicasets':
        return { policies: this.#deployment(change.object.ownerUid), room: false };
      case 'hpas':
      case 'scaledobjects':
        return { policies: [...(this.#byTarget.get(change.object.target) ?? [])], room: false };
      case 'pods':
        return { policies: this.#owner(this.#store.rootOf(change.object)), room: true };
      case 'nodes':
        return { policies: [], room: true };
      case 'jobs':
        return { policies: this.#job(change.object), room: false };
      case 'daemonsets':
      case 'resourcequotas':
        return nobody;
    }
  }

  /** What owns a pod in the end: mostly a Deployment, else a StatefulSet or a Job. */
  #owner(uid: string | undefined): readonly string[] {
    if (uid === undefined) return [];
    const [set] = this.#store.statefulsets.by('uid', uid);
    if (set !== undefined) return this.#workload(set.kind, set.key, set.ownerUid);
    const [job] = this.#aboutJobs.size === 0 ? [] : this.#store.jobs.by('uid', uid);
    return job === undefined ? this.#deployment(uid) : this.#job(job);
  }

  #job({ namespace, labels }: SlimJob): readonly string[] {
    const selectors = this.#aboutJobs.get(namespace) ?? new Map<string, Labels>();
    return [...selectors].filter(([, wanted]) => carries(labels, wanted)).map(([key]) => key);
  }

  #deployment(uid: string | undefined): readonly string[] {
    const [deployment] = uid === undefined ? [] : this.#store.deployments.by('uid', uid);
    return deployment === undefined
      ? []
      : this.#workload(deployment.kind, deployment.key, deployment.ownerUid);
  }

  #workload(kind: string, key: string, ownerUid: string | undefined): readonly string[] {
    const owner = ownerUid === undefined ? undefined : this.#byUid.get(ownerUid);
    const [namespace, name] = key.split('/');
    const targeted = this.#byTarget.get(`${namespace}/${kind}/${name}`) ?? [];
    return owner === undefined ? [...targeted] : [owner, ...targeted];
  }
}

type Labels = Readonly<Record<string, string>>;

/** `namespace/Kind/name`, as scalers name their target. */
function targetOf({ namespace, target }: Policy): string {
  return `${namespace}/${target.kind}/${target.kind === 'Jobs' ? '' : target.name}`;
}
