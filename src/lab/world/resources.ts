/** What an API server knows of a resource. */
export interface Resource {
  /** Plural name, as in paths. */
  readonly resource: string;
  readonly kind: string;
  readonly apiVersion: string;
  readonly namespaced: boolean;
  /** `status` is a subresource: ordinary updates leave it alone, and `updateStatus` changes nothing else. */
  readonly hasStatus: boolean;
  /** `metadata.generation` counts changes of the spec. */
  readonly hasGeneration: boolean;
  readonly shortNames: readonly string[];
}

type Options = Partial<Pick<Resource, 'namespaced' | 'hasStatus' | 'hasGeneration' | 'shortNames'>>;

function resource(apiVersion: string, kind: string, plural: string, options: Options = {}): Resource {
  return {
    resource: plural,
    kind,
    apiVersion,
    namespaced: true,
    hasStatus: false,
    hasGeneration: false,
    shortNames: [],
    ...options,
  };
}

const withStatus = { hasStatus: true, hasGeneration: true };

/** The resources that the lab serves (kubernetes.io/docs/reference/kubernetes-api). */
export const resources: readonly Resource[] = [
  resource('v1', 'Namespace', 'namespaces', { namespaced: false, hasStatus: true, shortNames: ['ns'] }),
  resource('v1', 'Node', 'nodes', { namespaced: false, hasStatus: true, shortNames: ['no'] }),
  resource('v1', 'Pod', 'pods', { ...withStatus, shortNames: ['po'] }),
  resource('v1', 'ConfigMap', 'configmaps', { shortNames: ['cm'] }),
  resource('v1', 'Secret', 'secrets'),
  resource('v1', 'ServiceAccount', 'serviceaccounts', { shortNames: ['sa'] }),
  resource('v1', 'Service', 'services', { hasStatus: true, shortNames: ['svc'] }),
  resource('v1', 'Event', 'events', { shortNames: ['ev'] }),
  resource('events.k8s.io/v1', 'Event', 'events', { shortNames: ['ev'] }),
  resource('v1', 'ResourceQuota', 'resourcequotas', { hasStatus: true, shortNames: ['quota'] }),
  resource('apps/v1', 'Deployment', 'deployments', { ...withStatus, shortNames: ['deploy'] }),
  resource('apps/v1', 'ReplicaSet', 'replicasets', { ...withStatus, shortNames: ['rs'] }),
  resource('apps/v1', 'StatefulSet', 'statefulsets', { ...withStatus, shortNames: ['sts'] }),
  resource('apps/v1', 'DaemonSet', 'daemonsets', { ...withStatus, shortNames: ['ds'] }),
  resource('batch/v1', 'Job', 'jobs', withStatus),
  resource('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', {
    hasStatus: true,
    shortNames: ['hpa'],
  }),
  resource('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', {
    ...withStatus,
    shortNames: ['pdb'],
  }),
  resource('coordination.k8s.io/v1', 'Lease', 'leases'),
  resource('spillway.dev/v1alpha1', 'BurstPolicy', 'burstpolicies', { ...withStatus, shortNames: ['bp'] }),
];

const byName: ReadonlyMap<string, Resource> = new Map(
  resources.toReversed().map((each) => [each.resource, each]),
);
const byKind: ReadonlyMap<string, Resource> = new Map(
  resources.map((each) => [`${each.apiVersion}/${each.kind}`, each]),
);

/** The description of a resource; one that is not known is taken for a namespaced one with status and generation. */
export function resourceNamed(name: string): Resource {
  return byName.get(name) ?? resource('v1', name, name, withStatus);
}

/** The resource of an object's `apiVersion` and `kind`; undefined: the lab does not serve it. */
export function resourceOfKind(apiVersion: string, kind: string): Resource | undefined {
  return byKind.get(`${apiVersion}/${kind}`);
}
