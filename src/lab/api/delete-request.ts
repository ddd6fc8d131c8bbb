import type { DeleteOptions } from '../world/objects.ts';
import { type Body, objectIn } from './body.ts';
import { type JsonObject, listAt, numberAt, objectAt, textAt } from './json.ts';
import { badRequest } from './refusal.ts';

/** How something is to be deleted. */
export type DeleteRequest = DeleteOptions & {
  /** Nothing is deleted; only whether it could be is looked at. */
  readonly dryRun: boolean;
};

/** The DeleteOptions of a request, from its body and its query. Throws Refusal. */
export function deleteRequestIn(body: Body, query: URLSearchParams): DeleteRequest {
  return readDeleteRequest(body.text.trim() === '' ? {} : objectIn(body), query);
}

/** Reads DeleteOptions; the query fills in what they leave out. Throws Refusal (400). */
export function readDeleteRequest(options: JsonObject, query: URLSearchParams): DeleteRequest {
  const policy = textAt(options, 'propagationPolicy') ?? query.get('propagationPolicy') ?? undefined;
  if (policy !== undefined && policy !== 'Background' && policy !== 'Foreground' && policy !== 'Orphan') {
    throw badRequest(`propagationPolicy: Unsupported value: "${policy}"`);
  }
  const grace =
    numberAt(options, 'gracePeriodSeconds') ?? Number.parseInt(query.get('gracePeriodSeconds') ?? '', 10);
  const { uid, resourceVersion } = objectAt(options, 'preconditions');
  return {
    dryRun: listAt(options, 'dryRun').includes('All') || query.get('dryRun') === 'All',
    ...(Number.isInteger(grace) ? { gracePeriodSeconds: grace } : {}),
    ...(policy === undefined ? {} : { propagationPolicy: policy }),
    preconditions: {
      ...(typeof uid === 'string' ? { uid } : {}),
      ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
    },
  };
}
