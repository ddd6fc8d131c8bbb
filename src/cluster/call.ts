/** One call as metrics and RBAC name it. */
export interface Call {
  /** Verb of RBAC: get, list, watch, create, update, patch, delete, deletecollection. */
  readonly verb: string;
  /** Resource with its subresource (`pods/eviction`); for paths that are no resource, the path's first part. */
  readonly resource: string;
}

/**
 * Reads verb and resource off a request, by the layout of API paths:
 * `/api/v1[/namespaces/<ns>]/<resource>[/<name>[/<subresource>]]`, `/apis/<group>/<version>/…` alike.
 */
export function describeCall(method: string, pathAndQuery: string): Call {
  const [path = '', query = ''] = pathAndQuery.split('?', 2);
  const parts = path.split('/').filter((part) => part !== '');
  const rest = parts[0] === 'api' ? parts.slice(2) : parts[0] === 'apis' ? parts.slice(3) : [];
  const scoped = rest[0] === 'namespaces' && rest.length > 2 ? rest.slice(2) : rest;
  const [resource, name, subresource] = scoped;
  if (resource === undefined) return { verb: method.toLowerCase(), resource: parts[0] ?? 'root' };
  return {
    verb: verbOf(method, name !== undefined, /(^|&)watch=(true|1)(&|$)/.test(query)),
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
  };
}

function verbOf(method: string, named: boolean, watching: boolean): string {
  switch (method) {
    case 'GET':
      return watching ? 'watch' : named ? 'get' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    default:
      return method.toLowerCase();
  }
}
