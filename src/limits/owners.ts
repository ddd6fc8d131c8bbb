import { rescuedAnnotation } from '../cluster/rescued.ts';
import type { SlimJob, SlimPod, SlimWorkload } from '../cluster/slim.ts';
import type { Store } from '../cluster/store.ts';
import { carries } from '../policy/labels.ts';
import type { Policy } from '../policy/policy.ts';
import type { BurstPolicy } from '../policy/schema.ts';
import type { Grouped } from './group-size.ts';

/** Whose burst a pod is. */
export interface Owner {
  /** `namespace/name` of the policy. */
  readonly policy: string;
  /** Whose template it has; see `templateKey`. */
  readonly template: string;
  /** A failure costs its owner something: a Job counts it for its `backoffLimit`. */
  readonly costly: boolean;
  /** What its container group is made from. */
  readonly spec: Grouped;
  /** Spillway brought it here: by a companion or by a rescue. False: it tolerates the node by itself. */
  readonly brought: boolean;
}

/** So many policies that are gone are still known by UID: their last pods cost money until they are gone too. */
const longestKnown = 10_000;

/** Tells whose burst a pod on a virtual node is. Knows policies by UID and by target; asks the store for the rest. */
export class Owners {
  readonly #store: Store;
  readonly #byUid = new Map<string, string>();
  #byTarget = new Map<string, string>();
  #selectors: readonly {
    readonly policy: string;
    readonly namespace: string;
    readonly matchLabels: Readonly<Record<string, string>>;
  }[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  /** To be called when a policy came, went or was changed. */
  refresh(): void {
    const byTarget = new Map<string, string>();
    const selectors: { policy: string; namespace: string; matchLabels: Readonly<Record<string, string>> }[] =
      [];
    for (const { key, uid, namespace, raw } of this.#store.policies.values()) {
      this.#byUid.delete(uid);
      this.#byUid.set(uid, key);
      const { targetRef, jobSelector } = (raw as BurstPolicy).spec;
      if (targetRef !== undefined) byTarget.set(`${namespace}/${targetRef.kind}/${targetRef.name}`, key);
      const matchLabels = jobSelector?.matchLabels;
      if (matchLabels !== undefined) selectors.push({ policy: key, namespace, matchLabels });
    }
    this.#byTarget = byTarget;
    this.#selectors = selectors;
    for (const uid of this.#byUid.keys()) {
      if (this.#byUid.size <= longestKnown) break;
      this.#byUid.delete(uid);
    }
  }

  /** Undefined: it is no policy's. */
  of(pod: SlimPod): Owner | undefined {
    const root = this.#store.rootOf(pod);
    if (root === undefined) return undefined;
    const workload =
      this.#store.deployments.by('uid', root)[0] ?? this.#store.statefulsets.by('uid', root)[0];
    if (workload !== undefined) return this.#ofWorkload(workload, pod);
    const job = this.#store.jobs.by('uid', root)[0];
    return job && this.#ofJob(job, pod);
  }

  #ofWorkload(workload: SlimWorkload, pod: SlimPod): Owner | undefined {
    const { namespace, name, kind, ownerUid, template } = workload;
    const maker = ownerUid === undefined ? undefined : this.#byUid.get(ownerUid);
    const policy = maker ?? this.#byTarget.get(`${namespace}/${kind}/${name}`);
    if (policy === undefined) return undefined;
    const brought = maker !== undefined || isRescued(pod);
    return {
      policy,
      template: templateKey(namespace, kind, name),
      costly: false,
      spec: template.spec ?? {},
      brought,
    };
  }

  #ofJob({ namespace, labels, template }: SlimJob, pod: SlimPod): Owner | undefined {
    const selector = this.#selectors.find(
      (each) => each.namespace === namespace && carries(labels, each.matchLabels),
    );
    if (selector === undefined) return undefined;
    return {
      policy: selector.policy,
      template: jobsKey(selector.policy),
      costly: true,
      spec: template.spec ?? {},
      brought: isRescued(pod),
    };
  }
}

/** What failures of one template are counted by: the workload that it stands in, of which the kind is a part. */
export function templateKey(namespace: string, kind: SlimWorkload['kind'], name: string): string {
  return `${namespace}/${kind}/${name}`;
}

/** All Jobs of a policy count as one template: each has a pod or two, and they come and go. `policy`: its `namespace/name`. */
function jobsKey(policy: string): string {
  return policy.replace('/', '/Jobs/');
}

/** The template that a policy bursts with; undefined: it has none to burst with. `companion`: the name of its companion. */
export function templateOf(policy: Policy, companion: string | undefined): string | undefined {
  const { burst, namespace, target } = policy;
  if (burst.strategy === 'Companion') return companion && templateKey(namespace, 'Deployment', companion);
  return target.kind === 'Jobs' ? jobsKey(policy.key) : templateKey(namespace, target.kind, target.name);
}

/** The target of a policy and what its pods are made from; of Jobs, the newest that it selects: they are alike. */
export function workloadOf(
  store: Store,
  { target, namespace }: Policy,
): { readonly key: string; readonly spec: Grouped } | undefined {
  if (target.kind === 'Jobs') {
    const [job] = store.jobs
      .by('namespace', namespace)
      .filter(({ labels }) => carries(labels, target.matchLabels))
      .toSorted((a, b) => b.createdAtMs - a.createdAtMs);
    return job && { key: job.key, spec: job.template.spec ?? {} };
  }
  const table = target.kind === 'Deployment' ? store.deployments : store.statefulsets;
  const workload = table.get(`${namespace}/${target.name}`);
  return workload && { key: workload.key, spec: workload.template.spec ?? {} };
}

function isRescued(pod: SlimPod): boolean {
  return pod.annotations[rescuedAnnotation] !== undefined;
}
