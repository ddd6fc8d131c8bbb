import type { core } from 'zod';
import { formatDuration } from './duration.ts';
import { nearest } from './nearest.ts';
import { isRecord, pathsOf, pathText, type Segments, valueAt } from './schema-tree.ts';

/** What is wrong with a policy, and where. */
export interface Problem {
  /** The place as the API server writes it: `spec.scaling.sources[0].drainWithin`. */
  readonly path: string;
  /** A sentence that says what to write instead. */
  readonly message: string;
  /** The place as steps, for finding it in a file. It may not exist there: a missing field has a place too. */
  readonly at: Segments;
}

/** A problem at a place. */
export function problem(at: Segments, message: string): Problem {
  return { path: pathText(at), message, at };
}

/** The problem that zod found, in our words. */
export function problemOf(issue: core.$ZodIssue, root: unknown): Problem {
  const at = issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)));
  return problem(at, sentenceOf(issue, valueAt(root, at), isDurationAt(at)));
}

function isDurationAt(at: Segments): boolean {
  return pathsOf('Duration').includes(pathText(at).replace(/\[\d+\]/g, '[]'));
}

function sentenceOf(issue: core.$ZodIssue, value: unknown, isDuration: boolean): string {
  if (issue.code === 'invalid_type' && isDuration && value !== undefined) return noDuration(value);
  if (issue.code === 'invalid_type') return wrongType(issue.expected, value);
  if (issue.code === 'invalid_value') return wrongChoice(issue.values.map(String), value);
  if (issue.code === 'too_small') {
    if (issue.origin === 'string') return 'must not be empty: write a value';
    if (issue.origin === 'array') return `must have at least ${issue.minimum} item: add one`;
    return `is ${shown(value)}: write at least ${issue.minimum}`;
  }
  if (issue.code === 'too_big') {
    if (issue.origin === 'string') return `is too long: write at most ${issue.maximum} characters`;
    if (issue.origin === 'array') return `has too many items: write at most ${issue.maximum}`;
    return `is ${shown(value)}: write at most ${issue.maximum}`;
  }
  return issue.message;
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a whole number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

function wrongType(expected: string, value: unknown): string {
  const kind = kinds[expected] ?? expected;
  if (value === undefined) return `Required value: write ${kind}`;
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return `is ${String(value)} and must be a text: write it in quotes, "${String(value)}"`;
  }
  return `is ${shown(value)} and must be ${kind}`;
}

/** A number without a unit is most likely meant as seconds. */
function noDuration(value: unknown): string {
  const isLength = typeof value === 'number' && Number.isFinite(value) && value >= 0;
  return isLength
    ? `is ${value} and must be a duration: write it with its unit, "${formatDuration(value)}"`
    : `is ${shown(value)} and must be a duration: write one such as 300ms, 10s, 5m or 1h30m`;
}

function wrongChoice(options: readonly string[], value: unknown): string {
  const list = options.join(', ');
  if (value === undefined) return `Required value: write one of ${list}`;
  const meant = typeof value === 'string' ? nearest(value, options) : undefined;
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return `Unsupported value ${shown(value)}: supported values are ${list}${hint}`;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isRecord(value)) return 'an object';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
