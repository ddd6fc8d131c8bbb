/**
 * How the items of a list are told apart in a patch, by the name of the list's field: `patchMergeKey` and
 * `x-kubernetes-list-map-keys` of the API (k8s.io/api, types.go). A list that is not here is replaced as a whole.
 */
const keys: Readonly<Record<string, readonly string[]>> = {
  conditions: ['type'],
  containers: ['name'],
  env: ['name'],
  ephemeralContainers: ['name'],
  hostAliases: ['ip'],
  imagePullSecrets: ['name'],
  initContainers: ['name'],
  addresses: ['type'],
  ownerReferences: ['uid'],
  podIPs: ['ip'],
  sources: ['name'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
  volumeDevices: ['devicePath'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
};

/** Ports of containers, and of Services. */
const portKeys = [
  ['containerPort', 'protocol'],
  ['port', 'protocol'],
] as const;

/** Fields whose value is one thing for server-side apply, however many fields it has itself. */
const atomicMaps: ReadonlySet<string> = new Set([
  'selector',
  'labelSelector',
  'nodeSelector',
  'targetRef',
  'jobSelector',
  'secretKeyRef',
  'configMapKeyRef',
  'fieldRef',
  'scaleTargetRef',
]);

/** The fields that name an item of a list; undefined: the list has no such fields. */
export function listKeysOf(field: string, items: readonly unknown[]): readonly string[] | undefined {
  if (field !== 'ports') return Object.hasOwn(keys, field) ? keys[field] : undefined;
  const [first] = items;
  return portKeys.find(([key]) => typeof first === 'object' && first !== null && key in first);
}

/** Whether a list is a set: its values are added and taken away one by one. */
export function isSet(field: string): boolean {
  return field === 'finalizers';
}

/** Whether an object is one value for server-side apply. */
export function isAtomicMap(field: string): boolean {
  return atomicMaps.has(field);
}
