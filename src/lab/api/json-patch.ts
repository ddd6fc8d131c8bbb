import { isDeepStrictEqual } from 'node:util';
import { isObject } from './json.ts';
import { badRequest, Refusal } from './refusal.ts';

interface Operation {
  readonly op: string;
  readonly path: readonly string[];
  readonly from: readonly string[];
  readonly value: unknown;
}

/**
 * JSON patch, RFC 6902. Throws Refusal: 400 where the patch itself is wrong, 422 where it does not fit the object (a
 * test that fails, a place that is not there), as a real API server does.
 */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch is a list of operations');
  return patch.map(parse).reduce(perform, target);
}

function parse(given: unknown): Operation {
  if (!isObject(given) || typeof given['op'] !== 'string') throw badRequest('an operation names its op');
  const { op, path, from = '', value } = given;
  if (typeof path !== 'string' || typeof from !== 'string') throw badRequest('an operation names its path');
  return { op, path: pointer(path), from: pointer(from), value };
}

function pointer(text: string): readonly string[] {
  if (text === '') return [];
  if (!text.startsWith('/')) throw badRequest(`"${text}" is no JSON pointer`);
  return text
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function perform(document: unknown, { op, path, from, value }: Operation): unknown {
  switch (op) {
    case 'add':
      return put(document, path, value, 'add');
    case 'replace':
      return put(document, path, value, 'replace');
    case 'remove':
      return put(document, path, undefined, 'remove');
    case 'copy':
      return put(document, path, look(document, from), 'add');
    case 'move':
      return put(put(document, from, undefined, 'remove'), path, look(document, from), 'add');
    case 'test':
      if (!isDeepStrictEqual(look(document, path), value)) throw unfit('a test of the patch failed');
      return document;
    default:
      throw badRequest(`"${op}" is no operation of a JSON patch`);
  }
}

function look(document: unknown, path: readonly string[]): unknown {
  let found = document;
  for (const step of path) {
    if (Array.isArray(found) && place(step, found.length - 1) !== undefined) found = found[Number(step)];
    else if (isObject(found) && Object.hasOwn(found, step)) found = found[step];
    else throw unfit(`there is nothing at /${path.join('/')}`);
  }
  return found;
}

function put(
  document: unknown,
  [step, ...rest]: readonly string[],
  value: unknown,
  how: 'add' | 'replace' | 'remove',
): unknown {
  if (step === undefined) return value;
  if (Array.isArray(document)) return putIntoList(document, step, rest, value, how);
  if (!isObject(document)) throw unfit(`there is no field ${step} to ${how}`);
  const there = Object.hasOwn(document, step);
  if (!there && (rest.length > 0 || how !== 'add')) throw unfit(`there is no field ${step} to ${how}`);
  if (rest.length === 0 && how === 'remove') {
    return Object.fromEntries(Object.entries(document).filter(([name]) => name !== step));
  }
  return { ...document, [step]: put(document[step], rest, value, how) };
}

function putIntoList(
  list: readonly unknown[],
  step: string,
  rest: readonly string[],
  value: unknown,
  how: 'add' | 'replace' | 'remove',
): unknown {
  const adding = rest.length === 0 && how === 'add';
  const index = step === '-' && adding ? list.length : place(step, adding ? list.length : list.length - 1);
  if (index === undefined) throw unfit(`there is no item ${step} to ${how}`);
  if (adding) return list.toSpliced(index, 0, value);
  if (rest.length === 0 && how === 'remove') return list.toSpliced(index, 1);
  return list.with(index, put(list[index], rest, value, how));
}

function place(step: string, last: number): number | undefined {
  if (!/^(0|[1-9]\d*)$/.test(step)) return undefined;
  return Number(step) <= last ? Number(step) : undefined;
}

function unfit(why: string): Refusal {
  return new Refusal(
    422,
    'Invalid',
    `the server rejected our request due to an error in our request: ${why}`,
    {},
  );
}
