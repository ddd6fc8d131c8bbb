import { type Body, jsonIn, yamlIn } from './body.ts';
import { isObject, type JsonObject } from './json.ts';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { badRequest, unsupportedMediaType } from './refusal.ts';
import { strategicPatch } from './strategic-patch.ts';

const applyType = 'application/apply-patch+yaml';
const jsonPatchType = 'application/json-patch+json';
const mergeType = 'application/merge-patch+json';
const strategicType = 'application/strategic-merge-patch+json';

/** Whether a body is a configuration for server-side apply. */
export function isApply(body: Body): boolean {
  return body.type === applyType;
}

/** The configuration of a server-side apply. Throws Refusal (400). */
export function configurationIn(body: Body): JsonObject {
  const value = yamlIn(body.text);
  if (!isObject(value)) throw badRequest('the body of the request is no object');
  return value;
}

/**
 * An object after a JSON, merge or strategic merge patch. Strategic ones exist for built-in kinds only. Throws Refusal:
 * 415 for other types, 400 and 422 for patches that cannot be applied.
 */
export function patched(object: JsonObject, body: Body, builtIn: boolean): JsonObject {
  const after = applied(object, body, builtIn);
  if (!isObject(after)) throw badRequest('the patch leaves no object');
  return after;
}

function applied(object: JsonObject, body: Body, builtIn: boolean): unknown {
  if (body.type === jsonPatchType) return jsonPatch(object, jsonIn(body.text));
  if (body.type === mergeType) {
    const patch = jsonIn(body.text);
    if (!isObject(patch)) throw badRequest('a merge patch is an object');
    return mergePatch(object, patch);
  }
  if (body.type === strategicType && builtIn) return strategicPatch(object, jsonIn(body.text));
  throw unsupportedMediaType(body.type, [
    jsonPatchType,
    mergeType,
    ...(builtIn ? [strategicType] : []),
    applyType,
  ]);
}
