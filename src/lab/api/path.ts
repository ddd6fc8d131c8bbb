import { badRequest, noSuchPath } from './refusal.ts';
import { type Served, type Subresource, servedAt } from './served.ts';

/** What a path of the API names: a collection, or an object, or one of its subresources. */
export interface Place {
  readonly served: Served;
  /** Undefined: the resource has none, or all namespaces are meant. */
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: Subresource | undefined;
}

/**
 * Reads `/api/v1[/namespaces/<ns>]/<resource>[/<name>[/<subresource>]]` and `/apis/<group>/<version>/…`.
 * Throws Refusal (404) for what is not served.
 */
export function placeOf(path: string): Place {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decode);
  const [root, ...after] = parts;
  const [group = '', version = '', ...rest] = root === 'api' ? ['', ...after] : root === 'apis' ? after : [];
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2 && !isNamespaceSubresource(rest);
  const namespace = inNamespace ? rest[1] : undefined;
  const [plural = '', name, subresource, ...more] = inNamespace ? rest.slice(2) : rest;
  const served = servedAt(group, version, plural);
  if (served === undefined || more.length > 0) throw noSuchPath();
  if (namespace !== undefined && !served.namespaced) throw noSuchPath();
  if (name !== undefined && served.namespaced && namespace === undefined) throw noSuchPath();
  const known = served.subresources.find((each) => each === subresource);
  if (subresource !== undefined && known === undefined) throw noSuchPath();
  return { served, namespace, name, subresource: known };
}

/** `/namespaces/<ns>/status` is about the namespace itself. */
function isNamespaceSubresource(rest: readonly string[]): boolean {
  return rest.length === 3 && rest[2] === 'status';
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest('the path cannot be decoded');
  }
}
