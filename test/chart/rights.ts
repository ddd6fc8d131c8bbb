import type { NeededRight, Where } from '../../src/commands/doctor/needed-rights.ts';

/** A Role or ClusterRole, as far as its rules go. */
export interface RoleObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly rules?: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
    readonly resourceNames?: readonly string[];
  }[];
}

/** One verb on one resource. */
export interface Right {
  /** Undefined: in every namespace, or of no namespace. */
  readonly namespace: string | undefined;
  readonly group: string;
  /** With its subresource. */
  readonly resource: string;
  /** Undefined: whatever its name. */
  readonly name: string | undefined;
  readonly verb: string;
}

/** `everywhere apps/deployments patch`, `kube-system configmaps/cluster-autoscaler-status get`: to compare and to read. */
export function lineOf({ namespace = 'everywhere', group, resource, name, verb }: Right): string {
  const named = name === undefined ? '' : ` ${name}`;
  return `${namespace} ${group === '' ? '' : `${group}/`}${resource}${named} ${verb}`;
}

/** Every right that roles grant, each once. */
export function rightsIn(roles: readonly RoleObject[]): readonly Right[] {
  const all = roles.flatMap(({ metadata, rules = [] }) =>
    rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [undefined] }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.flatMap((verb) =>
            resourceNames.map((name) => ({ namespace: metadata.namespace, group, resource, name, verb })),
          ),
        ),
      ),
    ),
  );
  return [...new Map(all.map((right) => [lineOf(right), right])).values()];
}

/** Where a release stands and what it looks after. */
export interface Places {
  readonly release: string;
  readonly lease: string;
  /** Undefined: the whole cluster. */
  readonly namespaces: readonly string[] | undefined;
}

/** The rights of the doctor's list, written out for a release. */
export function written(needed: readonly NeededRight[], places: Places): readonly Right[] {
  return needed.flatMap(({ where, group, resource, name, verbs }) =>
    namespacesOf(where, places).flatMap((namespace) =>
      verbs.map((verb) => ({
        namespace,
        group,
        resource,
        name: name === 'lease' ? places.lease : name,
        verb,
      })),
    ),
  );
}

function namespacesOf(where: Where, { release, namespaces }: Places): readonly (string | undefined)[] {
  switch (where) {
    case 'cluster':
      return [undefined];
    case 'policies':
      return namespaces ?? [undefined];
    case 'spillway':
      return [release];
    case 'kube-system':
    case 'kube-node-lease':
      return [where];
  }
}

/** Whether one right contains another. */
export function covers(granted: Right, used: Right): boolean {
  return (
    granted.group === used.group &&
    granted.resource === used.resource &&
    granted.verb === used.verb &&
    (granted.namespace === undefined || granted.namespace === used.namespace) &&
    (granted.name === undefined || granted.name === used.name)
  );
}
