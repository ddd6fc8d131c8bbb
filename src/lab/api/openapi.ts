import { burstPolicyCrd } from '../../policy/crd.ts';
import { isObject, type JsonObject, listAt, objectAt } from './json.ts';
import { groups, type Served, served } from './served.ts';

/** The answer to `GET /openapi/v3`: where the document of each version is. */
export function openapiIndex(): JsonObject {
  const paths = [...groups()].flatMap(([group, versions]) =>
    versions.map((version) => {
      const path = group === '' ? `api/${version}` : `apis/${group}/${version}`;
      return [path, { serverRelativeURL: `/openapi/v3/${path}` }] as const;
    }),
  );
  return { paths: Object.fromEntries(paths) };
}

/**
 * The OpenAPI document of one version. It says that unknown fields are found by the server, and has the whole schema of
 * policies; built-in kinds are objects with any field. Undefined: there is no such version.
 */
export function openapiFor(group: string, version: string): JsonObject | undefined {
  const found = served.filter((each) => each.group === group && each.version === version);
  if (found.length === 0) return undefined;
  return {
    openapi: '3.0.0',
    info: { title: 'Spillway lab', version: 'v1' },
    paths: Object.fromEntries(found.map((each) => [pathOf(each), operations(each)])),
    components: { schemas: Object.fromEntries(found.map((each) => [schemaName(each), schemaOf(each)])) },
  };
}

function pathOf({ group, version, namespaced, plural }: Served): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}/{name}`;
}

function operations(each: Served): JsonObject {
  const content = {
    'application/json': { schema: { $ref: `#/components/schemas/${schemaName(each)}` } },
  };
  const responses = { '200': { description: 'OK', content } };
  const kind = { 'x-kubernetes-group-version-kind': gvkOf(each) };
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
    name,
    in: 'query',
    schema: { type: 'string' },
  }));
  return {
    get: { ...kind, 'x-kubernetes-action': 'get', responses },
    put: { ...kind, 'x-kubernetes-action': 'put', parameters, responses },
    patch: { ...kind, 'x-kubernetes-action': 'patch', parameters, responses },
    delete: { ...kind, 'x-kubernetes-action': 'delete', responses },
  };
}

function gvkOf({ group, version, kind }: Served): JsonObject {
  return { group, version, kind };
}

function schemaName({ group, version, kind }: Served): string {
  const reversed = group === '' ? 'io.k8s.api.core' : group.split('.').toReversed().join('.');
  return `${reversed}.${version}.${kind}`;
}

function schemaOf(each: Served): JsonObject {
  const [version] = listAt(burstPolicyCrd(), 'spec', 'versions');
  const schema = each.builtIn
    ? { type: 'object', description: `${each.kind}, as Kubernetes documents it.` }
    : objectAt(version, 'schema', 'openAPIV3Schema');
  return { ...(isObject(schema) ? schema : {}), 'x-kubernetes-group-version-kind': [gvkOf(each)] };
}
