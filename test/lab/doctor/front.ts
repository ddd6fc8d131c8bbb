import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { burstPolicyCrd } from '../../../src/policy/crd.ts';

/** What an API server knows besides the objects of the lab: extensions, aggregated APIs, and who may do what. */
export interface Front {
  readonly url: string;
  /** Answers by path, in place of what the lab would say; a number is a status without a body. */
  readonly answers: Map<string, unknown>;
  /** Rights that the ServiceAccount does not have: `patch pods`, `get secrets redis`. */
  readonly denied: Set<string>;
  /** All requests that were made, `GET /version`. */
  readonly asked: string[];
  close(): Promise<void>;
}

export const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/burstpolicies.spillway.dev';
const rolesPath = '/apis/rbac.authorization.k8s.io/v1/clusterroles/spillway-burstpolicies';
const reviewPath = '/apis/authorization.k8s.io/v1/subjectaccessreviews';

/** The CustomResourceDefinition of this version, as an API server has it. */
export function installedCrd(): Record<string, unknown> {
  return { ...burstPolicyCrd(), status: { conditions: [{ type: 'Established', status: 'True' }] } };
}

/** Stands in front of a lab and answers what it does not serve. */
export async function startFront(lab: string): Promise<Front> {
  const answers = new Map<string, unknown>([
    [crdPath, installedCrd()],
    ...['view', 'edit'].map((role) => [`${rolesPath}-${role}`, { kind: 'ClusterRole' }] as const),
  ]);
  const denied = new Set<string>();
  const asked: string[] = [];

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (incoming.url ?? '').split('?')[0] ?? '';
    asked.push(`${incoming.method ?? ''} ${path}`);
    const body = await buffer(incoming);
    if (path === reviewPath) return send(response, 201, reviewed(JSON.parse(body.toString())));
    const given = answers.get(path);
    if (typeof given === 'number') return send(response, given, { kind: 'Status' });
    if (given !== undefined) return send(response, 200, given);
    const onward = request(`${lab}${incoming.url ?? ''}`, {
      method: incoming.method,
      headers: incoming.headers,
    });
    onward.on('error', () => response.destroy());
    onward.on('response', (told) => {
      response.writeHead(told.statusCode ?? 502, told.headers);
      told.pipe(response);
    });
    onward.end(body);
  }

  function reviewed(review: {
    readonly spec: { readonly resourceAttributes: Record<string, string> };
  }): object {
    const { verb, resource, subresource, name } = review.spec.resourceAttributes;
    const object = subresource === undefined ? resource : `${resource}/${subresource}`;
    const allowed = ![`${verb} ${object}`, `${verb} ${object} ${name}`].some((right) => denied.has(right));
    return { kind: 'SubjectAccessReview', status: { allowed } };
  }

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers,
    denied,
    asked,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function send(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
