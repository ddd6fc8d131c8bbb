import type { IncomingMessage, ServerResponse } from 'node:http';
import { ObjectError } from '../world/objects.ts';
import { readBody } from './body.ts';
import { coreVersions, groupList, groupNamed, resourceList } from './discovery.ts';
import type { JsonObject } from './json.ts';
import { choiceOf, listPage } from './list.ts';
import { openapiFor, openapiIndex } from './openapi.ts';
import { type Place, placeOf } from './path.ts';
import {
  alreadyExists,
  conflict,
  disrupts,
  invalid,
  methodNotAllowed,
  noSuchPath,
  notFound,
  Refusal,
} from './refusal.ts';
import { present, presentList, type Representation, representationFor } from './representation.ts';
import { scaleOf } from './scale.ts';
import type { ShownWorld } from './shown-world.ts';
import type { Watches } from './watches.ts';
import type { WriteRequest, Written } from './write-request.ts';
import { keyIn, type Writes } from './writes.ts';

export interface RouterOptions {
  readonly world: ShownWorld;
  readonly watches: Watches;
  readonly writes: Writes;
  /** Brings the world to the present, before anything is read or written. */
  readonly catchUp: () => void;
}

const logText = 'The lab models pods and runs nothing in them: there are no logs.\n';

/** The Kubernetes version whose behaviour is modelled, for `GET /version`. */
const version = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.0-spillway-lab',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: 'lab',
};

/** Answers one request; whatever is refused becomes a Status. Rejects only for defects. */
export async function route(
  request: IncomingMessage,
  response: ServerResponse,
  options: RouterOptions,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://lab');
  try {
    if (!answerPlain(url.pathname, request, response)) await answerObjects(url, request, response, options);
  } catch (error) {
    const refusal = error instanceof ObjectError ? refusalOf(error, url.pathname) : error;
    if (!(refusal instanceof Refusal)) throw error;
    send(response, refusal.code, refusal.status());
  }
}

/** Health, version, discovery and schemas; false: the path names a resource. */
function answerPlain(path: string, request: IncomingMessage, response: ServerResponse): boolean {
  const parts = path.split('/').filter((part) => part !== '');
  const [first = ''] = parts;
  const resourceAt = first === 'api' ? 2 : first === 'apis' ? 3 : Number.POSITIVE_INFINITY;
  if (parts.length > resourceAt) return false;
  const found = plainAnswer(parts, request.headers.host ?? '');
  if (found === undefined) throw noSuchPath();
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
  if (typeof found === 'string') response.writeHead(200, { 'content-type': 'text/plain' }).end(found);
  else send(response, 200, found);
  return true;
}

function plainAnswer(parts: readonly string[], address: string): JsonObject | string | undefined {
  const [first = '', second = '', third = '', fourth = '', fifth = ''] = parts;
  if (['healthz', 'livez', 'readyz'].includes(first)) return 'ok';
  const path = parts.join('/');
  if (path === 'version') return version;
  if (path === 'api') return coreVersions(address);
  if (path === 'apis') return groupList();
  if (path === 'openapi/v3') return openapiIndex();
  if (first === 'openapi' && third === 'api') return openapiFor('', fourth);
  if (first === 'openapi' && third === 'apis') return openapiFor(fourth, fifth);
  if (first === 'api' && parts.length === 2) return resourceList('', second);
  if (first === 'apis' && parts.length === 2) return groupNamed(second);
  if (first === 'apis' && parts.length === 3) return resourceList(second, third);
  return undefined;
}

async function answerObjects(
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
  { world, watches, writes, catchUp }: RouterOptions,
): Promise<void> {
  const place = placeOf(url.pathname);
  const query = url.searchParams;
  const form = representationFor(request.headers.accept, query.get('includeObject'));
  if (request.method === 'GET') {
    catchUp();
    if (isWatch(query)) watches.open({ place, query, form, response });
    else answerRead(place, query, form, response, world);
    return;
  }
  const body = await readBody(request);
  catchUp();
  const warnings: string[] = [];
  const userAgent = request.headers['user-agent'] ?? 'unknown';
  const write = { place, query, body, userAgent, warn: (text: string) => void warnings.push(text) };
  const { code, stored, answer = {} } = perform(request.method ?? '', write, writes, world, form);
  if (warnings.length > 0)
    response.setHeader(
      'warning',
      warnings.map((each) => `299 - ${JSON.stringify(each)}`),
    );
  const { served } = place;
  send(response, code, stored === undefined ? answer : present(served, stored, form, world.now()));
}

function isWatch(query: URLSearchParams): boolean {
  const asked = query.get('watch');
  return asked === 'true' || asked === '1';
}

function answerRead(
  place: Place,
  query: URLSearchParams,
  form: Representation,
  response: ServerResponse,
  world: ShownWorld,
): void {
  const { served, name, subresource } = place;
  if (name === undefined) {
    const { objects, metadata } = listPage(world.objects, place, query);
    send(response, 200, presentList(served, objects, metadata, form, world.now()));
    return;
  }
  const object = world.objects.get(served.plural, keyIn(place));
  if (object === undefined) throw notFound(served, name);
  if (subresource === 'log') response.writeHead(200, { 'content-type': 'text/plain' }).end(logText);
  else if (subresource === 'scale') send(response, 200, scaleOf(object));
  else if (subresource === 'eviction') throw methodNotAllowed();
  else send(response, 200, present(served, object, form, world.now()));
}

function perform(
  method: string,
  write: WriteRequest,
  writes: Writes,
  world: ShownWorld,
  form: Representation,
): Written {
  const { place, query } = write;
  const { served, name, subresource } = place;
  const whole = subresource === undefined;
  const changeable = whole || subresource === 'status' || subresource === 'scale';
  if (method === 'POST' && (name === undefined || subresource === 'eviction')) return writes.create(write);
  if (method === 'PUT' && name !== undefined && changeable) return writes.replace(write);
  if (method === 'PATCH' && name !== undefined && changeable) return writes.patch(write);
  if (method === 'DELETE' && name !== undefined && whole) return writes.remove(write);
  if (method === 'DELETE' && name === undefined) {
    const gone = writes.removeAll(write, world.objects.list(served.plural).filter(choiceOf(place, query)));
    const metadata = { resourceVersion: String(world.objects.version) };
    return { code: 200, answer: presentList(served, gone, metadata, form, world.now()) };
  }
  throw methodNotAllowed();
}

/** What the store refuses, in the words of the API: with group and details. */
function refusalOf({ reason, objectName, message }: ObjectError, path: string): Refusal {
  const { served } = placeOf(path);
  if (reason === 'TooManyRequests') return disrupts(message);
  if (reason === 'InternalError') return new Refusal(500, reason, message);
  if (reason === 'NotFound') return notFound(served, objectName);
  if (reason === 'AlreadyExists') return alreadyExists(served, objectName);
  const why = message.slice(message.indexOf(': ') + 2);
  if (reason === 'Conflict') return conflict(served, objectName, why);
  return invalid(served, objectName, [{ field: 'metadata', message: why }]);
}

/** Sends one JSON answer. */
export function send(response: ServerResponse, code: number, body: JsonObject): void {
  const text = JSON.stringify(body);
  response.writeHead(code, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-cache, private',
  });
  response.end(text);
}
