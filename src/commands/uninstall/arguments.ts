import { SpillwayError } from '../../errors.ts';
import type { Named } from './cluster.ts';

/** Reads `namespace/name`. Throws UNINSTALL_NAME_INVALID. */
export function namedIn(value: string): Named {
  const [, namespace, name] = /^([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})$/.exec(value) ?? [];
  if (namespace === undefined || name === undefined) {
    throw new SpillwayError('UNINSTALL_NAME_INVALID', { value });
  }
  return { namespace, name };
}

/** Reads `all`, or names of namespaces with commas between them. */
export function namespacesIn(value: string): 'all' | readonly string[] {
  return value === 'all' ? 'all' : value.split(',').filter((name) => name !== '');
}
