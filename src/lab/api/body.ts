import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { isObject, type JsonObject } from './json.ts';
import { objectInProtobuf, protobufType } from './protobuf-kinds.ts';
import { badRequest, Refusal, unsupportedMediaType } from './refusal.ts';

/** What an API server takes at most (apiserver, MaxRequestBodyBytes). */
const maxBytes = 3 * 1024 * 1024;

/** The body of a request and its type, without parameters; empty where there is none. Throws Refusal (413). */
export interface Body {
  readonly type: string;
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** Reads the whole body. Throws Refusal (413) where it is too long. */
export async function readBody(request: IncomingMessage): Promise<Body> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > maxBytes) {
      throw new Refusal(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${maxBytes}`, {});
    }
    pieces.push(piece);
  }
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  const whole = Buffer.concat(pieces);
  return { type: type.trim().toLowerCase(), text: whole.toString('utf8'), bytes: whole };
}

const objectTypes = ['application/json', 'application/yaml'];

/** The object in a body. Throws Refusal: 415 for a type that is not read, 400 for text that cannot be parsed. */
export function objectIn(body: Body): JsonObject {
  if (body.type === protobufType) return objectInProtobuf(body.bytes);
  if (body.type !== '' && !objectTypes.includes(body.type))
    throw unsupportedMediaType(body.type, objectTypes);
  const value = body.type === 'application/yaml' ? yamlIn(body.text) : jsonIn(body.text);
  if (!isObject(value)) throw badRequest('the body of the request is no object');
  return value;
}

/** The JSON of a body. Throws Refusal (400). */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw badRequest('the body of the request is not valid JSON');
  }
}

/** The YAML of a body, JSON included. Throws Refusal (400). */
export function yamlIn(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    throw badRequest('the body of the request is not valid YAML');
  }
}
