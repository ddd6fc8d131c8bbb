import { badRequest } from './refusal.ts';

export type LabelTest = (labels: Readonly<Record<string, unknown>>) => boolean;

/** `a=b`, `a==b`, `a!=b`, `a in (x, y)`, `a notin (x)`, `a`, `!a`: one requirement, by its parts. */
const requirement =
  /^(?:!\s*(?<absent>[\w./-]+)|(?<key>[\w./-]+)(?:\s*(?<operator>==?|!=)\s*(?<value>[\w.-]*)|\s+(?<set>in|notin)\s*\((?<values>[^)]*)\))?)$/;

/**
 * The test of a `labelSelector` query (kubernetes.io/docs/concepts/overview/working-with-objects/labels).
 * Throws Refusal (400) where it cannot be parsed.
 */
export function parseLabelSelector(text: string): LabelTest {
  const tests = split(text).map(parseRequirement);
  return (labels) => tests.every((test) => test(labels));
}

/** Commas separate requirements, but not inside of parentheses. */
function split(text: string): readonly string[] {
  return (text.match(/(?:[^,(]|\([^)]*\))+/g) ?? []).map((each) => each.trim()).filter((each) => each !== '');
}

function parseRequirement(text: string): LabelTest {
  const found = requirement.exec(text)?.groups;
  if (found === undefined) throw badRequest(`unable to parse requirement: ${text}`);
  const { absent, key = '', operator, value, set, values } = found;
  if (absent !== undefined) return (labels) => labels[absent] === undefined;
  if (operator === '!=') return (labels) => labels[key] !== value;
  if (operator !== undefined) return (labels) => labels[key] === value;
  if (set === undefined) return (labels) => labels[key] !== undefined;
  const listed = new Set<unknown>(values?.split(',').map((each) => each.trim()));
  return set === 'in'
    ? (labels) => labels[key] !== undefined && listed.has(labels[key])
    : (labels) => !listed.has(labels[key]);
}
