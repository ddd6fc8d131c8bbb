import type { AuditEvent } from '../cluster/audit.ts';
import { lineOf, type Right } from './rights.ts';

/** What the API server was asked for by an account, as rights, each once; discovery and the like aside. */
export function usedBy(events: readonly AuditEvent[], username: string): readonly Right[] {
  const used = events.flatMap(({ user, verb, objectRef, requestURI }) => {
    if (user.username !== username || objectRef === undefined) return [];
    const { namespace, apiGroup = '', resource, subresource } = objectRef;
    // A list or watch of one object names it in its field selector.
    const [, selected] = /[?&]fieldSelector=metadata\.name(?:%3D|=)([^&]+)/.exec(requestURI) ?? [];
    const name = verb === 'create' && subresource === undefined ? undefined : (objectRef.name ?? selected);
    const full = subresource === undefined ? resource : `${resource}/${subresource}`;
    return [{ namespace, group: apiGroup, resource: full, name, verb }];
  });
  return [...new Map(used.map((right) => [lineOf(right), right])).values()];
}

/** Requests of an account that were refused for want of a right. */
export function refusedTo(events: readonly AuditEvent[], username: string): readonly string[] {
  return events
    .filter(({ user, responseStatus }) => user.username === username && responseStatus?.code === 403)
    .map(({ verb, requestURI, responseStatus }) => `${verb} ${requestURI}: ${responseStatus?.message ?? ''}`);
}
