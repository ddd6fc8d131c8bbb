import type { Store } from '../cluster/store.ts';
import { groupSize, type Grouped } from '../limits/group-size.ts';
import type { Policy } from '../policy/policy.ts';

/** What a pod of the policy's target asks of a quota, in cores; undefined: there is no target, or its requests are none. */
export function coresOf(store: Store, { target, namespace }: Policy): number | undefined {
  const spec = specOf(store, target, namespace);
  return spec && coresIn(spec);
}

/** What the group of a pod of this spec asks for, in cores; undefined: its requests are no quantities. */
export function coresIn(spec: Grouped): number | undefined {
  try {
    return groupSize(spec).cores;
  } catch {
    return undefined;
  }
}

/** Jobs of one selector are alike: the newest stands for all. */
function specOf(store: Store, target: Policy['target'], namespace: string): Grouped | undefined {
  if (target.kind === 'Jobs') {
    const wanted = Object.entries(target.matchLabels);
    const job = store.jobs
      .by('namespace', namespace)
      .findLast(({ labels }) => wanted.every(([key, value]) => labels[key] === value));
    return job?.template.spec;
  }
  const table = target.kind === 'Deployment' ? store.deployments : store.statefulsets;
  return table.get(`${namespace}/${target.name}`)?.template.spec;
}
