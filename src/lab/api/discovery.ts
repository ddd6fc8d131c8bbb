import type { JsonObject } from './json.ts';
import { groups, type Served, type Subresource, served } from './served.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** The answer to `GET /api`. */
export function coreVersions(address: string): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

/** The answer to `GET /apis`. */
export function groupList(): JsonObject {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [...groups().keys()].filter((group) => group !== '').map(describeGroup),
  };
}

/** The answer to `GET /apis/<group>`; undefined: there is no such group. */
export function groupNamed(name: string): JsonObject | undefined {
  if (name === '' || !groups().has(name)) return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(name) };
}

function describeGroup(name: string): JsonObject {
  const versions = (groups().get(name) ?? []).map((version) => ({
    groupVersion: `${name}/${version}`,
    version,
  }));
  return { name, versions, preferredVersion: versions[0] };
}

/** The answer to `GET /api/v1` and `GET /apis/<group>/<version>`; undefined: there is no such version. */
export function resourceList(group: string, version: string): JsonObject | undefined {
  const found = served.filter((each) => each.group === group && each.version === version);
  if (found.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: found.flatMap((each) => [
      describe(each),
      ...each.subresources.map((subresource) => describeSubresource(each, subresource)),
    ]),
  };
}

function describe({ plural, singular, namespaced, kind, resource, categories }: Served): JsonObject {
  return {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  };
}

function describeSubresource({ plural, namespaced, kind }: Served, subresource: Subresource): JsonObject {
  const common = { name: `${plural}/${subresource}`, singularName: '', namespaced };
  switch (subresource) {
    case 'status':
      return { ...common, kind, verbs: ['get', 'patch', 'update'] };
    case 'scale':
      return {
        ...common,
        group: 'autoscaling',
        version: 'v1',
        kind: 'Scale',
        verbs: ['get', 'patch', 'update'],
      };
    case 'eviction':
      return { ...common, group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] };
    case 'log':
      return { ...common, kind, verbs: ['get'] };
  }
}
