import { type Resource, resources } from '../world/resources.ts';

/** A resource of the world as the API serves it. */
export interface Served {
  readonly resource: Resource;
  /** Empty: the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** `all` is what `kubectl get all` shows. */
  readonly categories: readonly string[];
  readonly subresources: readonly Subresource[];
  /** Strategic merge patches exist for built-in kinds only. */
  readonly builtIn: boolean;
}

export type Subresource = 'status' | 'scale' | 'eviction' | 'log';

const inAll: ReadonlySet<string> = new Set([
  'pods',
  'services',
  'deployments',
  'replicasets',
  'statefulsets',
  'daemonsets',
  'jobs',
  'horizontalpodautoscalers',
]);

const scalable: ReadonlySet<string> = new Set(['deployments', 'replicasets', 'statefulsets']);

/** Everything that the API serves. */
export const served: readonly Served[] = resources.map((resource) => {
  const [group = '', version = ''] = resource.apiVersion.includes('/')
    ? resource.apiVersion.split('/')
    : ['', resource.apiVersion];
  const { resource: plural, kind, namespaced } = resource;
  return {
    resource,
    group,
    version,
    plural,
    kind,
    namespaced,
    singular: kind.toLowerCase(),
    categories: inAll.has(plural) ? ['all'] : [],
    subresources: subresourcesOf(resource),
    builtIn: group !== 'spillway.dev',
  };
});

function subresourcesOf({ resource, hasStatus }: Resource): readonly Subresource[] {
  return [
    ...(hasStatus ? (['status'] as const) : []),
    ...(scalable.has(resource) ? (['scale'] as const) : []),
    ...(resource === 'pods' ? (['eviction', 'log'] as const) : []),
  ];
}

/** The resource at a path; undefined: it is not served. */
export function servedAt(group: string, version: string, plural: string): Served | undefined {
  return served.find((each) => each.plural === plural && each.group === group && each.version === version);
}

/** Groups with their versions, in the order of `served`; the core group is the empty one. */
export function groups(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { group, version } of served) {
    const versions = found.get(group) ?? [];
    if (!versions.includes(version)) versions.push(version);
    found.set(group, versions);
  }
  return found;
}
